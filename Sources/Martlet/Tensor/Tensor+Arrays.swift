public import MartletGraph

// Nested Swift arrays become tensors, and tensors become nested arrays. `Int` becomes `int64`, `Double` `float64` and
// `Float` `float32`; `dtype:` converts. A tensor is not a literal by itself: a bare `1.5` in an expression takes the
// type of the tensor beside it, and would otherwise have to guess one.

extension Tensor {
  /// A scalar of a given element type.
  public init<Scalar: TensorScalar>(
    _ scalar: Scalar, dtype: DType, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    self = Tensor([scalar], shape: []).cast(to: dtype, fileID: fileID, line: line)
  }

  /// A vector of a given element type.
  public init<Scalar: TensorScalar>(
    _ scalars: [Scalar], dtype: DType, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    self = Tensor(scalars, shape: [scalars.count]).cast(to: dtype, fileID: fileID, line: line)
  }

  /// A matrix, row by row.
  ///
  /// - Precondition: All rows have the same length.
  public init<Scalar: TensorScalar>(
    _ rows: [[Scalar]], dtype: DType? = nil, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    var shape: Shape = []
    let scalars = Self.joined(rows, &shape, SourceLocation(fileID, line)) { row, inner in
      inner = [row.count]
      return row
    }
    self = Self.made(scalars, shape, dtype, SourceLocation(fileID, line))
  }

  /// A tensor of three dimensions.
  ///
  /// - Precondition: All arrays of a level have the same length.
  public init<Scalar: TensorScalar>(
    _ rows: [[[Scalar]]], dtype: DType? = nil, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let location = SourceLocation(fileID, line)
    var shape: Shape = []
    let scalars = Self.joined(rows, &shape, location) { row, inner in
      Self.joined(row, &inner, location) { row, inner in
        inner = [row.count]
        return row
      }
    }
    self = Self.made(scalars, shape, dtype, location)
  }

  /// A tensor of four dimensions.
  ///
  /// - Precondition: All arrays of a level have the same length.
  public init<Scalar: TensorScalar>(
    _ rows: [[[[Scalar]]]], dtype: DType? = nil, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let location = SourceLocation(fileID, line)
    var shape: Shape = []
    let scalars = Self.joined(rows, &shape, location) { row, inner in
      Self.joined(row, &inner, location) { row, inner in
        Self.joined(row, &inner, location) { row, inner in
          inner = [row.count]
          return row
        }
      }
    }
    self = Self.made(scalars, shape, dtype, location)
  }

  /// The scalars of all parts, and the shape of the whole; parts of different shapes stop.
  private static func joined<Part, Scalar>(
    _ parts: [Part], _ shape: inout Shape, _ location: SourceLocation,
    _ flatten: (Part, inout Shape) -> [Scalar]
  ) -> [Scalar] {
    var inner: Shape?
    var scalars: [Scalar] = []
    for (position, part) in parts.enumerated() {
      var own = Shape()
      scalars += flatten(part, &own)
      if let first = inner, first != own {
        let message = "ragged array: element 0 has shape \(first), element \(position) \(own)"
        _ = stop(GraphError("Tensor", message), at: location)
      }
      inner = inner ?? own
    }
    shape = Shape([parts.count] + (inner ?? [0]))
    return scalars
  }

  private static func made<Scalar: TensorScalar>(
    _ scalars: [Scalar], _ shape: Shape, _ dtype: DType?, _ location: SourceLocation
  ) -> Tensor {
    // After a ragged array inside `checked` the count does not fit, and nothing means anything.
    guard scalars.count == shape.elementCount else { return Tensor(Scalar.dtype, location) }
    let tensor = Tensor(scalars, shape: shape)
    guard let dtype, dtype != tensor.dtype else { return tensor }
    return .record(Cast(to: dtype), tensor, at: location)
  }

  /// A zero, to go on with after a mistake.
  private init(_ dtype: DType, _ location: SourceLocation) {
    self = .record(ScalarValue(Literal(0.0, dtype)), at: location)
  }
}

// MARK: - Back to arrays

extension Tensor {
  /// The elements of a vector, converted to `Scalar`'s element type.
  public func array<Scalar: TensorScalar>(
    as type: Scalar.Type = Scalar.self, fileID: StaticString = #fileID, line: UInt = #line
  ) -> [Scalar] {
    guard hasRank(1, "array", fileID, line) else { return [] }
    return cast(to: Scalar.dtype, fileID: fileID, line: line).scalars(fileID: fileID, line: line)
  }

  /// The rows of a matrix, converted to `Scalar`'s element type.
  public func array2D<Scalar: TensorScalar>(
    as type: Scalar.Type = Scalar.self, fileID: StaticString = #fileID, line: UInt = #line
  ) -> [[Scalar]] {
    guard hasRank(2, "array2D", fileID, line) else { return [] }
    let scalars: [Scalar] = cast(to: Scalar.dtype, fileID: fileID, line: line).scalars(fileID: fileID, line: line)
    return Self.rows(scalars, count: shape[0], width: shape[1])
  }

  /// The matrices of a tensor of three dimensions, converted to `Scalar`'s element type.
  public func array3D<Scalar: TensorScalar>(
    as type: Scalar.Type = Scalar.self, fileID: StaticString = #fileID, line: UInt = #line
  ) -> [[[Scalar]]] {
    guard hasRank(3, "array3D", fileID, line) else { return [] }
    let scalars: [Scalar] = cast(to: Scalar.dtype, fileID: fileID, line: line).scalars(fileID: fileID, line: line)
    let matrices = Self.rows(scalars, count: shape[0], width: shape[1] * shape[2])
    return matrices.map { Self.rows($0, count: shape[1], width: shape[2]) }
  }

  private func hasRank(_ expected: Int, _ operation: String, _ fileID: StaticString, _ line: UInt) -> Bool {
    if rank == expected { return true }
    let error = GraphError(operation, "\(shape) has \(rank) dimensions, not \(expected)")
    _ = stop(error, at: SourceLocation(fileID, line))
    return false
  }

  private static func rows<Scalar>(_ scalars: [Scalar], count: Int, width: Int) -> [[Scalar]] {
    (0..<count).map { Array(scalars[($0 * width)..<(($0 + 1) * width)]) }
  }
}
