extension Shape {
  /// For each element of `result`, in row-major order, the position of the element of this shape that broadcasting
  /// puts there.
  ///
  /// - Precondition: This shape broadcasts to `result`.
  func broadcastPositions(to result: Shape) -> [Int] {
    let strides = rowMajorStrides
    let offset = result.rank - rank
    var steps = [Int](repeating: 0, count: result.rank)
    for i in 0..<rank where self[i] != 1 { steps[offset + i] = strides[i] }
    return result.positions(steps: steps)
  }

  /// The sum of index times step over all dimensions, for every index of this shape in row-major order.
  func positions(steps: [Int]) -> [Int] {
    var positions: [Int] = []
    positions.reserveCapacity(elementCount)
    var index = [Int](repeating: 0, count: rank)
    for _ in 0..<elementCount {
      positions.append(zip(index, steps).reduce(0) { $0 + $1.0 * $1.1 })
      var axis = rank - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < self[axis] { break }
        index[axis] = 0
        axis -= 1
      }
    }
    return positions
  }
}

extension IndexStructure {
  /// The structure of an element-wise operation: every dimension of the result is free; a repeated dimension of an
  /// operand has no index.
  init(broadcasting operands: OperandTypes, to result: Shape) {
    let structure = operands.map { operand in
      let offset = result.rank - operand.rank
      return (0..<operand.rank).map { i in operand.shape[i] == result[offset + i] ? offset + i : nil }
    }
    self.init(operands: structure, result: Array(0..<result.rank))
  }
}
