// Short spellings in which derivative and batching rules are written. Each adds one or a few primitives; those that
// would change nothing (a reshape to the same shape, a sum over no axes) add none.

extension GraphBuilder {
  /// A scalar, the element of type `dtype` closest to `value`.
  public mutating func scalar(_ value: Double, _ dtype: DType) -> Value {
    append(ScalarValue(Literal(value, dtype)), Operands(), type: TensorType(dtype, Shape()))
  }

  /// A scalar of the element type of `other`.
  public mutating func scalar(_ value: Double, like other: Value) -> Value { scalar(value, type(other).dtype) }

  /// A tensor of which every element is `value`.
  public mutating func constant(_ value: Double, _ type: TensorType) throws(GraphError) -> Value {
    try broadcast(scalar(value, type.dtype), to: type.shape)
  }

  /// A tensor of zeros (of `false` for bool).
  public mutating func zeros(_ type: TensorType) throws(GraphError) -> Value { try constant(0, type) }

  /// A tensor of ones (of `true` for bool).
  public mutating func ones(_ type: TensorType) throws(GraphError) -> Value { try constant(1, type) }

  /// The positions 0, 1, 2, … along `axis`, repeated along the others.
  public mutating func iota(_ type: TensorType, axis: Int) throws(GraphError) -> Value {
    try add(Iota(type, axis: axis), Operands())
  }
}

extension GraphBuilder {
  public mutating func unary(_ kind: Unary.Kind, _ x: Value) throws(GraphError) -> Value {
    try add(Unary(kind), Operands(x))
  }

  public mutating func binary(_ kind: Binary.Kind, _ a: Value, _ b: Value) throws(GraphError) -> Value {
    try add(Binary(kind), Operands(a, b))
  }

  public mutating func compare(_ kind: Compare.Kind, _ a: Value, _ b: Value) throws(GraphError) -> Value {
    try add(Compare(kind), Operands(a, b))
  }

  public mutating func negate(_ x: Value) throws(GraphError) -> Value { try unary(.negate, x) }
  public mutating func add(_ a: Value, _ b: Value) throws(GraphError) -> Value { try binary(.add, a, b) }
  public mutating func subtract(_ a: Value, _ b: Value) throws(GraphError) -> Value { try binary(.subtract, a, b) }
  public mutating func multiply(_ a: Value, _ b: Value) throws(GraphError) -> Value { try binary(.multiply, a, b) }
  public mutating func divide(_ a: Value, _ b: Value) throws(GraphError) -> Value { try binary(.divide, a, b) }

  /// `x` times a number.
  public mutating func multiply(_ x: Value, by factor: Double) throws(GraphError) -> Value {
    try multiply(x, scalar(factor, like: x))
  }

  /// `x` plus a number.
  public mutating func add(_ x: Value, number: Double) throws(GraphError) -> Value {
    try add(x, scalar(number, like: x))
  }

  /// The sum of those that are there, or nil when neither is.
  public mutating func addIfPresent(_ a: Value?, _ b: Value?) throws(GraphError) -> Value? {
    guard let a, let b else { return a ?? b }
    return try add(a, b)
  }

  /// `a` where `condition` (bool) is true, else `b`; broadcasts.
  public mutating func select(_ condition: Value, _ a: Value, _ b: Value) throws(GraphError) -> Value {
    try add(Select(), Operands(condition, a, b))
  }

  /// `a` where `condition` is true, else 0; broadcasts.
  public mutating func selectOrZero(_ condition: Value, _ a: Value) throws(GraphError) -> Value {
    try select(condition, a, scalar(0, like: a))
  }

  /// `x` as another element type; itself when it has that type.
  public mutating func cast(_ x: Value, to dtype: DType) throws(GraphError) -> Value {
    type(x).dtype == dtype ? x : try add(Cast(to: dtype), Operands(x))
  }

  /// `x` as a constant to derivatives of any order.
  public mutating func stopGradient(_ x: Value) throws(GraphError) -> Value {
    try add(Identity(.stopGradient), Operands(x))
  }
}

extension GraphBuilder {
  /// Combines all elements along `axes`, which disappear or, when kept, have size 1.
  ///
  /// - Parameter axes: Each once; the order does not matter.
  public mutating func reduce(
    _ kind: Reduce.Kind, _ x: Value, axes: some Sequence<Int>, keepingAxes: Bool = false
  ) throws(GraphError) -> Value {
    let axes = AxisList(axes.sorted())
    if axes.isEmpty { return x }
    let result = try add(Reduce(kind, axes: axes), Operands(x))
    return keepingAxes ? try insertingAxes(axes, into: result) : result
  }

  /// The sum along `axes`.
  public mutating func sum(
    _ x: Value, axes: some Sequence<Int>, keepingAxes: Bool = false
  ) throws(GraphError) -> Value {
    try reduce(.sum, x, axes: axes, keepingAxes: keepingAxes)
  }

  /// Sums over what broadcasting repeated, so that the result has shape `shape`: the transpose of ``broadcast(_:to:)``.
  ///
  /// - Precondition: `shape` broadcasts to the shape of `x`.
  public mutating func sum(_ x: Value, toShape shape: Shape) throws(GraphError) -> Value {
    let from = self.shape(x)
    if from == shape { return x }
    let added = from.rank - shape.rank
    let axes = (0..<from.rank).filter { i in i < added || (shape[i - added] == 1 && from[i] != 1) }
    return try reshape(sum(x, axes: axes), to: shape)
  }

