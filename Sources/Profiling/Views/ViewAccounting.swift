extension ViewTree {
  /// Picks the operations that count by their types and adds them up.
  ///
  /// - Parameter splicesOut: Whether children of a node that does not count go to its parent, as in the graph view;
  ///   otherwise it stays as long as something below counts.
  mutating func account(_ table: OperationTable, _ types: NameFilter, splicesOut: Bool) {
    let order = preorder()
    for index in order {
      var own = Measures()
      var isAccounted = false
      for entry in nodes[index].entries
      where types.takesEverything || table.types(of: entry).contains(where: types.matches) {
        own += table.entries[entry].measures
        isAccounted = true
      }
      (nodes[index].own, nodes[index].isAccounted) = (own, isAccounted)
    }
    for index in order.reversed() {
      var kept: [Int] = []
      for child in nodes[index].children {
        if nodes[child].isAccounted || (!splicesOut && !nodes[child].children.isEmpty) {
          kept.append(child)
        } else {
          kept.append(contentsOf: nodes[child].children)
        }
      }
      nodes[index].children = kept
      addUp(index)
    }
  }

  /// Sorts the children of the root and lets each total be the node's own and those behind it, as the op view has it.
  mutating func accumulate() {
    var behind: Int?
    for index in nodes[0].children.reversed() {
      nodes[index].total = nodes[index].own
      if let behind { nodes[index].total += nodes[behind].total }
      behind = index
    }
    nodes[0].total = behind.map { nodes[$0].total } ?? Measures()
  }
}

extension ViewTree {
  /// The node's total anew from its own and its children's.
  mutating func addUp(_ index: Int) {
    var total = nodes[index].own
    for child in nodes[index].children { total += nodes[child].total }
    nodes[index].total = total
  }
}
