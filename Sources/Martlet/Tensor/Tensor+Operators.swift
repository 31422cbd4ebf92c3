public import MartletGraph
public import MartletSupport

// Operators cannot take `#line`. They are inlined into the caller instead, where they read the program counter;
// the debug information turns it into a file and a line when somebody asks. A Swift number takes the element type of
// the tensor beside it and never widens it.

infix operator .== : ComparisonPrecedence
infix operator .!= : ComparisonPrecedence
infix operator .< : ComparisonPrecedence
infix operator .<= : ComparisonPrecedence
infix operator .> : ComparisonPrecedence
infix operator .>= : ComparisonPrecedence

extension Tensor {
  /// The sum of elements. Shapes broadcast.
  @inlinable @inline(__always)
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    binary(Binary.Kind.add, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// The sum of elements.
  @inlinable @inline(__always)
  public static func + (a: Tensor, b: Double) -> Tensor {
    binary(Binary.Kind.add, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// The sum of elements.
  @inlinable @inline(__always)
  public static func + (a: Double, b: Tensor) -> Tensor {
    binary(Binary.Kind.add, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// The difference of elements. Shapes broadcast.
  @inlinable @inline(__always)
  public static func - (a: Tensor, b: Tensor) -> Tensor {
    binary(Binary.Kind.subtract, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// The difference of elements.
  @inlinable @inline(__always)
  public static func - (a: Tensor, b: Double) -> Tensor {
    binary(Binary.Kind.subtract, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// The difference of elements.
  @inlinable @inline(__always)
  public static func - (a: Double, b: Tensor) -> Tensor {
    binary(Binary.Kind.subtract, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// The product of elements; `matmul` is the product of matrices. Shapes broadcast.
  @inlinable @inline(__always)
  public static func * (a: Tensor, b: Tensor) -> Tensor {
    binary(Binary.Kind.multiply, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// The product of elements; `matmul` is the product of matrices.
  @inlinable @inline(__always)
  public static func * (a: Tensor, b: Double) -> Tensor {
    binary(Binary.Kind.multiply, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// The product of elements; `matmul` is the product of matrices.
  @inlinable @inline(__always)
  public static func * (a: Double, b: Tensor) -> Tensor {
    binary(Binary.Kind.multiply, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// The quotient of elements; integers are truncated toward zero. Shapes broadcast.
  @inlinable @inline(__always)
  public static func / (a: Tensor, b: Tensor) -> Tensor {
    binary(Binary.Kind.divide, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// The quotient of elements; integers are truncated toward zero.
  @inlinable @inline(__always)
  public static func / (a: Tensor, b: Double) -> Tensor {
    binary(Binary.Kind.divide, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// The quotient of elements; integers are truncated toward zero.
  @inlinable @inline(__always)
  public static func / (a: Double, b: Tensor) -> Tensor {
    binary(Binary.Kind.divide, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// What remains of division truncated toward zero, with the sign of the dividend. Shapes broadcast.
  @inlinable @inline(__always)
  public static func % (a: Tensor, b: Tensor) -> Tensor {
    binary(Binary.Kind.remainder, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// What remains of division truncated toward zero, with the sign of the dividend.
  @inlinable @inline(__always)
  public static func % (a: Tensor, b: Double) -> Tensor {
    binary(Binary.Kind.remainder, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// What remains of division truncated toward zero, with the sign of the dividend.
  @inlinable @inline(__always)
  public static func % (a: Double, b: Tensor) -> Tensor {
    binary(Binary.Kind.remainder, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// The elements with the opposite sign.
  @inlinable @inline(__always)
  public static prefix func - (a: Tensor) -> Tensor {
    unary(.negate, a, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  public static func += (a: inout Tensor, b: Tensor) { a = a + b }
  public static func -= (a: inout Tensor, b: Tensor) { a = a - b }
  public static func *= (a: inout Tensor, b: Tensor) { a = a * b }
  public static func /= (a: inout Tensor, b: Tensor) { a = a / b }
}

// MARK: - Comparison, element by element

extension Tensor {
  /// Whether elements are smaller. Shapes broadcast.
  @inlinable @inline(__always)
  public static func .< (a: Tensor, b: Tensor) -> Tensor {
    compare(Compare.Kind.less, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// Whether elements are smaller.
  @inlinable @inline(__always)
  public static func .< (a: Tensor, b: Double) -> Tensor {
    compare(Compare.Kind.less, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// Whether elements are smaller.
  @inlinable @inline(__always)
  public static func .< (a: Double, b: Tensor) -> Tensor {
    compare(Compare.Kind.less, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// Whether elements are smaller or equal. Shapes broadcast.
  @inlinable @inline(__always)
  public static func .<= (a: Tensor, b: Tensor) -> Tensor {
    compare(Compare.Kind.lessOrEqual, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// Whether elements are smaller or equal.
  @inlinable @inline(__always)
  public static func .<= (a: Tensor, b: Double) -> Tensor {
    compare(Compare.Kind.lessOrEqual, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// Whether elements are smaller or equal.
  @inlinable @inline(__always)
  public static func .<= (a: Double, b: Tensor) -> Tensor {
    compare(Compare.Kind.lessOrEqual, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// Whether elements are larger. Shapes broadcast.
  @inlinable @inline(__always)
  public static func .> (a: Tensor, b: Tensor) -> Tensor {
    compare(Compare.Kind.greater, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// Whether elements are larger.
  @inlinable @inline(__always)
  public static func .> (a: Tensor, b: Double) -> Tensor {
    compare(Compare.Kind.greater, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// Whether elements are larger.
  @inlinable @inline(__always)
  public static func .> (a: Double, b: Tensor) -> Tensor {
    compare(Compare.Kind.greater, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// Whether elements are larger or equal. Shapes broadcast.
  @inlinable @inline(__always)
  public static func .>= (a: Tensor, b: Tensor) -> Tensor {
    compare(Compare.Kind.greaterOrEqual, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// Whether elements are larger or equal.
  @inlinable @inline(__always)
  public static func .>= (a: Tensor, b: Double) -> Tensor {
    compare(Compare.Kind.greaterOrEqual, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// Whether elements are larger or equal.
  @inlinable @inline(__always)
  public static func .>= (a: Double, b: Tensor) -> Tensor {
    compare(Compare.Kind.greaterOrEqual, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// Whether elements are equal; NaN equals nothing. Shapes broadcast.
  @inlinable @inline(__always)
  public static func .== (a: Tensor, b: Tensor) -> Tensor {
    compare(Compare.Kind.equal, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// Whether elements are equal; NaN equals nothing.
  @inlinable @inline(__always)
  public static func .== (a: Tensor, b: Double) -> Tensor {
    compare(Compare.Kind.equal, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// Whether elements are equal; NaN equals nothing.
  @inlinable @inline(__always)
  public static func .== (a: Double, b: Tensor) -> Tensor {
    compare(Compare.Kind.equal, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// Whether elements differ; NaN differs from everything. Shapes broadcast.
  @inlinable @inline(__always)
  public static func .!= (a: Tensor, b: Tensor) -> Tensor {
    compare(Compare.Kind.notEqual, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// Whether elements differ; NaN differs from everything.
  @inlinable @inline(__always)
  public static func .!= (a: Tensor, b: Double) -> Tensor {
    compare(Compare.Kind.notEqual, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// Whether elements differ; NaN differs from everything.
  @inlinable @inline(__always)
  public static func .!= (a: Double, b: Tensor) -> Tensor {
    compare(Compare.Kind.notEqual, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }
}

// MARK: - Logic and bits

extension Tensor {
  /// Logical and bitwise conjunction. Shapes broadcast.
  @inlinable @inline(__always)
  public static func & (a: Tensor, b: Tensor) -> Tensor {
    binary(Binary.Kind.and, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// Logical and bitwise disjunction. Shapes broadcast.
  @inlinable @inline(__always)
  public static func | (a: Tensor, b: Tensor) -> Tensor {
    binary(Binary.Kind.or, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// Logical and bitwise exclusive disjunction. Shapes broadcast.
  @inlinable @inline(__always)
  public static func ^ (a: Tensor, b: Tensor) -> Tensor {
    binary(Binary.Kind.xor, a, b, at: SourceLocation(programCounter: martlet_program_counter()))
  }

  /// Logical negation of bool, bitwise complement of integers.
  @inlinable @inline(__always)
  public static prefix func ! (a: Tensor) -> Tensor {
    unary(.not, a, at: SourceLocation(programCounter: martlet_program_counter()))
  }
}

// MARK: - Recording with numbers

extension Tensor {
  @usableFromInline
  package static func binary(_ kind: Binary.Kind, _ a: Tensor, _ b: Double, at location: SourceLocation) -> Tensor {
    binary(kind, a, Tensor(literal: b, like: a, at: location), at: location)
  }

  @usableFromInline
  package static func binary(_ kind: Binary.Kind, _ a: Double, _ b: Tensor, at location: SourceLocation) -> Tensor {
    binary(kind, Tensor(literal: a, like: b, at: location), b, at: location)
  }

  @usableFromInline
  package static func compare(_ kind: Compare.Kind, _ a: Tensor, _ b: Tensor, at location: SourceLocation) -> Tensor {
    record(Compare(kind), a, b, at: location)
  }

  @usableFromInline
  package static func compare(_ kind: Compare.Kind, _ a: Tensor, _ b: Double, at location: SourceLocation) -> Tensor {
    compare(kind, a, Tensor(literal: b, like: a, at: location), at: location)
  }

  @usableFromInline
  package static func compare(_ kind: Compare.Kind, _ a: Double, _ b: Tensor, at location: SourceLocation) -> Tensor {
    compare(kind, Tensor(literal: a, like: b, at: location), b, at: location)
  }
}
