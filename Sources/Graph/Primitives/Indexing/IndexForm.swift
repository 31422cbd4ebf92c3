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
        throw GraphError(operation, "indices \(indices.shape) with \(batch) batch dimensions do not name points of \(source)")
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
