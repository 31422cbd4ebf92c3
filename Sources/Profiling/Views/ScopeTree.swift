extension ViewTree {
  /// The tree of names: each slash begins a level.
  ///
  /// Operations of the same name in several programs share a node.
  static func scope(_ table: OperationTable) -> ViewTree {
    var tree = ViewTree(rootName: table.profile.name)
    var places: [Substring: Int] = [:]
    for entry in table.entries.indices {
      let name = table.record(entry).name
      var node = 0
      var end = name.startIndex
      while end < name.endIndex {
        let next = name[end...].dropFirst().firstIndex(of: "/") ?? name.endIndex
        let prefix = name[..<next]
        if let known = places[prefix] {
          node = known
        } else {
          node = tree.add(ViewNode(name: String(prefix)), to: node)
          places[prefix] = node
        }
        end = next
      }
      tree.nodes[node].entries.append(entry)
    }
    return tree
  }
}
