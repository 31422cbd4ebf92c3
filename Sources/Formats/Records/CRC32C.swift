/// The CRC-32C of record files and network protocols (polynomial 0x82F63B78, reflected).
package enum CRC32C {
  /// The checksum of a run of bytes, eight at a time.
  package static func checksum(_ bytes: Span<UInt8>) -> UInt32 {
    let table = tables.span
    let raw = bytes.bytes
    var crc: UInt32 = 0xFFFF_FFFF
    var i = 0
    while i + 8 <= bytes.count {
      let word = UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: i, as: UInt64.self)) ^ UInt64(crc)
      var sum: UInt32 = 0
      for lane in 0..<8 {
        sum ^= table[(7 - lane) * 256 + Int(truncatingIfNeeded: word >> (8 * UInt64(lane))) & 255]
      }
      crc = sum
      i += 8
    }
    while i < bytes.count {
      crc = table[Int(UInt8(truncatingIfNeeded: crc) ^ bytes[i])] ^ (crc >> 8)
      i += 1
    }
    return ~crc
  }

  /// The checksum as record files keep it: turned and shifted, so that a checksum of data that holds checksums is no
  /// trivial one.
  package static func masked(_ bytes: Span<UInt8>) -> UInt32 {
    let crc = checksum(bytes)
    return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
  }

  // Entry 256 k + b: what byte b does to the checksum when k zero bytes follow it.
  private static let tables: [UInt32] = {
    var table = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var crc = UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0x82F6_3B78 : crc >> 1 }
      table[byte] = crc
    }
    for i in 256..<(8 * 256) { table[i] = (table[i - 256] >> 8) ^ table[Int(table[i - 256] & 255)] }
    return table
  }()
}
