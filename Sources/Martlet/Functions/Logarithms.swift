import MartletGraph

/// The logarithm of the sum of two exponentials, without overflow. Shapes broadcast.
///
/// The derivative by each operand is its share of the sum; one half each where both are equal, infinite ones included.
public func logAddExp(_ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("logAddExp", fileID, line) { c in
    try checkFloatingPoint(a)
    return try c.logAddExp(a, b)
  }
}

/// The logarithm to base 2 of the sum of two powers of 2, without overflow. Shapes broadcast.
public func logAddExp2(_ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("logAddExp2", fileID, line) { c in
    try checkFloatingPoint(a)
    let ln2 = 0.693_147_180_559_945_309
    let sum = try c.logAddExp(c.binary(.multiply, a, ln2), c.binary(.multiply, b, ln2))
    return try c.binary(.multiply, sum, 1 / ln2)
  }
}

/// *x* log *y*, and 0 where *x* is 0, even if *y* is 0 too; NaN where *y* is NaN. Shapes broadcast.
///
/// Where *x* is 0 both derivatives are 0.
public func xlogy(_ x: Tensor, _ y: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("xlogy", fileID, line) { c in try c.zeroSafeProduct(x, y) { y in try c.unary(.log, y) } }
}

/// *x* log(1 + *y*), and 0 where *x* is 0, even if *y* is -1; NaN where *y* is NaN. Shapes broadcast.
///
/// Where *x* is 0 both derivatives are 0.
public func xlog1py(_ x: Tensor, _ y: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("xlog1py", fileID, line) { c in try c.zeroSafeProduct(x, y) { y in try c.unary(.log1p, y) } }
}

/// -*x* log *x*, 0 at 0 and `-inf` below: the terms of an entropy.
public func entropyTerms(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("entropyTerms", fileID, line) { c in
    let product = try c.zeroSafeProduct(x, x) { y in try c.unary(.log, y) }
    return try c.select(c.compare(.less, x, 0), -.infinity, c.unary(.negate, product))
  }
}

/// log(*p* / (1 - *p*)), the inverse of ``sigmoid(_:fileID:line:)``: infinite at 0 and 1, NaN outside.
///
/// - Parameter epsilon: Elements are clipped to `epsilon...1 - epsilon` first; not at all by default.
public func logit(
  _ p: Tensor, epsilon: Double? = nil, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("logit", fileID, line) { c in
    try checkFloatingPoint(p)
    var x = p
    if let epsilon {
      guard epsilon >= 0 && epsilon <= 0.5 else { throw mistake("epsilon \(epsilon) is not in 0...0.5") }
      x = try c.clip(p, epsilon, 1 - epsilon)
    }
    return try c.binary(.subtract, c.unary(.log, x), c.unary(.log1p, c.unary(.negate, x)))
  }
}

/// The logarithms to any base: `-inf` at 0, NaN below.
///
/// - Precondition: `base` is positive and not 1.
public func log(_ x: Tensor, base: Double, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("log", fileID, line) { c in
    guard base > 0 && base != 1 else { throw mistake("there is no logarithm to base \(base)") }
    return try c.binary(.divide, c.unary(.log, x), Math.log(base))
  }
}

extension Composition {
  func logAddExp(_ a: Tensor, _ b: Tensor) throws(GraphError) -> Tensor {
    // Equal infinities have no difference, but a sum.
    let difference = try select(compare(.equal, a, b), 0, binary(.subtract, a, b))
    let smaller = try unary(.exp, unary(.negate, unary(.abs, difference)))
    return try binary(.add, binary(.maximum, a, b), unary(.log1p, smaller))
  }

  /// x f(y), and 0 where x is 0.
  fileprivate func zeroSafeProduct(
    _ x: Tensor, _ y: Tensor, _ function: (Tensor) throws -> Tensor
  ) throws -> Tensor {
    try checkFloatingPoint(x)
    let isZero = try self(Binary(.and), compare(.equal, x, 0), self(Unary(.not), unary(.isNaN, y)))
    // The other side is guarded as well: an infinite derivative there would make NaN.
    return try select(isZero, 0, binary(.multiply, x, function(select(isZero, 1, y))))
  }
}
