import MartletFormats
import MartletGraph
import Testing

struct PNGTests {
  @Test func `every kind of pixel, depth, transparency and interlacing is decoded exactly`() throws {
    let files = try NpzFile(path: Fixture.format("pictures.npz"))
    let expected = try NpzFile(path: Fixture.format("pictures_expected.npz"))
    #expect(files.names.count == 52)
    for name in files.names {
      let image = try PNG.decode(files.tensor(name).bytes, file: name)
      let pixels = try expected.tensor(name)
      #expect(pixels.shape == [image.height, image.width, 4])
      #expect(image.converted(toChannels: 4).pixels == pixels.bytes.array, "\(name)")
      let isColor = name.hasPrefix("color2") || name.hasPrefix("color3")
      let isClear = name.hasSuffix("transparent1") || name.hasPrefix("color4") || name.hasPrefix("color6")
      #expect(image.channels == (isClear ? 4 : isColor ? 3 : 1), "\(name)")
    }
  }

  @Test func `a file of Pillow's is decoded`() throws {
    let image = try PNG.read(path: Fixture.format("pillow.png"))
    #expect((image.height, image.width, image.channels) == (6, 5, 3))
    #expect(image.pixels == Sample.tensor("uint8", shape: [6, 5, 3]).bytes.array)
  }

  @Test(arguments: [1, 3, 4])
  func `what is encoded comes back`(channels: Int) throws {
    var pixels: [UInt8] = []
    for y in 0..<31 {
      for x in 0..<17 { for c in 0..<channels { pixels.append(UInt8((x * 7 + y * 13 + c * 50) % 256)) } }
    }
    let image = Image(height: 31, width: 17, channels: channels, pixels: pixels)
    #expect(try PNG.decode(SharedBytes(PNG.encode(image))) == image)
    if let outputFolder {
      try FileSystem.createDirectory(outputFolder)
      try PNG.write(image, to: "\(outputFolder)/channels\(channels).png")
    }
  }

  @Test func `channels are converted by documented weights`() {
    let color = Image(height: 1, width: 2, channels: 4, pixels: [255, 0, 0, 9, 10, 20, 30, 255])
    #expect(color.converted(toChannels: 1).pixels == [76, 18])
    #expect(color.converted(toChannels: 3).pixels == [255, 0, 0, 10, 20, 30])
    let gray = Image(height: 1, width: 1, channels: 1, pixels: [7])
    #expect(gray.converted(toChannels: 4).pixels == [7, 7, 7, 255])
  }

  @Test func `the picture of digits is decoded`() throws {
    let image = try PNG.read(path: "\(Fixture.root)/Sources/Samples/Data/digits.png")
    #expect((image.height, image.width, image.channels) == (1000, 2000, 1))
  }

  @Test func `a picture without pixels cannot be encoded`() {
    let image = Image(height: 0, width: 4, channels: 3, pixels: [])
    #expect(formatError { () throws(FormatError) in _ = try PNG.encode(image) }?.kind == .unsupported)
  }

