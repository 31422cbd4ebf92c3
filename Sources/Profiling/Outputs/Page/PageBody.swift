/// The elements of the page before its script fills them.
enum PageBody {
  static let text = #"""
    <header>
      <div class="bar">
        <h1><span id="title"></span><small id="subtitle"></small></h1>
        <span class="space"></span>
        <input type="search" id="search" placeholder="Search   /" aria-label="Search names, layers and lines">
        <button id="theme" aria-label="Switch between light and dark">Dark</button>
      </div>
      <nav role="tablist" id="tabs" aria-label="Views"></nav>
    </header>
    <main id="main"></main>
    <div id="tip" role="tooltip" hidden></div>
    """#
}
