/// The SHA-256 digest (FIPS 180-4), for telling whether a file is still the one that was written.
package struct SHA256 {
  private var state: InlineArray<8, UInt32> = [
    0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19,
  ]
  private var pending: [UInt8] = []
  private var count: UInt64 = 0

  package init() {}

  /// Takes in more bytes.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    count += UInt64(bytes.count)
    var start = 0
    if !pending.isEmpty {
      start = min(64 - pending.count, bytes.count)
      pending.append(contentsOf: bytes[0..<start])
      guard pending.count == 64 else { return }
      pending.withUnsafeBytes { compress($0, blocks: 1) }
      pending.removeAll(keepingCapacity: true)
    }
    let blocks = (bytes.count - start) / 64
    let end = start + blocks * 64
    compress(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), blocks: blocks)
    pending.append(contentsOf: bytes[end...])
  }

  /// The digest of all bytes so far, as 64 hexadecimal digits.
  package consuming func hexadecimal() -> String {
    let bits = count &* 8
    var tail: [UInt8] = [0x80]
    tail += repeatElement(0, count: (119 - pending.count) % 64)
    for shift in stride(from: 56, through: 0, by: -8) { tail.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift))) }
    tail.withUnsafeBytes { update($0) }
    var text = ""
    for i in 0..<8 {
      let digits = String(state[i], radix: 16)
      text += String(repeating: "0", count: 8 - digits.count) + digits
    }
    return text
  }

  /// The digest of one run of bytes.
  package static func digest(_ bytes: SharedBytes) -> String {
    bytes.withUnsafeBytes { bytes in
      var hash = SHA256()
      hash.update(bytes)
      return hash.hexadecimal()
    }
  }

  private mutating func compress(_ bytes: UnsafeRawBufferPointer, blocks: Int) {
    SHA256.constants.withUnsafeBufferPointer { constants in
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { words in
        for block in 0..<blocks {
          for i in 0..<16 {
            words[i] = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: block * 64 + i * 4, as: UInt32.self))
          }
          for i in 16..<64 {
            let (a, b) = (words[i - 15], words[i - 2])
            let first = rotated(a, 7) ^ rotated(a, 18) ^ (a >> 3)
            let second = rotated(b, 17) ^ rotated(b, 19) ^ (b >> 10)
            words[i] = words[i - 16] &+ first &+ words[i - 7] &+ second
          }
          round(words, constants)
        }
      }
    }
  }

  private mutating func round(
    _ words: UnsafeMutableBufferPointer<UInt32>, _ constants: UnsafeBufferPointer<UInt32>
  ) {
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for i in 0..<64 {
      let choice = (e & f) ^ (~e & g)
      let first = h &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ choice &+ constants[i] &+ words[i]
      let majority = (a & b) ^ (a & c) ^ (b & c)
      let second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ majority
      (h, g, f, e) = (g, f, e, d &+ first)
      (d, c, b, a) = (c, b, a, first &+ second)
    }
    state[0] &+= a
    state[1] &+= b
    state[2] &+= c
    state[3] &+= d
    state[4] &+= e
    state[5] &+= f
    state[6] &+= g
    state[7] &+= h
  }

  @inline(__always)
  private func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 { (word >> count) | (word << (32 - count)) }

  // The first 32 bits of the fractional parts of the cube roots of the first 64 primes, computed rather than typed in:
  // the integer root of prime · 2⁹⁶ is exact.
  private static let constants: [UInt32] = {
    var primes: [UInt64] = []
    var candidate: UInt64 = 2
    while primes.count < 64 {
      if primes.allSatisfy({ candidate % $0 != 0 }) { primes.append(candidate) }
      candidate += 1
    }
    return primes.map { prime in
      // A root below 8 with 32 binary places, found bit by bit.
      var root: UInt128 = 0
      let target = UInt128(prime) << 96
      for bit in stride(from: 34, through: 0, by: -1) {
        let larger = root | (1 << UInt128(bit))
        if larger * larger * larger <= target { root = larger }
      }
      return UInt32(truncatingIfNeeded: root)
    }
  }()
}
