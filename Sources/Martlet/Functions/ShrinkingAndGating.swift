import MartletGraph

/// *x* where it is positive, `alpha` · (exp(*x* / `alpha`) - 1) elsewhere, with a derivative that has no step.
///
/// - Note: Barron, *Continuously differentiable exponential linear units*, 2017.
public func celu(_ x: Tensor, alpha: Double = 1, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("celu", fileID, line) { c in
    if alpha == 0 { throw mistake("alpha is 0") }
    try checkFloatingPoint(x)
    let isPositive = try c.compare(.greater, x, 0)
    let inner = try c.binary(.multiply, c.select(isPositive, 0, x), 1 / alpha)
    return try c.select(isPositive, x, c.binary(.multiply, c.unary(.expm1, inner), alpha))
  }
}

/// *x* where it is positive, `slopes` · *x* elsewhere; `slopes` are learned, and broadcast.
///
/// - Note: He et al., *Delving deep into rectifiers*, ICCV 2015.
public func parametricReLU(
  _ x: Tensor, slopes: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("parametricReLU", fileID, line) { c in
    try checkFloatingPoint(x)
    return try c.select(c.compare(.greater, x, 0), x, c.binary(.multiply, x, slopes))
  }
}

/// *x* without what is at most `bound` from 0.
public func hardShrink(
  _ x: Tensor, bound: Double = 0.5, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("hardShrink", fileID, line) { c in
    try checkFloatingPoint(x)
    return try c.select(c.compare(.lessOrEqual, c.unary(.abs, x), bound), 0, x)
  }
}

/// *x* moved `bound` toward 0, where what is nearer becomes 0.
public func softShrink(
  _ x: Tensor, bound: Double = 0.5, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("softShrink", fileID, line) { c in
    try checkFloatingPoint(x)
    let moved = try c.binary(.subtract, x, c.binary(.multiply, c.unary(.sign, x), bound))
    return try c.select(c.compare(.lessOrEqual, c.unary(.abs, x), bound), 0, moved)
  }
}

/// *x* - tanh *x*.
public func tanhShrink(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("tanhShrink", fileID, line) { c in try c.binary(.subtract, x, c.unary(.tanh, x)) }
}

/// *x* where it is above `bound`, `value` elsewhere.
public func threshold(
  _ x: Tensor, above bound: Double, value: Double = 0, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("threshold", fileID, line) { c in try c.select(c.compare(.lessOrEqual, x, bound), value, x) }
}

/// The square of ``relu(_:fileID:line:)``.
///
/// - Note: So et al., *Primer: searching for efficient transformers for language modeling*, NeurIPS 2021.
public func squaredReLU(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  let positive = relu(x, fileID: fileID, line: line)
  return positive * positive
}

/// (*x* + √(*x*² + `b`)) / 2, a smooth ``relu(_:fileID:line:)`` without exponentials.
///
/// - Note: Barron, *Squareplus: a softplus-like algebraic rectifier*, 2021.
public func squarePlus(
  _ x: Tensor, b: Double = 4, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("squarePlus", fileID, line) { c in
    try checkFloatingPoint(x)
    let root = try c.unary(.sqrt, c.binary(.add, c.binary(.multiply, x, x), b))
    return try c.binary(.multiply, c.binary(.add, x, root), 0.5)
  }
}

/// The largest of several linear maps: groups of `size` neighbors along an axis, of which each keeps its largest.
///
/// - Note: Goodfellow et al., *Maxout networks*, ICML 2013.
public func maxout(
  _ x: Tensor, size: Int, axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("maxout", fileID, line) { c in
    let axis = try checkedAxis(axis, x.shape)
    if size < 1 || x.shape[axis] % size != 0 { throw mistake("axis \(axis) of \(x.shape) has no groups of \(size)") }
    let parts = x.shape[..<axis] + [x.shape[axis] / size, size] + x.shape[(axis + 1)...]
    return try c.reduce(.max, c.reshape(x, parts), [axis + 1])
  }
}

/// A gate for ``gated(_:by:axis:fileID:line:)``.
public enum Gate: Sendable, Hashable {
  case sigmoid, relu, gelu, silu, none
}

/// The first half along an axis, times the second half after a function: GLU, ReGLU, GEGLU or SwiGLU.
///
/// - Returns: The shape of `x`, with `axis` half as long.
/// - Note: Shazeer, *GLU variants improve transformer*, 2020.
public func gated(
  _ x: Tensor, by gate: Gate, axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let halves = x.chunks(2, axis: axis, fileID: fileID, line: line)
  switch gate {
  case .sigmoid: return halves[0] * sigmoid(halves[1], fileID: fileID, line: line)
  case .relu: return halves[0] * relu(halves[1], fileID: fileID, line: line)
  case .gelu: return halves[0] * gelu(halves[1], fileID: fileID, line: line)
  case .silu: return halves[0] * silu(halves[1], fileID: fileID, line: line)
  case .none: return halves[0] * halves[1]
  }
}

/// Probabilities nearest to *x*, many of which are exactly 0.
///
/// - Parameter axis: Along which they add up to 1.
/// - Note: Martins and Astudillo, *From softmax to sparsemax*, ICML 2016.
public func sparsemax(
  _ x: Tensor, axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("sparsemax", fileID, line) { c in
    try checkFloatingPoint(x)
    let axis = try checkedAxis(axis, x.shape)
    let axes: AxisList = [axis]
    // In descending order: the first k elements are in the support if 1 + k zₖ exceeds the sum of the first k.
    let sorted = x.sorted(axis: axis, isDescending: true)
    var shape = Array(repeating: 1, count: x.rank)
    shape[axis] = x.shape[axis]
    let k = try c.binary(.add, c.iota(Shape(shape), axis: axis, x.dtype), 1)
    let sums = sorted.cumulativeSum(axis: axis)
    let isIn = try c.compare(.greater, c.binary(.add, c.binary(.multiply, sorted, k), 1), sums)
    let count = try c.reduce(.sum, c.cast(isIn, x.dtype), axes, keepingAxes: true)
    let sum = try c.reduce(.sum, c.select(isIn, sorted, 0), axes, keepingAxes: true)
    let bound = try c.binary(.divide, c.binary(.subtract, sum, 1), count)
    let moved = try c.binary(.subtract, x, bound)
    return try c.select(c.compare(.lessOrEqual, moved, 0), 0, moved)
  }
}
