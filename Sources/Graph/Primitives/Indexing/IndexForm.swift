/// How the indices of a ``Gather`` or ``Scatter`` name places in a tensor.
///
/// One rule for all: an index counts from the end when it is negative, and must lie in `-n..<n`; anything else is an
/// error when the program runs, found before the first element is written.
public enum IndexForm: Sendable, Hashable {
  /// Whole slices along one axis: indices of any shape replace that axis.
  case axis(Int)
  /// Single elements along one axis: indices have the rank of the tensor and its sizes, the axis aside.
  case elements(axis: Int)
  /// Points: the last dimension of the indices holds coordinates into the leading dimensions that follow
  /// `batch` dimensions shared by tensor and indices.
  case points(batch: Int)
}

extension IndexForm {
  func mix(into hash: inout StructureHash) {
    switch self {
    case .axis(let axis): hash.mix(axis &* 3)
    case .elements(let axis): hash.mix(axis &* 3 &+ 1)
    case .points(let batch): hash.mix(batch &* 3 &+ 2)
    }
  }

  /// The shape of what the indices name in a tensor of shape `source`.
  func selectedShape(_ source: Shape, _ indices: TensorType, operation: String) throws(GraphError) -> Shape {
    if !indices.dtype.isInteger { throw GraphError(operation, "indices are integers, not \(indices.dtype)") }
    let result: [Int]
    switch self {
    case .axis(let axis):
      if axis < 0 || axis >= source.rank { throw GraphError(operation, "axis \(axis) is outside \(source)") }
      result = Array(source[..<axis]) + Array(indices.shape) + Array(source[(axis + 1)...])
    case .elements(let axis):
      if axis < 0 || axis >= source.rank { throw GraphError(operation, "axis \(axis) is outside \(source)") }
      var expected = source
      if indices.rank == source.rank { expected[axis] = indices.shape[axis] }
      if expected != indices.shape {
        throw GraphError(operation, "indices \(indices.shape) do not match \(source) apart from axis \(axis)")
      }
      result = Array(indices.shape)
    case .points(let batch):
      guard batch >= 0, let depth = indices.shape.last, batch < indices.rank, batch + depth <= source.rank else {
        throw GraphError(
          operation, "indices \(indices.shape) with \(batch) batch dimensions do not name points of \(source)")
      }
      if source[..<batch].elementsEqual(indices.shape[..<batch]) == false {
        throw GraphError(operation, "batch dimensions differ: \(source) and \(indices.shape)")
      }
      result = Array(indices.shape.dropLast()) + Array(source[(batch + depth)...])
    }
    if result.count > Shape.maximumRank {
      throw GraphError(operation, "the result would have \(result.count) dimensions, more than \(Shape.maximumRank)")
    }
    return Shape(result)
  }
}

extension IndexForm {
  /// The same form for tensors and indices that all have an extra leading dimension.
  var insideBatch: IndexForm {
    switch self {
    case .axis(let axis): .axis(axis + 1)
    case .elements(let axis): .elements(axis: axis + 1)
    case .points(let batch): .points(batch: batch + 1)
    }
  }

  /// Which dimension of what is selected each dimension of the source and of the indices is.
  func loops(source: Int, indices: Shape) -> (source: [Int?], indices: [Int?]) {
    switch self {
    case .axis(let axis):
      let loops = (0..<source).map { $0 == axis ? nil : $0 < axis ? $0 : $0 - 1 + indices.rank }
      return (loops, indices.indices.map { $0 + axis })
    case .elements(let axis):
      return ((0..<source).map { $0 == axis ? nil : $0 }, Array(indices.indices))
    case .points(let batch):
      let depth = indices[indices.rank - 1]
      let loops = (0..<source).map { dimension -> Int? in
        if dimension < batch { return dimension }
        return dimension < batch + depth ? nil : dimension - batch - depth + indices.rank - 1
      }
      return (loops, indices.indices.map { $0 == indices.rank - 1 ? nil : $0 })
    }
  }

  /// The positions in a tensor of shape `source` that the indices name, in row-major order of what is selected.
  ///
  /// - Throws: An ``ExecutionError`` when an index is outside its axis; all are checked before the first is used.
  func places(in source: Shape, indices: ReferenceTensor, operation: String) throws(ExecutionError) -> [Int] {
    let resolved = try resolved(indices, in: source, operation: operation)
    let shape = indices.type.shape
    switch self {
    case .axis(let axis):
      let selected = Shape(Array(source[..<axis]) + Array(shape) + Array(source[(axis + 1)...]))
      return selected.elementIndices.map { index in
        let named = resolved[shape.position(of: index[axis..<(axis + shape.rank)])]
        return source.position(of: index[..<axis] + [named] + index[(axis + shape.rank)...])
      }
    case .elements(let axis):
      return shape.elementIndices.enumerated().map { position, index in
        source.position(of: index[..<axis] + [resolved[position]] + index[(axis + 1)...])
      }
    case .points(let batch):
      let depth = shape[shape.rank - 1]
      let points = Shape(shape.dropLast())
      let selected = Shape(Array(points) + Array(source[(batch + depth)...]))
      return selected.elementIndices.map { index in
        let first = points.position(of: index[..<points.rank]) * depth
        let coordinates = resolved[first..<(first + depth)]
        return source.position(of: index[..<batch] + coordinates + index[points.rank...])
      }
    }
  }

  /// The indices counted from the front.
  private func resolved(
    _ indices: ReferenceTensor, in source: Shape, operation: String
  ) throws(ExecutionError) -> [Int] {
    var resolved: [Int] = []
    for (position, value) in indices.integers.enumerated() {
      let axis = axis(ofIndexAt: position, in: indices.type.shape)
      let size = Int64(source[axis])
      let isHuge = indices.type.dtype == .uint64 && value < 0
      if isHuge || value < -size || value >= size {
        let index = isHuge ? String(UInt64(bitPattern: value)) : String(value)
        throw ExecutionError(
          node: nil,
          message: "\(operation): index \(index) at position \(indices.type.shape.index(ofElement: position)) "
            + "is outside axis \(axis) of \(source) (valid: \(-size)..<\(size))")
      }
      resolved.append(Int(value < 0 ? value + size : value))
    }
    return resolved
  }

  /// The axis that the index at a flat position counts along.
  private func axis(ofIndexAt position: Int, in shape: Shape) -> Int {
    switch self {
    case .axis(let axis), .elements(let axis): axis
    case .points(let batch): batch + position % shape[shape.rank - 1]
    }
  }
}
