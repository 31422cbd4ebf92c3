import MartletGraph

/// The coordinates of a grid, one tensor an axis, each of the grid's whole shape.
///
/// - Parameters:
///   - axes: Vectors of coordinates.
///   - isMatrixOrder: Whether the first axis counts rows, as in a matrix; else the first two change places, as in a
///     picture.
/// - Returns: `[3]` and `[4]` give two tensors `[3, 4]`, or `[4, 3]` in the order of pictures.
public func meshgrid(
  _ axes: [Tensor], isMatrixOrder: Bool = true, fileID: StaticString = #fileID, line: UInt = #line
) -> [Tensor] {
  compose("meshgrid", results: axes.count, fileID, line) { c in
    if let bad = axes.first(where: { $0.rank != 1 }) { throw mistake("axes are vectors, not \(bad.shape)") }
    let swaps = !isMatrixOrder && axes.count >= 2
    var sizes = axes.map { $0.shape[0] }
    if swaps { sizes.swapAt(0, 1) }
    let shape = try checkedShape(sizes)
    return try axes.enumerated().map { index, axis in
      let place = swaps && index < 2 ? 1 - index : index
      var own = Array(repeating: 1, count: axes.count)
      own[place] = axis.shape[0]
      return try c.broadcast(c.reshape(axis, own), shape)
    }
  }
}

/// Every combination of an element of each vector, the last changing fastest: `[combinations, vectors]`.
public func cartesianProduct(
  _ vectors: [Tensor], fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("cartesianProduct", fileID, line) { c in
    if vectors.isEmpty { throw mistake("there are no vectors") }
    if let bad = vectors.first(where: { $0.rank != 1 }) { throw mistake("needs vectors, got \(bad.shape)") }
    let shape = try checkedShape(vectors.map { $0.shape[0] })
    let columns = try vectors.enumerated().map { index, vector in
      var own = Array(repeating: 1, count: vectors.count)
      own[index] = vector.shape[0]
      return try c.reshape(c.broadcast(c.reshape(vector, own), shape), [shape.elementCount, 1])
    }
    return try c.concatenate(columns, axis: 1)
  }
}

extension Tensor {
  /// Matrices one below and beside the other along the diagonal, zeros elsewhere.
  ///
  /// - Precondition: At least one matrix; all of the same element type.
  public init(blockDiagonal blocks: [Tensor], fileID: StaticString = #fileID, line: UInt = #line) {
    self = compose("blockDiagonal", fileID, line) { c in
      guard let first = blocks.first else { throw mistake("there are no blocks") }
      if let bad = blocks.first(where: { $0.rank != 2 }) { throw mistake("blocks are matrices, not \(bad.shape)") }
      let width = blocks.reduce(0) { $0 + $1.shape[1] }
      var left = 0
      let rows = try blocks.map { block in
        defer { left += block.shape[1] }
        let pad = Pad(low: [0, left], high: [0, width - left - block.shape[1]])
        return try c(pad, block, c.scalar(0, first.dtype))
      }
      return try c.concatenate(rows, axis: 0)
    }
  }

  /// The powers of a vector's elements as columns, from 0 to `count` - 1: Vandermonde's matrix.
  ///
  /// - Parameter isDecreasing: Whether the highest power comes first.
  /// - Returns: `[n]` gives `[n, count]`, square by default.
  public func vandermonde(
    count: Int? = nil, isDecreasing: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("vandermonde", fileID, line) { c in
      if rank != 1 { throw mistake("needs a vector, got \(shape)") }
      let count = count ?? shape[0]
      _ = try checkedSizes([count])
      if count == 0 { return try c.full(0, TensorType(dtype, [shape[0], 0])) }
      let column = try c.expand(self, [1])
      var powers = [try c.full(1, column.type)]
      for _ in 1..<Swift.max(count, 1) { powers.append(try c.binary(.multiply, powers[powers.count - 1], column)) }
      return try c.concatenate(isDecreasing ? powers.reversed() : powers, axis: 1)
    }
  }
}

// MARK: - Joining and parting

extension Tensor {
  /// Tensors stacked as rows: vectors become rows first, everything else is joined along axis 0.
  public init(stackingVertically parts: [Tensor], fileID: StaticString = #fileID, line: UInt = #line) {
    self = compose("stackingVertically", fileID, line) { c in
      try c.joined(parts, axis: 0) { x in x.rank < 2 ? try c.reshape(x, [1, x.elementCount]) : x }
    }
  }

