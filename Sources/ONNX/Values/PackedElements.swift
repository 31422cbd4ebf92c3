import MartletFormats

/// Elements as they are in files, where those of less than 8 bits share bytes and narrow floats are codes.
enum PackedElements {
  /// The elements in the carrier of their type.
  ///
  /// - Throws: `ONNXError` if there are not exactly as many bytes as `count` elements take.
  static func expanded(_ bytes: SharedBytes, _ type: ONNXElementType, count: Int) throws -> SharedBytes {
    let expected = (count * type.bitWidth + 7) / 8
    guard bytes.count == expected else {
      throw ONNXError(.mismatch, "\(bytes.count) bytes are not the \(expected) that \(count) of \(type) take")
    }
    if type.isNative { return bytes }
    let codes = bytes.withUnsafeBytes { unpacked($0, width: type.bitWidth, count: count) }
    if let format = NarrowFloat(type) {
      let table = (0...255).map { format.value(of: UInt8($0)) }
      return SharedBytes(codes.map { table[Int($0)] }.withUnsafeBytes { [UInt8]($0) })
    }
    let isSigned = type == .int4 || type == .int2
    return SharedBytes(isSigned ? codes.map { signExtended($0, width: type.bitWidth) } : codes)
  }

  /// The elements of a carrier as they are in files.
  static func packed(_ bytes: UnsafeRawBufferPointer, _ type: ONNXElementType, count: Int) -> [UInt8] {
    if type.isNative { return [UInt8](bytes) }
    var codes: [UInt8]
    if let format = NarrowFloat(type) {
      codes = (0..<count).map { format.code(of: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)) }
    } else {
      codes = [UInt8](bytes)
    }
    let width = type.bitWidth
    if width == 8 { return codes }
    let perByte = 8 / width
    var result = [UInt8](repeating: 0, count: (count * width + 7) / 8)
    for (place, code) in codes.enumerated() {
      result[place / perByte] |= (code & UInt8(1 << width - 1)) << UInt8(place % perByte * width)
    }
    return result
  }

  /// One code a byte; the first element is in the lowest bits.
  private static func unpacked(_ bytes: UnsafeRawBufferPointer, width: Int, count: Int) -> [UInt8] {
    if width == 8 { return [UInt8](bytes) }
    let perByte = 8 / width
    return (0..<count).map { bytes[$0 / perByte] >> UInt8($0 % perByte * width) & UInt8(1 << width - 1) }
  }

  private static func signExtended(_ code: UInt8, width: Int) -> UInt8 {
    let shift = UInt8(8 - width)
    return UInt8(bitPattern: Int8(bitPattern: code << shift) >> Int8(shift))
  }
}
