import MartletGraph

// Functions of integers. Bitwise "and", "or", "xor" and complement are the operators `&`, `|`, `^` and `!`.

/// The greatest common divisors, not negative; that of 0 and 0 is 0. Shapes broadcast.
public func gcd(_ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .binary(.gcd, a, b, at: SourceLocation(fileID, line))
}

/// The least common multiples, not negative; 0 where an element is 0. Shapes broadcast.
public func lcm(_ a: Tensor, _ b: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  compose("lcm", fileID, line) { c in
    let divisor = try c.binary(.gcd, a, b)
    let parts = try c.binary(.divide, a, c.binary(.maximum, divisor, 1))
    return try c.unary(.abs, c.binary(.multiply, parts, b))
  }
}

/// How many bits of each integer are 1, in the same element type.
public func bitCount(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .unary(.bitCount, x, at: SourceLocation(fileID, line))
}
