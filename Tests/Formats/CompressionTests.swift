import MartletFormats
import Testing

struct CompressionTests {
  /// The bytes that the fixture script compresses, by the same recurrence.
  static func text(_ size: Int) -> [UInt8] {
    let words = ["the ", "swift ", "martlet ", "never ", "lands ", "and ", "learns\n"].map { Array($0.utf8) }
    var state = 12345
    var result: [UInt8] = []
    while result.count < size {
      state = (state * 1_103_515_245 + 12345) & 0x7FFF_FFFF
      result += (state >> 8) % 5 != 0 ? words[(state >> 16) % 7] : [UInt8(state >> 16 & 255)]
    }
    return Array(result[..<size])
  }

  static let inputs: [(name: String, bytes: [UInt8])] = {
    var generator = SplitMix(state: 1)
    return [
      ("pattern", text(300_000)),
      ("noise", (0..<100_000).map { _ in UInt8.random(in: 0...255, using: &generator) }),
      ("zeros", [UInt8](repeating: 0, count: 1_000_000)),
      ("nothing", []),
      ("one", [42]),
      ("two symbols", (0..<5000).map { _ in UInt8.random(in: 0...1, using: &generator) }),
      // Counts like Fibonacci numbers make the deepest possible Huffman tree, beyond the limit of 15 bits.
      ("skewed", skewed()),
    ]
  }()

  private static func skewed() -> [UInt8] {
    var (a, b) = (1, 1)
    var result: [UInt8] = []
    for symbol: UInt8 in 0..<24 {
      result += [UInt8](repeating: symbol, count: a)
      (a, b) = (b, a + b)
    }
    var generator = SplitMix(state: 3)
    return result.shuffled(using: &generator)
  }

  @Test func `checksums have their published values`() {
    // The check values that RFC 1952's and RFC 1950's definitions give for this text.
    #expect(CRC32.checksum(SharedBytes(Array("123456789".utf8))) == 0xCBF4_3926)
    #expect(CRC32.checksum(SharedBytes([])) == 0)
    let adler = SharedBytes(Array("Wikipedia".utf8)).withSpan { Adler32.checksum($0) }
    #expect(adler == 0x11E6_0398)
    let empty = SharedBytes([]).withSpan { Adler32.checksum($0) }
    #expect(empty == 1)
  }

  @Test func `the checksum of pieces is that of the whole`() {
    let bytes = CompressionTests.text(1000)
    let whole = CRC32.checksum(bytes.span)
    for cut in [0, 1, 7, 8, 9, 500, 1000] {
      var crc = CRC32()
      crc.update(bytes.span.extracting(0..<cut))
      crc.update(bytes.span.extracting(cut..<1000))
      #expect(crc.value == whole)
    }
  }

  @Test(arguments: [("text.bin.gz", 100_000), ("members.bin.gz", 100_000)])
  func `gzip files of Python's are read`(name: String, size: Int) throws {
    #expect(try Gzip.read(path: Fixture.format(name)) == CompressionTests.text(size))
  }

  @Test(arguments: ["stored", "fixed", "huffman"])
  func `each kind of block is read`(name: String) throws {
    let bytes = SharedBytes(try Fixture.bytes("\(name).zlib"))
    #expect(try Zlib.decompress(bytes) == CompressionTests.text(20_000))
  }

  @Test(arguments: inputs.indices)
  func `what is compressed comes back`(index: Int) throws {
    let (name, bytes) = CompressionTests.inputs[index]
    let compressed = Gzip.compress(SharedBytes(bytes))
    #expect(try Gzip.decompress(SharedBytes(compressed)) == bytes)
    #expect(try Zlib.decompress(SharedBytes(Zlib.compress(SharedBytes(bytes)))) == bytes)
    #expect(compressed.count <= bytes.count + bytes.count / 1000 + 64)
    if let outputFolder, !name.contains(" ") {
      try FileSystem.createDirectory(outputFolder)
      try AtomicFile.write(bytes, to: "\(outputFolder)/\(name).bin")
      try AtomicFile.write(compressed, to: "\(outputFolder)/\(name).gz")
    }
  }

