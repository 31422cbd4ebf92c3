/// The element type and shape of a value in a graph.
@frozen
public struct TensorType: Sendable, Hashable {
  public var dtype: DType
  public var shape: Shape

  @inlinable
  public init(_ dtype: DType, _ shape: Shape) {
    self.dtype = dtype
    self.shape = shape
  }

  /// The number of elements.
  @inlinable public var elementCount: Int { shape.elementCount }

  /// Bytes that the elements occupy, densely packed.
  @inlinable public var sizeInBytes: Int { elementCount * dtype.sizeInBytes }

  /// The number of dimensions.
  @inlinable public var rank: Int { shape.rank }

  /// Says so if there are more elements than memory could ever be addressed for.
  package func checkSize(_ operation: @autoclosure () -> String) throws(GraphError) {
    if let count = shape.checkedElementCount, count <= Int.max / 64 { return }
    throw GraphError(operation(), "\(shape) has too many elements")
  }
}

extension TensorType: CustomStringConvertible {
  /// Reads like `float32 [2, 3]`.
  public var description: String { "\(dtype) \(shape)" }
}
