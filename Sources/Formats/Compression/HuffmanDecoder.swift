/// A table that decodes one canonical Huffman code: one look-up for short codes, two for long ones.
///
/// An entry packs, from the lowest bit: code bits to drop (8), extra bits that follow (4), kind (4), value (16).
struct HuffmanDecoder {
  enum Kind {
    /// The value is a literal byte, or a symbol of the code-length alphabet.
    static let literal: UInt32 = 0
    /// The value is the smallest length or distance; extra bits add to it.
    static let base: UInt32 = 1
    static let endOfBlock: UInt32 = 2
    /// The value is the index of a second table, the extra bits its width.
    static let link: UInt32 = 3
    static let invalid: UInt32 = 4
  }

  enum Alphabet {
    case codeLengths, literals, distances
  }

  private(set) var entries: [UInt32] = []
  let primaryBits: Int

  init(primaryBits: Int) { self.primaryBits = primaryBits }

  static func entry(value: Int, kind: UInt32, extra: Int, bits: Int) -> UInt32 {
    UInt32(value) << 16 | kind << 12 | UInt32(extra) << 8 | UInt32(bits)
  }

  /// Fills the table for codes of the given lengths (0: the symbol does not occur).
  ///
  /// - Returns: Whether the lengths make a code: no two codes collide, and none is missing; a single code of one bit,
  ///   or for distances none at all, is allowed, as RFC 1951 says.
  mutating func build(lengths: Span<UInt8>, alphabet: Alphabet) -> Bool {
    var counts = InlineArray<16, Int>(repeating: 0)
    for i in 0..<lengths.count { counts[Int(lengths[i])] += 1 }
    counts[0] = 0
    guard HuffmanDecoder.isCode(counts, mayBeEmpty: alphabet == .distances) else { return false }

    var nextCode = InlineArray<16, Int>(repeating: 0)
    for length in 1..<16 { nextCode[length] = (nextCode[length - 1] + counts[length - 1]) << 1 }
    let invalid = HuffmanDecoder.entry(value: 0, kind: Kind.invalid, extra: 0, bits: 1)
    entries.removeAll(keepingCapacity: true)
    entries.append(contentsOf: repeatElement(invalid, count: 1 << primaryBits))
    makeLinks(lengths: lengths, firstCodes: nextCode)
    for symbol in 0..<lengths.count where lengths[symbol] > 0 {
      let length = Int(lengths[symbol])
      let code = HuffmanDecoder.reversed(nextCode[length], bits: length)
      nextCode[length] += 1
      insert(symbol: symbol, code: code, length: length, alphabet: alphabet)
    }
    return true
  }

  private static func isCode(_ counts: InlineArray<16, Int>, mayBeEmpty: Bool) -> Bool {
    var free = 1
    var used = 0
    for length in 1..<16 {
      free = free << 1 - counts[length]
      used += counts[length]
      if free < 0 { return false }
    }
    return free == 0 || used == 0 && mayBeEmpty || used == 1 && counts[1] == 1
  }

  /// Reserves a second table for each first part that long codes share, as wide as the longest of them needs.
  private mutating func makeLinks(lengths: Span<UInt8>, firstCodes: InlineArray<16, Int>) {
    var nextCode = firstCodes
    var longest = [UInt8](repeating: 0, count: 1 << primaryBits)
    for symbol in 0..<lengths.count where lengths[symbol] > 0 {
      let length = Int(lengths[symbol])
      let code = HuffmanDecoder.reversed(nextCode[length], bits: length)
      nextCode[length] += 1
      let prefix = code & (1 << primaryBits - 1)
      if length > primaryBits { longest[prefix] = max(longest[prefix], lengths[symbol]) }
    }
    let invalid = HuffmanDecoder.entry(value: 0, kind: Kind.invalid, extra: 0, bits: 1)
    for prefix in 0..<longest.count where longest[prefix] > 0 {
      let width = Int(longest[prefix]) - primaryBits
      entries[prefix] = HuffmanDecoder.entry(value: entries.count, kind: Kind.link, extra: width, bits: primaryBits)
      entries.append(contentsOf: repeatElement(invalid, count: 1 << width))
    }
  }

  private mutating func insert(symbol: Int, code: Int, length: Int, alphabet: Alphabet) {
    if length <= primaryBits {
      let entry = HuffmanDecoder.meaning(of: symbol, in: alphabet, bits: length)
      for i in stride(from: code, to: 1 << primaryBits, by: 1 << length) { entries[i] = entry }
      return
    }
    let link = entries[code & (1 << primaryBits - 1)]
    let start = Int(link >> 16)
    let width = Int(link >> 8) & 15
    let rest = length - primaryBits
    let entry = HuffmanDecoder.meaning(of: symbol, in: alphabet, bits: rest)
    for i in stride(from: code >> primaryBits, to: 1 << width, by: 1 << rest) { entries[start + i] = entry }
  }

  private static func meaning(of symbol: Int, in alphabet: Alphabet, bits: Int) -> UInt32 {
    switch alphabet {
    case .codeLengths:
      return entry(value: symbol, kind: Kind.literal, extra: 0, bits: bits)
    case .literals:
      if symbol < 256 { return entry(value: symbol, kind: Kind.literal, extra: 0, bits: bits) }
      if symbol == 256 { return entry(value: 0, kind: Kind.endOfBlock, extra: 0, bits: bits) }
      guard symbol < 286 else { return entry(value: 0, kind: Kind.invalid, extra: 0, bits: bits) }
      let (base, extra) = DeflateAlphabet.length(symbol: symbol)
      return entry(value: base, kind: Kind.base, extra: extra, bits: bits)
    case .distances:
      guard symbol < 30 else { return entry(value: 0, kind: Kind.invalid, extra: 0, bits: bits) }
      let (base, extra) = DeflateAlphabet.distance(symbol: symbol)
      return entry(value: base, kind: Kind.base, extra: extra, bits: bits)
    }
  }

  /// The code with its bits in the order in which they arrive.
  static func reversed(_ code: Int, bits: Int) -> Int {
    var code = code
    var result = 0
    for _ in 0..<bits {
      result = result << 1 | code & 1
      code >>= 1
    }
    return result
  }
}

/// Which lengths and distances the symbols of deflate stand for (RFC 1951, section 3.2.5).
enum DeflateAlphabet {
  /// The order in which the lengths of the code-length code are stored.
  static let codeLengthOrder: InlineArray<19, Int> = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
  ]

  /// The smallest length of a symbol from 257 to 285, and how many extra bits follow.
  static func length(symbol: Int) -> (base: Int, extra: Int) {
    let i = symbol - 257
    if i < 8 { return (3 + i, 0) }
    if i == 28 { return (258, 0) }
    let extra = i / 4 - 1
    return (3 + (4 + i % 4) << extra, extra)
  }

  /// The smallest distance of a symbol from 0 to 29, and how many extra bits follow.
  static func distance(symbol: Int) -> (base: Int, extra: Int) {
    if symbol < 4 { return (1 + symbol, 0) }
    let extra = symbol / 2 - 1
    return (1 + (2 + symbol % 2) << extra, extra)
  }

  /// The lengths of the fixed code for literals, lengths and the end of a block.
  static let fixedLiteralLengths: [UInt8] =
    Array(repeating: 8, count: 144) + Array(repeating: 9, count: 112) + Array(repeating: 7, count: 24)
    + Array(repeating: 8, count: 8)

  /// The lengths of the fixed code for distances.
  static let fixedDistanceLengths = [UInt8](repeating: 5, count: 32)
}
