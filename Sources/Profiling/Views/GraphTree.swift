extension ViewTree {
  /// Operations above their operands, from those that no other reads.
  ///
  /// A graph becomes a tree by showing each operation where it is met first.
  static func graph(_ table: OperationTable) -> ViewTree {
    var tree = ViewTree(rootName: table.profile.name)
    for program in table.profile.programs.indices { tree.addGraph(table, program) }
    return tree
  }

  private mutating func addGraph(_ table: OperationTable, _ program: Int) {
    let operations = table.profile.programs[program].operations
    var isRead = [Bool](repeating: false, count: operations.count)
    for operation in operations { for input in operation.inputs { isRead[input.operation] = true } }
    var isKnown = [Bool](repeating: false, count: operations.count)
    let roots = operations.indices.filter { !isRead[$0] }.sorted { operations[$0].name < operations[$1].name }
    for root in roots {
      isKnown[root] = true
      // Operations on the way down: the node, the operation, the operand to look at next.
      var path = [(node: addGraphNode(table, program, root, to: 0), operation: root, next: 0)]
      while let top = path.last {
        let inputs = operations[top.operation].inputs
        guard top.next < inputs.count else {
          path.removeLast()
          continue
        }
        path[path.count - 1].next += 1
        let operand = inputs[top.next].operation
        if isKnown[operand] { continue }
        isKnown[operand] = true
        path.append((addGraphNode(table, program, operand, to: top.node), operand, 0))
      }
    }
  }

  private mutating func addGraphNode(_ table: OperationTable, _ program: Int, _ index: Int, to parent: Int) -> Int {
    let entry = table.starts[program] + index
    return add(ViewNode(name: table.record(entry).name, entries: [entry]), to: parent)
  }
}
