/// Decompresses deflate data (RFC 1951).
///
/// The output grows as it is produced, so that memory follows what is really there and never what a header claims. Where
/// only its size and checksum are wanted, the window that matches may refer to is all that is kept.
package struct Inflate {
  /// Deflate cannot shrink anything by more than this factor (258 bytes from two bits).
  package static let largestRatio = 1032

  private let file: String
  private let limit: Int
  private var literals = HuffmanDecoder(primaryBits: 10)
  private var distances = HuffmanDecoder(primaryBits: 9)
  private var codeLengths = HuffmanDecoder(primaryBits: 7)
  private var source: BitSource
  private var output: [UInt8]
  private var written = 0
  /// What became of output that is not kept; nil where all of it is.
  private var passed: Passed?

  /// What is known of a stream that was decompressed and not kept.
  package struct Passed {
    /// The first bytes, 128 KiB at most.
    package var beginning: [UInt8] = []
    /// How many bytes came out, and their checksum.
    package var count = 0
    package var checksum = CRC32()
    /// Where in the input the stream ended.
    package var end = 0

    fileprivate static let beginningCount = 1 << 17
  }

  // Room behind the limit, so that one longest match needs no check of its own.
  private static let slack = 258
  /// How far back a match may reach.
  private static let window = 1 << 15

  /// Decompresses one deflate stream.
  ///
  /// - Parameters:
  ///   - input: Bytes that begin with the stream; more may follow it.
  ///   - start: Where in `input` the stream begins.
  ///   - limit: The most bytes that may come out.
  ///   - sizeHint: The number of bytes that probably come out, if known.
  ///   - file: The name for error messages, whose offsets count from the first byte of `input`.
  /// - Returns: The bytes, and where in `input` the stream ended.
  package static func decompress(
    _ input: Span<UInt8>, from start: Int = 0, limit: Int, sizeHint: Int? = nil, file: String
  ) throws(FormatError) -> (bytes: [UInt8], end: Int) {
    var inflate = Inflate(input, from: start, limit: limit, sizeHint: sizeHint, file: file)
    var isLast = false
    while !isLast { isLast = try inflate.block(input) }
    inflate.output.removeLast(inflate.output.count - inflate.written)
    return (inflate.output, inflate.source.byteOffset)
  }

  /// The first bytes of what a deflate stream decompresses to: at most `count`, fewer if it ends before.
  package static func prefix(_ input: Span<UInt8>, count: Int, file: String) throws(FormatError) -> [UInt8] {
    var inflate = Inflate(input, from: 0, limit: count, sizeHint: count, file: file)
    var isLast = false
    do throws(FormatError) {
      while !isLast { isLast = try inflate.block(input) }
    } catch  where error.kind != .limit { throw error } catch {}
    return Array(inflate.output.prefix(min(inflate.written, count)))
  }

  /// Decompresses one deflate stream without keeping it, in less than 400 KiB whatever comes out.
  ///
  /// - Parameters:
  ///   - input: Bytes that begin with the stream; more may follow it.
  ///   - limit: The most bytes that may come out.
  ///   - file: The name for error messages, whose offsets count from the first byte of `input`.
  package static func examine(_ input: Span<UInt8>, limit: Int, file: String) throws(FormatError) -> Passed {
    var inflate = Inflate(input, from: 0, limit: limit, sizeHint: 0, file: file)
    // A window, the largest stored block and one longest match.
    inflate.output = [UInt8](repeating: 0, count: window + (1 << 16) + slack)
    inflate.passed = Passed()
    var isLast = false
    while !isLast { isLast = try inflate.block(input) }
    inflate.pass(keeping: 0)
    inflate.passed!.end = inflate.source.byteOffset
    return inflate.passed!
  }

  /// Lets go of output, but for the last bytes of it.
  private mutating func pass(keeping kept: Int) {
    let gone = written - kept
    if gone <= 0 { return }
    let room = Passed.beginningCount - passed!.beginning.count
    passed!.beginning += output.prefix(min(gone, room))
    var checksum = passed!.checksum
    checksum.update(output.span.extracting(0..<gone))
    passed!.checksum = checksum
    passed!.count += gone
    for i in 0..<kept { output[i] = output[gone + i] }
    written = kept
  }

  private init(_ input: Span<UInt8>, from start: Int, limit: Int, sizeHint: Int?, file: String) {
    self.file = file
    // Far below overflow, so that sums with it need no checks.
    self.limit = min(max(limit, 0), Int.max / 4)
    source = BitSource(position: start)
    let possible = min(input.count - start, Int.max / 8192) * Inflate.largestRatio
    let guess = sizeHint ?? (input.count - start) * 3
    let capacity = min(max(min(guess, possible), 0), self.limit) + Inflate.slack
    output = [UInt8](repeating: 0, count: capacity)
  }

  private func error(_ kind: FormatError.Kind, _ message: String) -> FormatError {
    FormatError(kind, file: file, message, offset: source.byteOffset)
  }

  private var endedEarly: FormatError { error(.truncated, "compressed data ends early") }

  private mutating func bits(_ count: Int, _ input: Span<UInt8>) throws(FormatError) -> Int {
    source.refill(input)
    guard source.count >= count else { throw endedEarly }
    return source.take(count)
  }

  /// Decodes one block; the result says whether it was the last.
  private mutating func block(_ input: Span<UInt8>) throws(FormatError) -> Bool {
    let isLast = try bits(1, input) == 1
    switch try bits(2, input) {
    case 0: try storedBlock(input)
    case 1:
      let (lengths, distanceLengths) = (DeflateAlphabet.fixedLiteralLengths, DeflateAlphabet.fixedDistanceLengths)
      _ = literals.build(lengths: lengths.span, alphabet: .literals)
      _ = distances.build(lengths: distanceLengths.span, alphabet: .distances)
      try compressedBlock(input)
    case 2:
      try readCodes(input)
      try compressedBlock(input)
    default: throw error(.malformed, "compressed data has a block of unknown type")
    }
    return isLast
  }

  private mutating func storedBlock(_ input: Span<UInt8>) throws(FormatError) {
    source.alignToByte()
    let start = source.position
    guard input.count - start >= 4 else { throw endedEarly }
    let length = Int(input[start]) | Int(input[start + 1]) << 8
    let complement = Int(input[start + 2]) | Int(input[start + 3]) << 8
    guard length == complement ^ 0xFFFF else {
      throw error(.malformed, "compressed data has a stored block whose two lengths disagree")
    }
    guard input.count - start - 4 >= length else { throw endedEarly }
    source.position = start + 4 + length
    guard length <= limit - total else { throw tooLong }
    reserve(length)
    for i in 0..<length { output[written + i] = input[start + 4 + i] }
    written += length
  }

  /// Bytes that have come out so far.
  private var total: Int { written + (passed?.count ?? 0) }

  private var tooLong: FormatError { error(.limit, "decompresses to more than \(limit) bytes") }

  /// Makes the output long enough for `count` more bytes and one longest match.
  private mutating func reserve(_ count: Int) {
    let needed = written + count + Inflate.slack
    guard needed > output.count else { return }
    if passed != nil { return pass(keeping: min(written, Inflate.window)) }
    let grown = max(min(output.count * 2, limit + Inflate.slack), needed)
    output.append(contentsOf: repeatElement(0, count: grown - output.count))
  }

  private mutating func readCodes(_ input: Span<UInt8>) throws(FormatError) {
    let literalCount = try bits(5, input) + 257
    let distanceCount = try bits(5, input) + 1
    let codeLengthCount = try bits(4, input) + 4
    guard literalCount <= 286, distanceCount <= 30 else {
      throw error(.malformed, "compressed data has too many symbols")
    }
    var order = [UInt8](repeating: 0, count: 19)
    for i in 0..<codeLengthCount { order[DeflateAlphabet.codeLengthOrder[i]] = UInt8(try bits(3, input)) }
    let invalidCode = error(.malformed, "compressed data has an invalid Huffman code")
    guard codeLengths.build(lengths: order.span, alphabet: .codeLengths) else { throw invalidCode }
    let lengths = try readLengths(literalCount + distanceCount, input)
    guard lengths[256] != 0,
      literals.build(lengths: lengths.span.extracting(0..<literalCount), alphabet: .literals),
      distances.build(lengths: lengths.span.extracting(literalCount..<lengths.count), alphabet: .distances)
    else { throw invalidCode }
  }

  private mutating func readLengths(_ count: Int, _ input: Span<UInt8>) throws(FormatError) -> [UInt8] {
    var lengths: [UInt8] = []
    lengths.reserveCapacity(count)
    while lengths.count < count {
      source.refill(input)
      let entry = codeLengths.entries[source.peek(7)]
      guard entry >> 12 & 15 == HuffmanDecoder.Kind.literal else {
        throw error(.malformed, "compressed data has an invalid code length")
      }
      guard source.count >= Int(entry & 255) else { throw endedEarly }
      _ = source.take(Int(entry & 255))
      let symbol = Int(entry >> 16)
      guard symbol >= 16 else {
        lengths.append(UInt8(symbol))
        continue
      }
      guard symbol > 16 || !lengths.isEmpty else {
        throw error(.malformed, "compressed data repeats a code length before the first")
      }
      let repeated = symbol == 16 ? lengths[lengths.count - 1] : 0
      let times =
        switch symbol {
        case 16: 3 + (try bits(2, input))
        case 17: 3 + (try bits(3, input))
        default: 11 + (try bits(7, input))
        }
      guard times <= count - lengths.count else {
        throw error(.malformed, "compressed data has more code lengths than symbols")
      }
      lengths.append(contentsOf: repeatElement(repeated, count: times))
    }
    return lengths
  }

  private mutating func compressedBlock(_ input: Span<UInt8>) throws(FormatError) {
    while true {
      reserve(Inflate.slack)
      let outcome = decodeRun(input)
      switch outcome {
      case .endOfBlock:
        guard total <= limit else { throw tooLong }
        return
      case .outputFull:
        guard total <= limit else { throw tooLong }
      case .inputEnded: throw endedEarly
      case .invalidSymbol: throw error(.malformed, "compressed data has an invalid symbol")
      case .distanceTooFar: throw error(.malformed, "compressed data refers to before its beginning")
      }
    }
  }
}