  @Test func `text is compressed about as well as zlib does it`() throws {
    let text = CompressionTests.text(100_000)
    let reference = try Fixture.bytes("text.bin.gz").count
    #expect(Gzip.compress(SharedBytes(text)).count < reference * 107 / 100)
  }

  @Test func `the limit holds, and a stream of just that size passes`() throws {
    let zeros = [UInt8](repeating: 0, count: 1_000_000)
    let bomb = SharedBytes(Gzip.compress(SharedBytes(zeros)))
    #expect(bomb.count < 1200)
    #expect(try Gzip.decompress(bomb, limit: 1_000_000) == zeros)
    for limit in [0, 1, 257, 258, 259, 65_536, 999_999] {
      #expect(formatError { () throws(FormatError) in _ = try Gzip.decompress(bomb, limit: limit) }?.kind == .limit)
    }
  }

  @Test func `no truncation and no flip of a gzip file gives wrong bytes`() throws {
    let text = CompressionTests.text(600)
    let good = Gzip.compress(SharedBytes(text))
    for count in 0..<good.count {
      let error = formatError("\(count)") { () throws(FormatError) in
        _ = try Gzip.decompress(SharedBytes(Array(good[..<count])))
      }
      #expect(error != nil)
    }
    // The first ten bytes hold time and system, which nothing checks.
    for bit in (10 * 8)..<(good.count * 8) {
      var bad = good
      bad[bit / 8] ^= 1 << UInt8(bit % 8)
      // A few bits mean nothing, such as those that fill the last byte; they change nothing either.
      let isWrong = (try? Gzip.decompress(SharedBytes(bad))).map { $0 != text } ?? false
      #expect(!isWrong, "bit \(bit)")
    }
  }

  @Test(
    arguments: [
      ([0x07], "block of unknown type"),
      ([0x01, 0x05, 0x00, 0xFA, 0xFE], "two lengths disagree"),
      ([0x01, 0x05, 0x00, 0xFA, 0xFF, 1, 2], "ends early"),
      ([0x03], "ends early"),
      ([0x05, 0x1F], "ends early"),
      ([0xFD, 0xFF, 0, 0, 0, 0, 0, 0], "too many symbols"),
      // Three code lengths of one bit: over-subscribed.
      ([0x05, 0x00, 0x92, 0x00, 0, 0, 0, 0], "Huffman code"),
      // A fixed block that begins with a match.
      ([0x03, 0x02, 0, 0], "refers to before its beginning"),
      // A fixed block whose first symbol is 286.
      ([0x1B, 0x03, 0, 0], "invalid symbol"),
    ] as [([UInt8], String)])
  func `broken deflate data is refused`(bytes: [UInt8], message: String) {
    let error = formatError { () throws(FormatError) in
      _ = try Inflate.decompress(bytes.span, limit: 1000, file: "x")
    }
    #expect(error?.message.contains(message) == true, "\(error.map { "\($0)" } ?? "")")
  }

  @Test(
    arguments: [
      (0, 0x1E, FormatError.Kind.malformed), (1, 0x8C, .malformed), (2, 7, .unsupported), (3, 0xE0, .malformed),
    ] as [(Int, UInt8, FormatError.Kind)])
  func `broken gzip headers are refused`(position: Int, value: UInt8, kind: FormatError.Kind) {
    var bytes = Gzip.compress(SharedBytes([1, 2, 3]))
    bytes[position] = value
    #expect(formatError { () throws(FormatError) in _ = try Gzip.decompress(SharedBytes(bytes)) }?.kind == kind)
  }

  @Test func `padding behind a gzip file is fine, other data is not`() throws {
    let bytes = Gzip.compress(SharedBytes([1, 2, 3]))
    #expect(try Gzip.decompress(SharedBytes(bytes + [0, 0, 0])) == [1, 2, 3])
    let error = formatError { () throws(FormatError) in _ = try Gzip.decompress(SharedBytes(bytes + [0, 1])) }
    #expect(error?.kind == .malformed)
  }
}
