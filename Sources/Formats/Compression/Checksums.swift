/// The CRC-32 of zip, gzip and PNG (polynomial 0xEDB88320, reflected).
package struct CRC32 {
  private var state: UInt32 = 0xFFFF_FFFF

  package init() {}

  /// The checksum of all bytes so far.
  package var value: UInt32 { ~state }

  /// Takes in more bytes, eight at a time.
  ///
  /// - Note: The eight tables are Kounavis and Berry, *A systematic approach to building high performance
  ///   software-based CRC generators* (2005).
  package mutating func update(_ bytes: Span<UInt8>) {
    let tables = CRC32.tables
    let table = tables.span
    let raw = bytes.bytes
    var crc = state
    var i = 0
    while i + 8 <= bytes.count {
      let word = UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: i, as: UInt64.self)) ^ UInt64(crc)
      var sum: UInt32 = 0
      for lane in 0..<8 {
        let byte = Int(truncatingIfNeeded: word >> (8 * UInt64(lane))) & 255
        sum ^= table[(7 - lane) * 256 + byte]
      }
      crc = sum
      i += 8
    }
    while i < bytes.count {
      crc = table[Int(UInt8(truncatingIfNeeded: crc) ^ bytes[i])] ^ (crc >> 8)
      i += 1
    }
    state = crc
  }

  /// The checksum of one run of bytes.
  package static func checksum(_ bytes: Span<UInt8>) -> UInt32 {
    var crc = CRC32()
    crc.update(bytes)
    return crc.value
  }

  /// The checksum of shared bytes.
  package static func checksum(_ bytes: SharedBytes) -> UInt32 { bytes.withSpan { checksum($0) } }

  // Entry 256 k + b: what byte b does to the checksum when k zero bytes follow it.
  private static let tables: [UInt32] = {
    var table = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var crc = UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
      table[byte] = crc
    }
    for i in 256..<(8 * 256) { table[i] = (table[i - 256] >> 8) ^ table[Int(table[i - 256] & 255)] }
    return table
  }()
}

/// The Adler-32 checksum of zlib streams (RFC 1950).
package enum Adler32 {
  package static func checksum(_ bytes: Span<UInt8>) -> UInt32 {
    var a: UInt32 = 1
    var b: UInt32 = 0
    var start = 0
    while start < bytes.count {
      // 5,552 is the largest run after which b still fits in 32 bits without a division.
      let end = min(start + 5552, bytes.count)
      for i in start..<end {
        a &+= UInt32(bytes[i])
        b &+= a
      }
      a %= 65521
      b %= 65521
      start = end
    }
    return b << 16 | a
  }
}
