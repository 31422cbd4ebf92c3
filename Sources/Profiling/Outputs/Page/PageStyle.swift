/// How the page looks: light and dark by the reader's system, or by the button.
enum PageStyle {
  static let text = #"""
    :root {
      color-scheme: light;
      --page: #f6f7f9; --card: #ffffff; --ink: #1b2330; --soft: #5c6675; --line: #dde1e7; --faint: #eef0f4;
      --accent: #2f5fd0; --forward: #3568c9; --backward: #b75d15; --update: #24794d; --wait: #6a7381;
      --program: #7462c4; --onfill: #ffffff; --warn: #c23b3b; --mark: #ffe08a; --shade: 0 1px 2px rgba(20,30,50,.06);
    }
    :root[data-theme="dark"] {
      color-scheme: dark;
      --page: #12161d; --card: #1a202a; --ink: #e7ebf2; --soft: #98a3b3; --line: #2c3542; --faint: #222a36;
      --accent: #7aa2ff; --forward: #5a8ff0; --backward: #e08d4a; --update: #4cb884; --wait: #8590a0;
      --program: #9a8be6; --onfill: #0d1219; --warn: #ff7b7b; --mark: #6b5713; --shade: none;
    }
    * { box-sizing: border-box }
    body { margin: 0; background: var(--page); color: var(--ink);
      font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif }
    header { position: sticky; top: 0; z-index: 5; background: var(--card); border-bottom: 1px solid var(--line);
      padding: 10px 20px 0 }
    .bar { display: flex; gap: 14px; align-items: center; flex-wrap: wrap }
    h1 { font-size: 17px; margin: 0; font-weight: 650 }
    h1 small { font-weight: 400; color: var(--soft); font-size: 13px; margin-left: 8px }
    h2 { font-size: 14px; margin: 0 0 10px; font-weight: 650 }
    .bar .space { flex: 1 }
    input[type=search] { width: 230px; padding: 6px 10px; border-radius: 8px; border: 1px solid var(--line);
      background: var(--page); color: inherit; font: inherit }
    button, select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line);
      border-radius: 8px; padding: 5px 10px; cursor: pointer }
    button:hover { border-color: var(--accent) }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px }
    nav { display: flex; gap: 2px; margin-top: 8px; overflow-x: auto }
    nav button { border: 0; border-radius: 0; background: none; padding: 8px 12px; color: var(--soft);
      border-bottom: 2px solid transparent; white-space: nowrap }
    nav button[aria-selected=true] { color: var(--ink); border-bottom-color: var(--accent); font-weight: 600 }
    nav button .count { font-size: 11px; background: var(--faint); border-radius: 9px; padding: 1px 6px;
      margin-left: 5px }
    main { padding: 18px 20px 60px; max-width: 1500px; margin: 0 auto }
    section[hidden] { display: none }
    .card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 16px;
      box-shadow: var(--shade); margin-bottom: 16px; min-width: 0 }
    .grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(340px, 1fr)); gap: 16px }
    .grid .card { margin: 0 }
    .grid + .grid, .grid + .card { margin-top: 16px }
    .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px;
      margin-bottom: 16px }
    .figure { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 12px 14px;
      box-shadow: var(--shade) }
    .figure b { display: block; font-size: 16px; white-space: nowrap; font-weight: 650;
      font-variant-numeric: tabular-nums; line-height: 1.3 }
    .figure span { color: var(--soft); font-size: 12px }
    .tools { display: flex; gap: 8px; flex-wrap: wrap; align-items: center; margin-bottom: 12px }
    .tools label { color: var(--soft) } .tools .space { flex: 1 }
    .legend { display: flex; gap: 14px; flex-wrap: wrap; color: var(--soft); font-size: 12.5px; align-items: center }
    .legend i { width: 10px; height: 10px; border-radius: 3px; display: inline-block; margin-right: 5px }
    .split { display: flex; height: 30px; border-radius: 8px; overflow: hidden; background: var(--faint); gap: 2px }
    .split div { min-width: 2px; color: var(--onfill); font-size: 12px; line-height: 30px; text-indent: 8px;
      white-space: nowrap;
      overflow: hidden }
    table { border-collapse: collapse; width: 100%; font-size: 13px }
    .scroll { overflow: auto; max-height: 66vh; border: 1px solid var(--line); border-radius: 10px }
    th { position: sticky; top: 0; background: var(--faint); text-align: left; font-weight: 600; padding: 0;
      z-index: 1 }
    th button { border: 0; background: none; width: 100%; text-align: inherit; padding: 7px 10px; border-radius: 0;
      font-weight: 600; white-space: nowrap }
    th.n button, td.n { text-align: right }
    td { padding: 5px 10px; border-top: 1px solid var(--line); vertical-align: top; white-space: nowrap }
    td.w { white-space: normal; overflow-wrap: anywhere; min-width: 180px }
    td.n { font-variant-numeric: tabular-nums; white-space: nowrap }
    tr:hover td { background: var(--faint) }
    td .meter { display: inline-block; width: 56px; height: 7px; background: var(--faint); border-radius: 4px;
      margin-right: 8px; overflow: hidden; vertical-align: 1px }
    td .meter i { display: block; height: 100%; background: var(--accent) }
    td.w .dot { float: left; margin-top: 6px }
    td .value { display: inline-block; min-width: 72px }
    .dot { display: inline-block; width: 8px; height: 8px; border-radius: 50%; margin-right: 7px }
    .flame { position: relative; overflow: auto; max-height: 70vh }
    .flame button { position: absolute; height: 21px; border: 0; border-radius: 3px; padding: 0 5px; font-size: 12px;
      line-height: 21px; text-align: left; white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
      color: var(--onfill);
      min-width: 2px }
    .flame button.thin { padding: 0 }
    .flame button.faded { opacity: .3 } .flame button.above { opacity: .62 }
    .flame button:hover { filter: brightness(1.12) }
    canvas { display: block; width: 100%; border-radius: 8px; touch-action: none }
    svg { display: block; width: 100%; height: auto; overflow: visible } svg text { fill: var(--soft);
      font-size: 11.5px }
    #tip { position: fixed; z-index: 20; pointer-events: none; background: var(--card); color: var(--ink);
      border: 1px solid var(--line); border-radius: 10px; padding: 9px 12px; max-width: 460px; font-size: 12.5px;
      box-shadow: 0 6px 24px rgba(0,0,0,.22); overflow-wrap: anywhere }
    #tip b { display: block; margin-bottom: 3px } #tip[hidden] { display: none }
    #tip dl { display: grid; grid-template-columns: auto auto; gap: 0 14px; margin: 0 } #tip dt { color: var(--soft) }
    #tip dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums }
    .advice { border-left: 3px solid var(--accent) } .advice h2 { font-size: 15px; margin-bottom: 4px }
    .advice .by { color: var(--soft); font-size: 12px } .advice ul { margin: 8px 0; padding-left: 18px;
      color: var(--soft) }
    .advice ul.places { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 12px;
      white-space: pre-wrap }
    .advice .try { background: var(--faint); border-radius: 8px; padding: 8px 12px; margin-top: 10px }
    .advice dl { display: flex; flex-wrap: wrap; gap: 6px 22px; margin: 10px 0 } .advice dt { color: var(
      --soft); font-size: 12px }
    .advice dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums }
    pre { white-space: pre-wrap; margin: 0; color: var(--soft); font-size: 12.5px; font-family: inherit }
    .none { color: var(--soft); padding: 20px 0; text-align: center }
    .warn { color: var(--warn); font-weight: 600 }
    kbd { border: 1px solid var(--line); border-radius: 5px; padding: 0 5px; font: 11px ui-monospace, monospace;
      color: var(--soft) }
    .hint { color: var(--soft); font-size: 12px; margin-top: 8px }
    @media (max-width: 700px) { main { padding: 12px } .grid { grid-template-columns: 1fr } input[type=search] {
      width: 100% } }
    @media print { header { position: static } section[hidden] { display: block } }
    """#
}
