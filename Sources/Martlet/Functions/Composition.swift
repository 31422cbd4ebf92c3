import MartletGraph

/// One operation that is composed from primitives, and the line that asked for it.
///
/// The functions of this module are written with these short spellings. A mistake is thrown up to `compose`, which
/// puts it under the name of the function that the user called: the sentence says `softmax`, not `exp`.
struct Composition {
  let location: SourceLocation

  /// Records a primitive.
  func callAsFunction(_ operation: some PrimitiveRules, _ operands: Tensor...) throws(GraphError) -> Tensor {
    try record(operation, operands)
  }

  func record(_ operation: some PrimitiveRules, _ operands: [Tensor]) throws(GraphError) -> Tensor {
    try Tensor.recordOrThrow(operation, operands, at: location)
  }
}

/// Composes an operation; a mistake inside stops with `operation` and the caller's line.
@inline(__always)
func compose(
  _ operation: String, _ fileID: StaticString, _ line: UInt, _ body: (Composition) throws -> Tensor
) -> Tensor {
  let location = SourceLocation(fileID, line)
  do {
    return try body(Composition(location: location))
  } catch {
    return Tensor(storage: stop(renamed(error, operation), at: location))
  }
}

/// Composes an operation with several results; after a mistake each of the `count` results means nothing.
func compose(
  _ operation: String, results count: Int, _ fileID: StaticString, _ line: UInt,
  _ body: (Composition) throws -> [Tensor]
) -> [Tensor] {
  let location = SourceLocation(fileID, line)
  do {
    return try body(Composition(location: location))
  } catch {
    let placeholder = Tensor(storage: stop(renamed(error, operation), at: location))
    return Array(repeating: placeholder, count: Swift.max(count, 0))
  }
}

private func renamed(_ error: any Error, _ operation: String) -> GraphError {
  guard let error = error as? GraphError else { return GraphError(operation, "\(error)") }
  return GraphError(operation, error.message)
}

/// A mistake whose operation ``compose(_:_:_:_:)`` fills in.
func mistake(_ message: String) -> GraphError { GraphError("", message) }

// MARK: - Elements

extension Composition {
  func unary(_ kind: Unary.Kind, _ x: Tensor) throws(GraphError) -> Tensor {
    try Tensor.unaryOrThrow(kind, x, at: location)
  }

  func binary(_ kind: Binary.Kind, _ a: Tensor, _ b: Tensor) throws(GraphError) -> Tensor {
    try Tensor.binaryOrThrow(kind, a, b, at: location)
  }

  func binary(_ kind: Binary.Kind, _ a: Tensor, _ b: Double) throws(GraphError) -> Tensor {
    try binary(kind, a, scalar(b, a.dtype))
  }

  func binary(_ kind: Binary.Kind, _ a: Double, _ b: Tensor) throws(GraphError) -> Tensor {
    try binary(kind, scalar(a, b.dtype), b)
  }

  func compare(_ kind: Compare.Kind, _ a: Tensor, _ b: Tensor) throws(GraphError) -> Tensor {
    try self(Compare(kind), a, b)
  }

  func compare(_ kind: Compare.Kind, _ a: Tensor, _ b: Double) throws(GraphError) -> Tensor {
    try self(Compare(kind), a, scalar(b, a.dtype))
  }

  func select(_ condition: Tensor, _ a: Tensor, _ b: Tensor) throws(GraphError) -> Tensor {
    try self(Select(), condition, a, b)
  }

  func select(_ condition: Tensor, _ a: Double, _ b: Tensor) throws(GraphError) -> Tensor {
    try self(Select(), condition, scalar(a, b.dtype), b)
  }

  func select(_ condition: Tensor, _ a: Tensor, _ b: Double) throws(GraphError) -> Tensor {
    try self(Select(), condition, a, scalar(b, a.dtype))
  }

  func cast(_ x: Tensor, _ dtype: DType) throws(GraphError) -> Tensor {
    x.dtype == dtype ? x : try self(Cast(to: dtype), x)
  }

