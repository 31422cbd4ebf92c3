import MartletFormats

extension Profile {
  /// The whole profile as one page for a browser: flame graph, timeline, memory, roofline, tables and advice.
  ///
  /// The page needs no network and no other file. Of many steps it shows the timelines of a few: the first, the one in
  /// the middle, the slowest and the last.
  public func page() -> String {
    // The data must not end the element that they stand in.
    let data = PageData(self).json.serialized().split(separator: "</", omittingEmptySubsequences: false)
      .joined(separator: "<\\/")
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(Profile.escaped(name)) · Martlet profile</title>
      <style>
      \(PageStyle.text)
      </style>
      </head>
      <body>
      \(PageBody.text)
      <script type="application/json" id="data">\(data)</script>
      <script>
      \(PageScript.all)
      </script>
      </body>
      </html>

      """
  }

  private static func escaped(_ text: String) -> String {
    text.map { ["&": "&amp;", "<": "&lt;", ">": "&gt;"][$0] ?? String($0) }.joined()
  }
}
