/// A tensor of the reference interpreter: every element as a double or a 64-bit integer, rounded to its type.
///
/// Arithmetic is done in the wide form and rounded once, so results are at least as accurate as any engine's.
public struct ReferenceTensor: Sendable {
  public enum Elements: Sendable {
    /// Values of floating-point types.
    case floating([Double])
    /// Values of integers and bool; `uint64` as its bit pattern.
    case integer([Int64])
  }

  public var type: TensorType
  /// Row-major.
  public var elements: Elements

  public init(type: TensorType, elements: Elements) {
    self.type = type
    self.elements = elements
  }

  /// Floating-point values, each rounded to `type`.
  public init(_ type: TensorType, rounding values: [Double]) {
    self.init(type: type, elements: .floating(values.map { type.dtype.rounded($0) }))
  }

  /// Integers, each wrapped to `type`.
  public init(_ type: TensorType, wrapping values: [Int64]) {
    self.init(type: type, elements: .integer(values.map { type.dtype.wrapped($0) }))
  }

  /// Reads the dense row-major elements of `type` from memory.
  public init(_ type: TensorType, reading bytes: UnsafeRawBufferPointer) {
    let width = type.dtype.sizeInBytes
    let literals = (0..<type.elementCount).lazy.map { i -> Literal in
      var bits: UInt64 = 0
      withUnsafeMutableBytes(of: &bits) { $0.copyMemory(from: .init(rebasing: bytes[(i * width)..<((i + 1) * width)])) }
      return Literal(dtype: type.dtype, bits: bits)
    }
    self.type = type
    elements =
      type.dtype.isFloatingPoint ? .floating(literals.map(\.doubleValue)) : .integer(literals.map(\.integerValue))
  }

  /// Writes the elements, dense and row-major, into memory.
  public func write(to bytes: UnsafeMutableRawBufferPointer) {
    let width = type.dtype.sizeInBytes
    for i in 0..<type.elementCount {
      var bits =
        switch elements {
        case .floating(let values): Literal(values[i], type.dtype).bits
        case .integer(let values):
          type.dtype == .bool ? (values[i] == 0 ? 0 : 1) : UInt64(bitPattern: values[i])
        }
      withUnsafeBytes(of: &bits) {
        UnsafeMutableRawBufferPointer(rebasing: bytes[(i * width)..<((i + 1) * width)])
          .copyMemory(from: .init(rebasing: $0[..<width]))
      }
    }
  }

  /// The floating-point values; integers are converted.
  public var doubles: [Double] {
    switch elements {
    case .floating(let values): values
    case .integer(let values):
      type.dtype == .uint64 ? values.map { Double(UInt64(bitPattern: $0)) } : values.map(Double.init)
    }
  }

  /// The integer values.
  ///
  /// - Precondition: The element type is an integer or bool.
  public var integers: [Int64] {
    guard case .integer(let values) = elements else { preconditionFailure("\(type) does not hold integers") }
    return values
  }
}

extension DType {
  /// The value of this floating-point type nearest to `value`, ties to even.
  package func rounded(_ value: Double) -> Double {
    switch self {
    case .float64: value
    case .float32: Double(Float(value))
    default: Literal(value, self).doubleValue
    }
  }

  /// `value` reduced to the range of this integer type; bool asks whether it is not 0.
  package func wrapped(_ value: Int64) -> Int64 {
    Literal(dtype: self, bits: self == .bool ? (value == 0 ? 0 : 1) : UInt64(bitPattern: value)).integerValue
  }
}
