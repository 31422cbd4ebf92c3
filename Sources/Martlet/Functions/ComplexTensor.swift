import MartletGraph

/// Complex numbers as two tensors: as far as Fourier transforms need them.
///
/// Both parts have the same shape and floating-point type. Derivatives are those by the parts, so a real function of
/// complex numbers has a gradient by each of them.
public struct ComplexTensor: Sendable {
  public let real: Tensor
  public let imaginary: Tensor

  /// Complex numbers of given parts.
  ///
  /// - Precondition: Same shape and floating-point type.
  public init(real: Tensor, imaginary: Tensor, fileID: StaticString = #fileID, line: UInt = #line) {
    let parts = compose("ComplexTensor", results: 2, fileID, line) { _ in
      try checkFloatingPoint(real)
      if real.type != imaginary.type { throw mistake("the parts differ: \(real.type) and \(imaginary.type)") }
      return [real, imaginary]
    }
    self.init(parts: parts)
  }

  /// Real numbers as complex ones.
  public init(_ real: Tensor, fileID: StaticString = #fileID, line: UInt = #line) {
    self.init(real: real, imaginary: .zeros(like: real), fileID: fileID, line: line)
  }

  /// Complex numbers of given magnitude and angle in radians. Shapes broadcast.
  public init(magnitude: Tensor, angle: Tensor, fileID: StaticString = #fileID, line: UInt = #line) {
    let parts = compose("ComplexTensor", results: 2, fileID, line) { c in
      [
        try c.binary(.multiply, magnitude, c.unary(.cos, angle)),
        try c.binary(.multiply, magnitude, c.unary(.sin, angle)),
      ]
    }
    self.init(parts: parts)
  }

  init(parts: [Tensor]) {
    real = parts[0]
    imaginary = parts[1]
  }

  public var shape: Shape { real.shape }
  public var dtype: DType { real.dtype }
  public var rank: Int { real.rank }
}

extension ComplexTensor {
  /// The distances from 0. The derivative at 0 is 0.
  public func magnitude(fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    hypot(real, imaginary, fileID: fileID, line: line)
  }

  /// The angles in radians, -π...π.
  public func angle(fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    atan2(imaginary, real, fileID: fileID, line: line)
  }

  /// The numbers with the opposite imaginary part.
  public var conjugate: ComplexTensor { ComplexTensor(parts: [real, -imaginary]) }

  /// The numbers with both parts rearranged by the same function.
  ///
  /// - Parameter body: Any function that moves elements: reshaping, slicing, joining.
  public func mapParts(_ body: (Tensor) throws -> Tensor) rethrows -> ComplexTensor {
    ComplexTensor(parts: [try body(real), try body(imaginary)])
  }

  /// The sum of numbers. Shapes broadcast.
  public static func + (a: ComplexTensor, b: ComplexTensor) -> ComplexTensor {
    ComplexTensor(parts: [a.real + b.real, a.imaginary + b.imaginary])
  }

  /// The difference of numbers. Shapes broadcast.
  public static func - (a: ComplexTensor, b: ComplexTensor) -> ComplexTensor {
    ComplexTensor(parts: [a.real - b.real, a.imaginary - b.imaginary])
  }

  /// The product of numbers. Shapes broadcast.
  public static func * (a: ComplexTensor, b: ComplexTensor) -> ComplexTensor {
    ComplexTensor(parts: [
      a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real,
    ])
  }

  /// The product with real numbers. Shapes broadcast.
  public static func * (a: ComplexTensor, b: Tensor) -> ComplexTensor { a.mapParts { $0 * b } }

  /// The product with a real number.
  public static func * (a: ComplexTensor, b: Double) -> ComplexTensor { a.mapParts { $0 * b } }

  /// The quotient of numbers. Shapes broadcast. Squares of magnitudes must neither overflow nor vanish.
  public static func / (a: ComplexTensor, b: ComplexTensor) -> ComplexTensor {
    let square = b.real * b.real + b.imaginary * b.imaginary
    return (a * b.conjugate).mapParts { $0 / square }
  }

  /// The numbers with the opposite sign.
  public static prefix func - (a: ComplexTensor) -> ComplexTensor { a.mapParts { -$0 } }
}