  /// Tensors side by side: vectors are joined end to end, everything else along axis 1.
  public init(stackingHorizontally parts: [Tensor], fileID: StaticString = #fileID, line: UInt = #line) {
    self = compose("stackingHorizontally", fileID, line) { c in
      let isFlat = parts.allSatisfy { $0.rank < 2 }
      return try c.joined(parts, axis: isFlat ? 0 : 1) { x in x.rank == 0 ? try c.reshape(x, [1]) : x }
    }
  }

  /// Tensors one behind the other: vectors and matrices get a third axis first, along which all are joined.
  public init(stackingInDepth parts: [Tensor], fileID: StaticString = #fileID, line: UInt = #line) {
    self = compose("stackingInDepth", fileID, line) { c in
      try c.joined(parts, axis: 2) { x in
        x.rank < 2 ? try c.reshape(x, [1, x.elementCount, 1]) : x.rank == 2 ? try c.expand(x, [2]) : x
      }
    }
  }

  /// Vectors as the columns of a matrix; matrices are joined along axis 1.
  public init(stackingColumns parts: [Tensor], fileID: StaticString = #fileID, line: UInt = #line) {
    self = compose("stackingColumns", fileID, line) { c in
      try c.joined(parts, axis: 1) { x in x.rank < 2 ? try c.reshape(x, [x.elementCount, 1]) : x }
    }
  }

  /// Neighboring parts of `size` elements along an axis; the last may be shorter.
  public func split(
    every size: Int, axis: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
  ) -> [Tensor] {
    let length = axis >= -rank && axis < rank ? shape[axis < 0 ? axis + rank : axis] : 0
    let count = size > 0 ? (length + size - 1) / size : 0
    return compose("split", results: count, fileID, line) { c in
      let axis = try checkedAxis(axis, shape)
      if size < 1 { throw mistake("the size \(size) is less than 1") }
      return try (0..<count).map { part in
        try c.slice(self, (part * size)..<Swift.min((part + 1) * size, length), axis: axis)
      }
    }
  }

  /// Every element repeated in its place along an axis, each as often as `counts` says.
  ///
  /// - Parameters:
  ///   - counts: One for each element along the axis.
  ///   - total: Their sum, the size of the axis in the result; a smaller sum repeats the last element further, a larger
  ///     one cuts off.
  public func repeated(
    counts: Tensor, total: Int, axis: Int, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("repeated", fileID, line) { c in
      let axis = try checkedAxis(axis, shape)
      guard counts.rank == 1, counts.shape[0] == shape[axis] else {
        throw mistake("\(counts.shape) counts for axis \(axis) of \(shape)")
      }
      let places = try c.iota(checkedSizes([total]), axis: 0)
      let ends = try c(Cumulative(.sum, axis: 0), c.cast(counts, .int64))
      let source = try c(SearchSorted(isRight: true), ends, places)
      return try c(Gather(.axis(axis)), self, c.binary(.minimum, source, Double(shape[axis] - 1)))
    }
  }

  /// The elements moved along several axes, around the ends.
  ///
  /// - Parameters:
  ///   - shifts: How far along each of `axes`.
  public func rolled(
    by shifts: [Int], axes: [Int], fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("rolled", fileID, line) { c in
      if shifts.count != axes.count { throw mistake("\(shifts.count) shifts for \(axes.count) axes") }
      return try zip(shifts, axes).reduce(self) { x, move in
        let axis = try checkedAxis(move.1, shape)
        let size = shape[axis]
        let cut = size == 0 ? 0 : ((-move.0 % size) + size) % size
        if cut == 0 { return x }
        return try c.concatenate([c.slice(x, cut..<size, axis: axis), c.slice(x, 0..<cut, axis: axis)], axis: axis)
      }
    }
  }
}

extension Composition {
  fileprivate func joined(
    _ parts: [Tensor], axis: Int, _ prepared: (Tensor) throws -> Tensor
  ) throws -> Tensor {
    if parts.isEmpty { throw mistake("there is nothing to join") }
    return try concatenate(parts.map(prepared), axis: axis)
  }
}
