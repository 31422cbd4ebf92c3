import MartletGraph

extension LoweredProgram {
  /// Moves arithmetic on a few numbers that depends on inputs only to the beginning.
  ///
  /// A group takes in only what is there before its step. Bias corrections and rates are recorded where an optimizer
  /// begins; computed at once, they let the update of a weight run on the tiles of the product that is its gradient. The
  /// scale and shift of a normalization by known statistics, recorded after the convolution, let it run on its tiles.
  ///
  /// Where an operation can fail, only single numbers move: a vector that is computed early may take the place of a
  /// variable that must stay as it is when the run fails.
  mutating func moveSmallForward() {
    let most = nodes.contains { $0.canFail } ? 1 : LoweredProgram.earlyElements
    var isEarly = [Bool](repeating: false, count: nodes.count)
    for position in nodes.indices { isEarly[position] = mayBeEarly(nodes[position], isEarly, most) }
    let order = nodes.indices.filter { isEarly[$0] } + nodes.indices.filter { !isEarly[$0] }
    if order.elementsEqual(nodes.indices) { return }
    var moved = [Int32](repeating: 0, count: nodes.count)
    for (position, source) in order.enumerated() { moved[source] = Int32(position) }
    nodes = order.map { source in
      var node = nodes[source]
      node.operands = node.operands.renumbered { moved[$0.position] }
      return node
    }
    origin = order.map { origin[$0] }
    scalarIndex = order.map { scalarIndex[$0] }
    inputs = inputs.map { moved[Int($0)] }
    outputs = outputs.map { moved[Int($0)] }
  }

  /// Of a value that may wait for its use from the beginning on: a vector of channels, not an image.
  private static var earlyElements: Int { 4096 }

  private func mayBeEarly(_ node: Node, _ isEarly: [Bool], _ most: Int) -> Bool {
    switch node.primitive {
    case .input, .scalar, .iota: true
    case .unary, .binary, .compare, .select, .cast, .reshape, .broadcast:
      node.type.elementCount <= most && node.operands.allSatisfy { isEarly[$0.position] }
    default: false
    }
  }
}

extension Node {
  /// Whether the operation looks at values that can make it fail, or has a body that may.
  fileprivate var canFail: Bool {
    switch primitive {
    case .gather, .scatter, .dynamicSlice, .dynamicUpdate, .custom, .call, .scan, .whileLoop, .conditional: true
    case .binary: !type.dtype.isFloatingPoint
    default: false
    }
  }
}