extension Inflate {
  private enum Outcome { case endOfBlock, outputFull, inputEnded, invalidSymbol, distanceTooFar }

  private mutating func decodeRun(_ input: Span<UInt8>) -> Outcome {
    var position = written
    var reader = source
    let (lengthTable, distanceTable) = (literals.entries, distances.entries)
    var target = output.mutableSpan
    let outcome = Inflate.decode(
      input, &reader, lengthTable.span, distanceTable.span, into: &target, at: &position)
    written = position
    source = reader
    return outcome
  }

  /// The inner loop: literals and matches until the block ends or less than one longest match fits.
  private static func decode(
    _ input: Span<UInt8>, _ state: inout BitSource, _ literals: Span<UInt32>, _ distances: Span<UInt32>,
    into output: inout MutableSpan<UInt8>, at written: inout Int
  ) -> Outcome {
    var source = state
    var position = written
    defer {
      state = source
      written = position
    }
    let last = output.count - slack
    while position <= last {
      // 56 bits are enough for a length (15 + 5) and a distance (15 + 13).
      source.refill(input)
      var entry = literals[source.peek(10)]
      if entry >> 12 & 15 == HuffmanDecoder.Kind.link { entry = follow(entry, literals, &source) }
      source.drop(Int(entry & 255))
      if entry >> 12 & 15 == HuffmanDecoder.Kind.literal {
        guard source.count >= 0 else { return .inputEnded }
        output[position] = UInt8(truncatingIfNeeded: entry >> 16)
        position += 1
        continue
      }
      guard entry >> 12 & 15 == HuffmanDecoder.Kind.base else {
        if source.count < 0 { return .inputEnded }
        return entry >> 12 & 15 == HuffmanDecoder.Kind.endOfBlock ? .endOfBlock : .invalidSymbol
      }
      let length = Int(entry >> 16) + source.take(Int(entry >> 8 & 15))

      entry = distances[source.peek(9)]
      if entry >> 12 & 15 == HuffmanDecoder.Kind.link { entry = follow(entry, distances, &source) }
      source.drop(Int(entry & 255))
      guard entry >> 12 & 15 == HuffmanDecoder.Kind.base else {
        return source.count < 0 ? .inputEnded : .invalidSymbol
      }
      let distance = Int(entry >> 16) + source.take(Int(entry >> 8 & 15))
      guard source.count >= 0 else { return .inputEnded }
      guard distance <= position else { return .distanceTooFar }
      copy(length, from: position - distance, to: position, in: &output)
      position += length
    }
    return .outputFull
  }