  /// Gives size 1 to new dimensions, which become dimensions `axes` (ascending) of the result.
  public mutating func insertingAxes(_ axes: some Sequence<Int>, into x: Value) throws(GraphError) -> Value {
    var shape = shape(x)
    for axis in axes {
      if shape.rank == Shape.maximumRank { throw tooManyDimensions("insertingAxes", shape) }
      shape.insert(1, at: axis)
    }
    return try reshape(x, to: shape)
  }
}

extension GraphBuilder {
  /// `x` with the same elements, in row-major order, in another shape.
  public mutating func reshape(_ x: Value, to shape: Shape) throws(GraphError) -> Value {
    self.shape(x) == shape ? x : try add(Reshape(to: shape), Operands(x))
  }

  /// Dimension *i* of the result is dimension `permutation[i]` of `x`.
  public mutating func transpose(_ x: Value, _ permutation: some Sequence<Int>) throws(GraphError) -> Value {
    let permutation = AxisList(permutation)
    if permutation.elementsEqual(0..<shape(x).rank) { return x }
    return try add(Transpose(permutation), Operands(x))
  }

  /// Moves one dimension, keeping the order of the others.
  public mutating func moveAxis(_ x: Value, from source: Int, to destination: Int) throws(GraphError) -> Value {
    var order = Array(0..<shape(x).rank)
    order.insert(order.remove(at: source), at: destination)
    return try transpose(x, order)
  }

  /// Repeats `x` up to `shape`, by NumPy's rules.
  public mutating func broadcast(_ x: Value, to shape: Shape) throws(GraphError) -> Value {
    self.shape(x) == shape ? x : try add(Broadcast(to: shape), Operands(x))
  }

  /// Repeats `x` along `axes` (ascending) of `shape`, which it lacks: the transpose of a sum along them.
  public mutating func broadcast(
    _ x: Value, along axes: some Sequence<Int>, to shape: Shape
  ) throws(GraphError) -> Value {
    try broadcast(insertingAxes(axes, into: x), to: shape)
  }

  /// Elements `range` of one axis.
  public mutating func slice(_ x: Value, axis: Int, _ range: Range<Int>) throws(GraphError) -> Value {
    let shape = shape(x)
    if range == 0..<shape[axis] { return x }
    var starts = Shape(repeating: 0, rank: shape.rank)
    var limits = shape
    starts[axis] = range.lowerBound
    limits[axis] = range.upperBound
    return try add(Slice(starts: starts, limits: limits), Operands(x))
  }

  /// Surrounds `x` with zeros.
  public mutating func pad(
    _ x: Value, low: Shape, high: Shape, interior: Shape? = nil
  ) throws(GraphError) -> Value {
    try add(Pad(low: low, high: high, interior: interior), Operands(x, scalar(0, like: x)))
  }

  /// Joins tensors along an existing axis.
  public mutating func concatenate(_ parts: [Value], axis: Int) throws(GraphError) -> Value {
    parts.count == 1 ? parts[0] : try add(Concatenate(axis: axis), Operands(parts))
  }

  /// Turns the order of elements around along `axes`.
  public mutating func reverse(_ x: Value, axes: AxisList) throws(GraphError) -> Value {
    axes.isEmpty ? x : try add(Reverse(axes: axes), Operands(x))
  }
}

extension GraphBuilder {
  /// An operand of an element-wise operation of which some operands carry a leading dimension of examples.
  ///
  /// Broadcasting aligns dimensions at the innermost, so a batched operand of lower rank than the result needs
  /// dimensions of size 1 behind the batch; one that is not batched fits as it is.
  /// - Parameter rank: The rank of the operation's result without the batch.
  public mutating func aligned(_ x: Value, isBatched: Bool, toRank rank: Int) throws(GraphError) -> Value {
    if !isBatched { return x }
    var shape = shape(x)
    if rank >= Shape.maximumRank { throw tooManyDimensions("vmap", shape) }
    while shape.rank < rank + 1 { shape.insert(1, at: 1) }
    return try reshape(x, to: shape)
  }

  /// The operands of an element-wise operation, ready to broadcast with their examples.
  public mutating func aligned(_ context: BatchContext) throws(GraphError) -> [Value] {
    var rank = 0
    for (x, isBatched) in zip(context.operands, context.isBatched) {
      rank = max(rank, shape(x).rank - (isBatched ? 1 : 0))
    }
    var result: [Value] = []
    for (x, isBatched) in zip(context.operands, context.isBatched) {
      result.append(try aligned(x, isBatched: isBatched, toRank: rank))
    }
    return result
  }

  /// `x` with a leading dimension of `size` equal examples, unless it is batched already.
  public mutating func withBatch(_ x: Value, isBatched: Bool, size: Int) throws(GraphError) -> Value {
    if isBatched { return x }
    var shape = shape(x)
    if shape.rank == Shape.maximumRank { throw tooManyDimensions("vmap", shape) }
    shape.insert(size, at: 0)
    return try broadcast(x, to: shape)
  }
}

/// The error of a rule that needs one dimension more than a tensor can have.
func tooManyDimensions(_ operation: String, _ shape: Shape) -> GraphError {
  GraphError(operation, "\(shape) and one dimension more would be more than \(Shape.maximumRank)")
}
