import MartletGraph

/// A tensor as it is in a file: element type, shape and bytes, row-major, lowest byte first.
public struct StoredTensor: Sendable {
  /// The type of the elements.
  public let dtype: DType
  /// The sizes of the dimensions, outermost first.
  public let shape: Shape
  /// The elements; `shape.elementCount * dtype.sizeInBytes` bytes, shared with the file they come from.
  public let bytes: SharedBytes

  /// A tensor over bytes that are there already.
  ///
  /// - Precondition: As many bytes as shape and type need.
  public init(dtype: DType, shape: Shape, bytes: SharedBytes) {
    precondition(
      StoredTensor.sizeInBytes(dtype: dtype, shape: shape) == bytes.count,
      "\(dtype) \(shape) does not take \(bytes.count) bytes")
    self.dtype = dtype
    self.shape = shape
    self.bytes = bytes
  }

  /// The bytes that a tensor takes, or nil if its sizes are negative or multiply to more than fits in `Int`.
  ///
  /// Sizes of 0 are taken as 1 for the overflow check, so that no later product over a part of them can overflow.
  package static func sizeInBytes(dtype: DType, shape: some Sequence<Int>) -> Int? {
    var bytes = dtype.sizeInBytes
    var isEmpty = false
    for size in shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: max(size, 1))
      if overflow || size < 0 { return nil }
      bytes = product
      isEmpty = isEmpty || size == 0
    }
    return isEmpty ? 0 : bytes
  }
}

/// A Swift type whose values are tensor elements.
public protocol StoredScalar: BitwiseCopyable, Sendable {
  /// The element type that this type stands for.
  static var storedDType: DType { get }
}

extension Bool: StoredScalar { public static var storedDType: DType { .bool } }
extension UInt8: StoredScalar { public static var storedDType: DType { .uint8 } }
extension UInt16: StoredScalar { public static var storedDType: DType { .uint16 } }
extension UInt32: StoredScalar { public static var storedDType: DType { .uint32 } }
extension UInt64: StoredScalar { public static var storedDType: DType { .uint64 } }
extension Int8: StoredScalar { public static var storedDType: DType { .int8 } }
extension Int16: StoredScalar { public static var storedDType: DType { .int16 } }
extension Int32: StoredScalar { public static var storedDType: DType { .int32 } }
extension Int64: StoredScalar { public static var storedDType: DType { .int64 } }
extension Int: StoredScalar { public static var storedDType: DType { .int64 } }
extension Float: StoredScalar { public static var storedDType: DType { .float32 } }
extension Double: StoredScalar { public static var storedDType: DType { .float64 } }
#if !(os(macOS) && arch(x86_64))
  extension Float16: StoredScalar { public static var storedDType: DType { .float16 } }
#endif

extension StoredTensor {
  /// A tensor of the given values in row-major order.
  ///
  /// - Precondition: As many values as the shape has elements.
  public init<Scalar: StoredScalar>(_ values: [Scalar], shape: Shape) {
    let bytes = values.withUnsafeBytes { [UInt8]($0) }
    self.init(dtype: Scalar.storedDType, shape: shape, bytes: SharedBytes(bytes))
  }

  /// The elements in row-major order.
  ///
  /// A `bool` other than 0 and 1 in the file counts as true.
  ///
  /// - Throws: `FormatError` of kind `mismatch` if the elements are of another type.
  public func values<Scalar: StoredScalar>(as _: Scalar.Type = Scalar.self) throws(FormatError) -> [Scalar] {
    guard Scalar.storedDType == dtype else {
      throw FormatError(.mismatch, file: "", "elements are \(dtype), not \(Scalar.storedDType)")
    }
    let count = bytes.count / MemoryLayout<Scalar>.size
    return [Scalar](unsafeUninitializedCapacity: count) { target, initialized in
      let destination = UnsafeMutableRawBufferPointer(target)
      bytes.copy(to: destination)
      if dtype == .bool { StoredTensor.normalizeBooleans(destination) }
      initialized = count
    }
  }

  /// The same tensor with each `bool` byte 0 or 1; copies only if it is of that type and has other bytes.
  ///
  /// Swift's `Bool` and C's `bool` are undefined for other bytes, so bytes from a file go through here first.
  public func normalized() -> StoredTensor {
    guard dtype == .bool, bytes.withUnsafeBytes({ $0.contains { $0 > 1 } }) else { return self }
    var copy = bytes.array
    copy.withUnsafeMutableBytes { StoredTensor.normalizeBooleans($0) }
    return StoredTensor(dtype: .bool, shape: shape, bytes: SharedBytes(copy))
  }

  private static func normalizeBooleans(_ bytes: UnsafeMutableRawBufferPointer) {
    for i in bytes.indices where bytes[i] > 1 { bytes[i] = 1 }
  }
}
