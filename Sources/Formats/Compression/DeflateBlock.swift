/// Literals and matches of one block, and how they are written.
struct DeflateBlock {
  // A literal is its byte; a match is its length above bit 16 and its distance below.
  private var tokens: [UInt32] = []
  private var literalCounts = [Int](repeating: 0, count: 286)
  private var distanceCounts = [Int](repeating: 0, count: 30)

  var isFull: Bool { tokens.count >= 1 << 15 }

  mutating func reset() { self = DeflateBlock() }

  mutating func append(literal: UInt8) {
    tokens.append(UInt32(literal))
    literalCounts[Int(literal)] += 1
  }

  mutating func append(length: Int, distance: Int) {
    tokens.append(UInt32(length) << 16 | UInt32(distance))
    literalCounts[DeflateSymbols.ofLength[length]] += 1
    distanceCounts[DeflateSymbols.ofDistance(distance)] += 1
  }

  /// Writes the block in whichever of the three forms is shortest; `source` are the bytes that it stands for.
  func write(to writer: inout BitWriter, source: Span<UInt8>, isLast: Bool) {
    var counts = literalCounts
    counts[256] = 1
    let literalLengths = HuffmanEncoder.lengths(for: counts, limit: 15)
    let distanceLengths = HuffmanEncoder.lengths(for: distanceCounts, limit: 15)
    let header = DynamicHeader(literalLengths, distanceLengths)
    let fixedDistances = DeflateAlphabet.fixedDistanceLengths
    let dynamicCost = header.cost + cost(counts, literalLengths, distanceLengths)
    let fixedCost = cost(counts, DeflateAlphabet.fixedLiteralLengths, fixedDistances)
    // A stored block holds at most 65,535 bytes and has a header of five.
    let storedCost = 8 * (source.count + 5 * (source.count / 65535 + 1))
    if storedCost <= min(dynamicCost, fixedCost) {
      DeflateBlock.writeStored(source, to: &writer, isLast: isLast)
    } else if fixedCost <= dynamicCost {
      writer.write((isLast ? 1 : 0) | 1 << 1, bits: 3)
      writeTokens(to: &writer, DeflateAlphabet.fixedLiteralLengths, fixedDistances)
    } else {
      writer.write((isLast ? 1 : 0) | 2 << 1, bits: 3)
      header.write(to: &writer)
      writeTokens(to: &writer, literalLengths, distanceLengths)
    }
  }

  /// Bits that the tokens take with codes of the given lengths.
  private func cost(_ counts: [Int], _ literalLengths: [UInt8], _ distanceLengths: [UInt8]) -> Int {
    var bits = 0
    for symbol in 0..<286 {
      let extra = symbol > 256 ? DeflateAlphabet.length(symbol: symbol).extra : 0
      bits += counts[symbol] * (Int(literalLengths[symbol]) + extra)
    }
    for symbol in 0..<30 {
      let extra = DeflateAlphabet.distance(symbol: symbol).extra
      bits += distanceCounts[symbol] * (Int(distanceLengths[symbol]) + extra)
    }
    return bits
  }

  private static func writeStored(_ source: Span<UInt8>, to writer: inout BitWriter, isLast: Bool) {
    var start = 0
    repeat {
      let end = min(start + 65535, source.count)
      writer.write(isLast && end == source.count ? 1 : 0, bits: 3)
      writer.alignToByte()
      writer.write(end - start, bits: 16)
      writer.write((end - start) ^ 0xFFFF, bits: 16)
      for i in start..<end { writer.bytes.append(source[i]) }
      start = end
    } while start < source.count
  }

  private func writeTokens(to writer: inout BitWriter, _ literalLengths: [UInt8], _ distanceLengths: [UInt8]) {
    let literalCodes = HuffmanEncoder.codes(for: literalLengths)
    let distanceCodes = HuffmanEncoder.codes(for: distanceLengths)
    for token in tokens {
      let length = Int(token >> 16)
      guard length > 0 else {
        writer.write(literalCodes[Int(token)], bits: Int(literalLengths[Int(token)]))
        continue
      }
      let symbol = DeflateSymbols.ofLength[length]
      writer.write(literalCodes[symbol], bits: Int(literalLengths[symbol]))
      let (lengthBase, lengthExtra) = DeflateAlphabet.length(symbol: symbol)
      writer.write(length - lengthBase, bits: lengthExtra)
      let distance = Int(token & 0xFFFF)
      let distanceSymbol = DeflateSymbols.ofDistance(distance)
      writer.write(distanceCodes[distanceSymbol], bits: Int(distanceLengths[distanceSymbol]))
      let (distanceBase, distanceExtra) = DeflateAlphabet.distance(symbol: distanceSymbol)
      writer.write(distance - distanceBase, bits: distanceExtra)
    }
    writer.write(literalCodes[256], bits: Int(literalLengths[256]))
  }
}

