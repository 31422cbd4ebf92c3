/// A node of a view before anything is filtered.
struct ViewNode: Sendable {
  var name: String
  /// Entries of the operation table that belong to this node itself.
  var entries: [Int] = []
  var children: [Int] = []
  /// Its frame, in the code view.
  var frame: Int?

  /// Whether some operation of the node is counted.
  var isAccounted = false
  /// What its counted operations took.
  var own = Measures()
  /// The same, and all below.
  var total = Measures()
}

/// The nodes of a view; node 0 is the root.
struct ViewTree: Sendable {
  var nodes: [ViewNode]

  init(rootName: String) { nodes = [ViewNode(name: rootName)] }

  /// Adds a node.
  mutating func add(_ node: ViewNode, to parent: Int) -> Int {
    nodes.append(node)
    nodes[parent].children.append(nodes.count - 1)
    return nodes.count - 1
  }

  /// All nodes that can be reached from the root, parents before children.
  func preorder() -> [Int] {
    var order: [Int] = []
    var pending = [0]
    while let node = pending.popLast() {
      order.append(node)
      pending.append(contentsOf: nodes[node].children.reversed())
    }
    return order
  }
}
