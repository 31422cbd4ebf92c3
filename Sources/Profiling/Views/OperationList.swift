extension ViewTree {
  /// A node for each kind of operation.
  static func operations(_ table: OperationTable) -> ViewTree {
    var tree = ViewTree(rootName: table.profile.name)
    var places: [String: Int] = [:]
    for entry in table.entries.indices {
      let type = table.record(entry).type
      let node: Int
      if let known = places[type] {
        node = known
      } else {
        node = tree.add(ViewNode(name: type), to: 0)
        places[type] = node
      }
      tree.nodes[node].entries.append(entry)
    }
    return tree
  }
}