  @inline(__always)
  private static func follow(_ link: UInt32, _ table: Span<UInt32>, _ source: inout BitSource) -> UInt32 {
    source.drop(Int(link & 255))
    return table[Int(link >> 16) + source.peek(Int(link >> 8 & 15))]
  }

  /// Copies forward, so that a match which overlaps itself repeats.
  @inline(__always)
  private static func copy(_ count: Int, from start: Int, to end: Int, in output: inout MutableSpan<UInt8>) {
    for i in 0..<count { output[end + i] = output[start + i] }
  }
}

/// A reader of bits, lowest first.
private struct BitSource {
  /// The next byte of the input that is not in `bits` yet.
  var position: Int
  private var bits: UInt64 = 0
  /// Bits at hand; below zero after more were dropped than there were.
  private(set) var count = 0

  init(position: Int) { self.position = position }

  /// The position of the byte that holds the next bit.
  var byteOffset: Int { position - max(count, 0) / 8 }

  /// Fills up to at least 56 bits, or fewer where the input ends.
  @inline(__always)
  mutating func refill(_ input: Span<UInt8>) {
    guard count >= 0 else { return }
    if position &+ 8 <= input.count {
      let word = input.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self)
      bits |= UInt64(littleEndian: word) &<< UInt64(truncatingIfNeeded: count)
      position &+= (63 &- count) &>> 3
      count |= 56
    } else {
      while count <= 56, position < input.count {
        bits |= UInt64(input[position]) &<< UInt64(truncatingIfNeeded: count)
        position += 1
        count += 8
      }
    }
  }

  @inline(__always)
  func peek(_ width: Int) -> Int { Int(truncatingIfNeeded: bits) & (1 &<< width &- 1) }

  @inline(__always)
  mutating func drop(_ width: Int) {
    bits = bits &>> UInt64(truncatingIfNeeded: width)
    count &-= width
  }

  @inline(__always)
  mutating func take(_ width: Int) -> Int {
    defer { drop(width) }
    return peek(width)
  }

  /// Goes on to the next whole byte, and gives back bytes that were read ahead.
  mutating func alignToByte() {
    drop(count & 7)
    position -= count / 8
    bits = 0
    count = 0
  }
}
