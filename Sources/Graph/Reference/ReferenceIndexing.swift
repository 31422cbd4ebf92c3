// Positions in row-major tensors, for the interpretations of operations that move elements.

extension ReferenceTensor {
  /// A scalar.
  public init(_ literal: Literal) {
    let isFloating = literal.dtype.isFloatingPoint
    self.init(
      type: TensorType(literal.dtype, Shape()),
      elements: isFloating ? .floating([literal.doubleValue]) : .integer([literal.integerValue]))
  }

  /// A tensor of zeros (`false` for bool).
  package init(zeros type: TensorType) {
    let count = type.elementCount
    let isFloating = type.dtype.isFloatingPoint
    self.init(
      type: type,
      elements: isFloating
        ? .floating(Array(repeating: 0, count: count)) : .integer(Array(repeating: 0, count: count)))
  }

  /// The tensor whose elements are those of this one at `positions` (flat), in order.
  package func picking(_ positions: [Int], as type: TensorType) -> ReferenceTensor {
    switch elements {
    case .floating(let values): ReferenceTensor(type: type, elements: .floating(positions.map { values[$0] }))
    case .integer(let values): ReferenceTensor(type: type, elements: .integer(positions.map { values[$0] }))
    }
  }

  /// Overwrites elements by elements of `other`, which has the same element type; positions are flat.
  package mutating func copyElements(of other: ReferenceTensor, _ moves: [(from: Int, to: Int)]) {
    switch (elements, other.elements) {
    case (.floating(var values), .floating(let others)):
      for move in moves { values[move.to] = others[move.from] }
      elements = .floating(values)
    case (.integer(var values), .integer(let others)):
      for move in moves { values[move.to] = others[move.from] }
      elements = .integer(values)
    default: preconditionFailure("element types differ")
    }
  }
}

extension Shape {
  /// The index of each element, in row-major order.
  package var elementIndices: [[Int]] {
    (0..<elementCount).map { index(ofElement: $0) }
  }

  /// The index of the element at `position` of a row-major layout.
  package func index(ofElement position: Int) -> [Int] {
    var rest = position
    var index = Array(repeating: 0, count: rank)
    for axis in stride(from: rank - 1, through: 0, by: -1) {
      index[axis] = rest % self[axis]
      rest /= self[axis]
    }
    return index
  }

  /// The position of the element at `index` in a row-major layout.
  package func position(of index: some Sequence<Int>) -> Int {
    var position = 0
    for (axis, i) in index.enumerated() { position = position * self[axis] + i }
    return position
  }
}