/// The symbols that stand for lengths and distances.
private enum DeflateSymbols {
  static let ofLength: [Int] = {
    var symbols = [Int](repeating: 0, count: 259)
    for symbol in 257..<286 {
      let (base, extra) = DeflateAlphabet.length(symbol: symbol)
      for length in base..<min(base + 1 << extra, 259) { symbols[length] = symbol }
    }
    return symbols
  }()

  static func ofDistance(_ distance: Int) -> Int {
    if distance <= 4 { return distance - 1 }
    let width = Int.bitWidth - 1 - (distance - 1).leadingZeroBitCount
    return 2 * width + ((distance - 1) >> (width - 1)) & 1
  }
}

/// The description of a dynamic block's two codes: their lengths, run-length coded and Huffman coded themselves.
private struct DynamicHeader {
  private var symbols: [(symbol: Int, extra: Int, bits: Int)] = []
  private let literalCount: Int
  private let distanceCount: Int
  private let lengths: [UInt8]
  private let orderCount: Int

  init(_ literalLengths: [UInt8], _ distanceLengths: [UInt8]) {
    literalCount = max(257, (literalLengths.lastIndex { $0 != 0 } ?? 0) + 1)
    distanceCount = max(1, (distanceLengths.lastIndex { $0 != 0 } ?? 0) + 1)
    symbols = DynamicHeader.runs(Array(literalLengths[..<literalCount] + distanceLengths[..<distanceCount]))
    var counts = [Int](repeating: 0, count: 19)
    for run in symbols { counts[run.symbol] += 1 }
    // A code of a single symbol would be incomplete, which some readers refuse here.
    if counts.count(where: { $0 > 0 }) == 1 { counts[counts[0] > 0 ? 1 : 0] += 1 }
    let lengths = HuffmanEncoder.lengths(for: counts, limit: 7)
    self.lengths = lengths
    var last = 18
    while last > 3, lengths[DeflateAlphabet.codeLengthOrder[last]] == 0 { last -= 1 }
    orderCount = last + 1
  }

  /// Bits that the header takes.
  var cost: Int {
    17 + 3 * orderCount + symbols.reduce(0) { $0 + Int(lengths[$1.symbol]) + $1.bits }
  }

  func write(to writer: inout BitWriter) {
    writer.write(literalCount - 257, bits: 5)
    writer.write(distanceCount - 1, bits: 5)
    writer.write(orderCount - 4, bits: 4)
    for i in 0..<orderCount { writer.write(Int(lengths[DeflateAlphabet.codeLengthOrder[i]]), bits: 3) }
    let codes = HuffmanEncoder.codes(for: lengths)
    for run in symbols {
      writer.write(codes[run.symbol], bits: Int(lengths[run.symbol]))
      writer.write(run.extra, bits: run.bits)
    }
  }

  private static func runs(_ values: [UInt8]) -> [(symbol: Int, extra: Int, bits: Int)] {
    var result: [(symbol: Int, extra: Int, bits: Int)] = []
    var i = 0
    while i < values.count {
      let value = values[i]
      var count = 1
      while i + count < values.count, values[i + count] == value { count += 1 }
      i += count
      if value != 0 {
        result.append((Int(value), 0, 0))
        count -= 1
      }
      while count >= 3 {
        let (symbol, least, most, bits) = value != 0 ? (16, 3, 6, 2) : count < 11 ? (17, 3, 10, 3) : (18, 11, 138, 7)
        let taken = min(count, most)
        result.append((symbol, taken - least, bits))
        count -= taken
      }
      for _ in 0..<count { result.append((Int(value), 0, 0)) }
    }
    return result
  }
}
