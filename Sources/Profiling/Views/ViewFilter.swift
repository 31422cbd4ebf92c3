/// Decides which nodes of a view are shown.
struct ViewFilter {
  let kind: ViewKind
  let options: ProfileOptions
  private let start, trim, show, hide: NameFilter

  init(_ kind: ViewKind, _ options: ProfileOptions) throws(ProfileError) {
    (self.kind, self.options) = (kind, options)
    start = try NameFilter(options.startNames, option: "start_name_regexes")
    trim = try NameFilter(options.trimNames, option: "trim_name_regexes")
    show = try NameFilter(options.showNames, option: "show_name_regexes")
    hide = try NameFilter(options.hideNames, option: "hide_name_regexes")
  }

  /// Reduces an accounted tree to what is shown.
  func apply(to tree: inout ViewTree) {
    kind == .op ? applyToList(&tree) : applyToTree(&tree)
  }

  private func applyToTree(_ tree: inout ViewTree) {
    if !start.takesEverything { tree.nodes[0].children = starts(of: tree) }
    // Depths, and what is below a name at which to stop, are known from above; what is shown, from below.
    var order: [(node: Int, depth: Int)] = []
    var pending = [(node: 0, depth: 1)]
    while let (node, depth) = pending.popLast() {
      order.append((node, depth))
      if depth > options.maximumDepth || trim.matches(tree.nodes[node].name) { tree.nodes[node].children = [] }
      for child in tree.nodes[node].children.reversed() { pending.append((child, depth + 1)) }
    }
    var depths = [Int](repeating: 0, count: tree.nodes.count)
    var shown = [Bool](repeating: false, count: tree.nodes.count)
    for (node, depth) in order {
      depths[node] = depth
      shown[node] = node == 0 || (depth <= options.maximumDepth && isShown(tree.nodes[node]))
    }
    for (node, _) in order.reversed() {
      var children: [Int] = []
      for child in tree.nodes[node].children {
        if shown[child] { children.append(child) } else { children.append(contentsOf: tree.nodes[child].children) }
      }
      tree.nodes[node].children = children
      guard shown[node] else { continue }
      if options.accountsDisplayedOnly { tree.addUp(node) }
      tree.nodes[node].children = sorted(children, of: tree, depths)
    }
  }

  private func applyToList(_ tree: inout ViewTree) {
    let depths = [Int](repeating: 1, count: tree.nodes.count)
    for child in tree.nodes[0].children { tree.nodes[child].total = tree.nodes[child].own }
    var list = sorted(tree.nodes[0].children, of: tree, depths)[...]
    tree.nodes[0].children = Array(list)
    tree.accumulate()
    if !start.takesEverything { list = list.drop { !start.matches(tree.nodes[$0].name) } }
    if let end = list.firstIndex(where: { trim.matches(tree.nodes[$0].name) }) { list = list[..<end] }
    tree.nodes[0].children = list.prefix(options.maximumDepth).filter { isShown(tree.nodes[$0]) }
    guard options.accountsDisplayedOnly else { return }
    tree.accumulate()
  }

  /// The first nodes on each way down whose names match.
  private func starts(of tree: ViewTree) -> [Int] {
    var result: [Int] = []
    var pending = Array(tree.nodes[0].children.reversed())
    while let node = pending.popLast() {
      if start.matches(tree.nodes[node].name) {
        result.append(node)
      } else {
        pending.append(contentsOf: tree.nodes[node].children.reversed())
      }
    }
    return result
  }

  private func isShown(_ node: ViewNode) -> Bool {
    // In a list a total includes the rows behind, so there everything means the row's own.
    let total = kind == .op ? node.own : node.total
    let counted = kind == .code ? node.total : node.own
    let occurrence = kind.groupsOperations ? counted[.definitions] : counted[.runs]
    let reachesMinima =
      total[.requestedBytes] >= Double(options.minimumBytes)
      && total[.peakBytes] >= Double(options.minimumPeakBytes)
      && total[.residualBytes] >= Double(options.minimumResidualBytes)
      && total[.outputBytes] >= Double(options.minimumOutputBytes)
      && total.nanoseconds >= Double(options.minimumMicroseconds) * 1000
      && total[.acceleratorNanoseconds] >= Double(options.minimumAcceleratorMicroseconds) * 1000
      && total[.cpuNanoseconds] >= Double(options.minimumCPUMicroseconds) * 1000
      && counted[.parameters] >= Double(options.minimumParameters)
      && counted[.floatOperations] >= Double(options.minimumFloatOperations)
      && occurrence >= Double(options.minimumOccurrence)
    return reachesMinima && show.matches(node.name) && !hide.matches(node.name)
  }

  private func sorted(_ nodes: [Int], of tree: ViewTree, _ depths: [Int]) -> [Int] {
    nodes.sorted { a, b in
      switch options.order {
      case .name: break
      case .depth: if depths[a] != depths[b] { return depths[a] < depths[b] }
      case .column(let column):
        let (x, y) = (column.value(tree.nodes[a].total), column.value(tree.nodes[b].total))
        if x != y { return x > y }
      }
      return tree.nodes[a].name != tree.nodes[b].name ? tree.nodes[a].name < tree.nodes[b].name : a < b
    }
  }
}