  func scalar(_ value: Double, _ dtype: DType) throws(GraphError) -> Tensor {
    let operation = ScalarValue(Literal(value, dtype))
    let type = TensorType(dtype, Shape())
    return Tensor(
      storage: Recorder.current.record(operation, .scalar(operation), Operands(), type: type, location: location))
  }

  func stopGradient(_ x: Tensor) throws(GraphError) -> Tensor { try self(Identity(.stopGradient), x) }
}

// MARK: - Shapes

extension Composition {
  func reshape(_ x: Tensor, _ shape: Shape) throws(GraphError) -> Tensor {
    x.shape == shape ? x : try self(Reshape(to: shape), x)
  }

  func reshape(_ x: Tensor, _ sizes: [Int]) throws(GraphError) -> Tensor {
    try reshape(x, checkedShape(sizes))
  }

  func broadcast(_ x: Tensor, _ shape: Shape) throws(GraphError) -> Tensor {
    x.shape == shape ? x : try self(Broadcast(to: shape), x)
  }

  func transpose(_ x: Tensor, _ permutation: [Int]) throws(GraphError) -> Tensor {
    permutation.elementsEqual(0..<x.rank) ? x : try self(Transpose(AxisList(permutation)), x)
  }

  /// One axis of a tensor, cut to a range.
  func slice(_ x: Tensor, _ range: Range<Int>, axis: Int) throws(GraphError) -> Tensor {
    if range == 0..<x.shape[axis] { return x }
    var starts = Shape(repeating: 0, rank: x.rank)
    var limits = x.shape
    starts[axis] = range.lowerBound
    limits[axis] = range.upperBound
    return try self(Slice(starts: starts, limits: limits), x)
  }

  func concatenate(_ parts: [Tensor], axis: Int) throws(GraphError) -> Tensor {
    parts.count == 1 ? parts[0] : try record(Concatenate(axis: axis), parts)
  }

  func iota(_ shape: Shape, axis: Int, _ dtype: DType = .int64) throws(GraphError) -> Tensor {
    try self(Iota(TensorType(dtype, shape), axis: axis))
  }

  func full(_ value: Double, _ type: TensorType) throws(GraphError) -> Tensor {
    try broadcast(try scalar(value, type.dtype), type.shape)
  }

  /// Puts a dimension of size 1 at each of the ascending axes of the result.
  func expand(_ x: Tensor, _ axes: some Sequence<Int>) throws(GraphError) -> Tensor {
    var shape = x.shape
    for axis in axes {
      if shape.rank == Shape.maximumRank { _ = try checkedShape(Array(repeating: 1, count: shape.rank + 1)) }
      shape.insert(1, at: axis)
    }
    return try reshape(x, shape)
  }
}

// MARK: - Reductions

extension Composition {
  func reduce(
    _ kind: Reduce.Kind, _ x: Tensor, _ axes: AxisList, keepingAxes: Bool = false
  ) throws(GraphError) -> Tensor {
    let result = axes.isEmpty ? x : try self(Reduce(kind, axes: axes), x)
    return keepingAxes ? try expand(result, axes) : result
  }
}

// MARK: - Checks

/// A shape of the given sizes, which must be few enough and not negative.
func checkedShape(_ sizes: [Int]) throws(GraphError) -> Shape {
  if sizes.count > Shape.maximumRank {
    throw mistake("the result would have \(sizes.count) dimensions, more than \(Shape.maximumRank)")
  }
  return Shape(sizes)
}

/// An axis counted from the start, where negative ones count from the end.
func checkedAxis(_ axis: Int, _ shape: Shape) throws(GraphError) -> Int {
  let rank = shape.rank
  guard axis >= -rank && axis < rank else {
    let valid = rank == 0 ? "a scalar has none" : "valid: \(-rank)..<\(rank)"
    throw mistake("axis \(axis) is outside \(shape) (\(valid))")
  }
  return axis < 0 ? axis + rank : axis
}

/// Checks that elements are floating-point numbers.
func checkFloatingPoint(_ x: Tensor) throws(GraphError) {
  if !x.dtype.isFloatingPoint { throw mistake("needs a floating-point element type, got \(x.dtype); cast it first") }
}