  static func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + content
    return .big(UInt32(content.count)) + body + .big(CRC32.checksum(SharedBytes(body)))
  }

  static func header(
    _ width: UInt32 = 2, _ height: UInt32 = 2, depth: UInt8 = 8, color: UInt8 = 0, methods: [UInt8] = [0, 0, 0]
  ) -> [UInt8] {
    chunk("IHDR", .big(width) + .big(height) + [depth, color] + methods)
  }

  static func file(_ chunks: [UInt8]...) -> SharedBytes {
    SharedBytes([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunks.joined())
  }

  static let end = chunk("IEND", [])
  static func data(_ raw: [UInt8]) -> [UInt8] { chunk("IDAT", Zlib.compress(SharedBytes(raw))) }
  static let pixels = data([0, 1, 2, 0, 3, 4])
  static let colors = [UInt8](repeating: 5, count: 6)

  static let broken: [(String, SharedBytes, FormatError.Kind)] = [
    ("no header", file(pixels, end), .malformed), ("only a signature", file(), .truncated),
    ("no pixels", file(header(), end), .truncated), ("no end", file(header(), pixels), .truncated),
    ("width 0", file(header(0, 2), pixels, end), .malformed),
    ("height 0", file(header(2, 0), pixels, end), .malformed),
    ("width above 2^31", file(header(0x8000_0000, 2), pixels, end), .malformed),
    ("huge", file(header(0x7FFF_FFFF, 0x7FFF_FFFF), pixels, end), .limit),
    ("more pixels than allowed", file(header(8193, 8192), pixels, end), .limit),
    ("large with little data", file(header(8192, 8192), pixels, end), .truncated),
    ("depth 3", file(header(depth: 3), pixels, end), .malformed),
    ("16-bit palette", file(header(depth: 16, color: 3), pixels, end), .malformed),
    ("color 5", file(header(color: 5), pixels, end), .malformed),
    ("4-bit color", file(header(depth: 4, color: 2), pixels, end), .malformed),
    ("unknown compression", file(header(methods: [1, 0, 0]), pixels, end), .unsupported),
    ("unknown filtering", file(header(methods: [0, 1, 0]), pixels, end), .unsupported),
    ("unknown interlacing", file(header(methods: [0, 0, 2]), pixels, end), .unsupported),
    ("short header", file(chunk("IHDR", [0, 0, 0, 1]), pixels, end), .malformed),
    ("two headers", file(header(), header(), pixels, end), .duplicate),
    ("too few pixels", file(header(), data([0, 1, 2, 0, 3]), end), .truncated),
    ("too many pixels", file(header(), data([0, 1, 2, 0, 3, 4, 5]), end), .limit),
    ("a bomb", file(header(), data([UInt8](repeating: 0, count: 1_000_000)), end), .limit),
    ("unknown filter", file(header(), data([5, 1, 2, 0, 3, 4]), end), .malformed),
    ("pixels that are no zlib", file(header(), chunk("IDAT", [1, 2, 3, 4]), end), .malformed),
    ("empty pixel chunk", file(header(), chunk("IDAT", []), end), .truncated),
    ("pixels in two runs", file(header(), pixels, chunk("tEXt", [65]), pixels, end), .malformed),
    ("no palette", file(header(color: 3), pixels, end), .malformed),
    ("palette of 4 bytes", file(header(color: 3), chunk("PLTE", [1, 2, 3, 4]), pixels, end), .malformed),
    ("palette too small", file(header(color: 3), chunk("PLTE", colors), pixels, end), .malformed),
    (
      "palette larger than depth", file(header(depth: 1, color: 3), chunk("PLTE", colors + colors), pixels, end),
      .malformed
    ),
    ("palette for gray", file(header(), chunk("PLTE", colors), pixels, end), .malformed),
    ("palette behind pixels", file(header(color: 2), pixels, chunk("PLTE", colors), end), .malformed),
    ("two palettes", file(header(color: 3), chunk("PLTE", colors), chunk("PLTE", colors), pixels, end), .malformed),
    ("transparency of wrong size", file(header(), chunk("tRNS", [1]), pixels, end), .malformed),
    ("transparency before palette", file(header(color: 3), chunk("tRNS", [1]), chunk("PLTE", colors), end), .malformed),
    ("transparency beside opacity", file(header(color: 6), chunk("tRNS", [0, 1]), pixels, end), .malformed),
    ("unknown chunk that matters", file(header(), chunk("ABCD", []), pixels, end), .unsupported),
    ("chunk type of digits", file(header(), chunk("1234", []), pixels, end), .malformed),
    ("large side chunk", file(header(), chunk("tEXt", [UInt8](repeating: 0, count: 8_000_001)), pixels, end), .limit),
    (
      "many side chunks", file(header(), (0..<1001).flatMap { _ in chunk("tEXt", [65]) }, pixels, end), .limit
    ),
    ("chunk longer than the file", file(header(), [0x7F, 0xFF, 0xFF, 0xFF] + Array("IDAT".utf8)), .truncated),
    ("chunk longer than allowed", file(header(), [0xFF, 0xFF, 0xFF, 0xFF] + Array("IDAT".utf8)), .malformed),
    ("end with content", file(header(), pixels, chunk("IEND", [1])), .malformed),
    ("not a PNG", SharedBytes([0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0, 0, 0, 0]), .malformed),
  ]

  @Test(arguments: broken.indices)
  func `a broken picture is refused`(index: Int) {
    let (name, bytes, kind) = PNGTests.broken[index]
    let error = formatError(name) { () throws(FormatError) in _ = try PNG.decode(bytes) }
    #expect(error?.kind == kind, "\(name): \(error.map { "\($0)" } ?? "")")
  }

  @Test func `every truncation and every flipped bit is noticed`() throws {
    let good = try Fixture.bytes("pillow.png")
    for count in 0..<good.count {
      let bytes = SharedBytes(Array(good[..<count]))
      #expect(formatError("\(count)") { () throws(FormatError) in _ = try PNG.decode(bytes) } != nil)
    }
    for bit in 0..<(good.count * 8) {
      var bad = good
      bad[bit / 8] ^= 1 << UInt8(bit % 8)
      let isAccepted = (try? PNG.decode(SharedBytes(bad))) != nil
      #expect(!isAccepted, "bit \(bit)")
    }
  }
}
