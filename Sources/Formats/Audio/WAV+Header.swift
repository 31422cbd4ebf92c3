/// The chunks of a WAV file.
extension WAV {
  static let maximumChannels = 64
  static let maximumRate = 768_000

  /// Whether bytes begin like a WAV file.
  public static func recognizes(_ bytes: SharedBytes) -> Bool {
    bytes.count >= 12 && bytes[0..<4].array == Array("RIFF".utf8) && bytes[8..<12].array == Array("WAVE".utf8)
  }

  /// What the header says; samples are not looked at.
  ///
  /// - Throws: `FormatError` if it is no WAV file or of a kind not read here.
  public static func header(_ bytes: SharedBytes, file: String = "WAV data") throws(FormatError) -> Header {
    guard recognizes(bytes) else {
      throw FormatError(bytes.count < 12 ? .truncated : .malformed, file: file, "no WAV signature", offset: 0)
    }
    // The size after RIFF is not believed: writers of streams leave 0 or all ones there.
    var reader = ByteReader(bytes, file: file)
    reader.offset = 12
    var format: Format?
    while reader.remaining >= 8 {
      let start = reader.offset
      let name = try reader.take(4, "WAV chunk").array
      let stated = Int(try reader.little(UInt32.self, "WAV chunk size"))
      if name == Array("data".utf8) {
        guard let format else { throw reader.error(.malformed, "WAV has samples before their format", at: start) }
        return try header(format, stated, reader)
      }
      guard stated <= reader.remaining else {
        throw reader.error(.truncated, "WAV chunk of \(stated) bytes, \(reader.remaining) are left", at: start)
      }
      let content = try reader.take(stated, "WAV chunk")
      if name == Array("fmt ".utf8) {
        guard format == nil else { throw reader.error(.duplicate, "WAV has two formats", at: start) }
        format = try Format(content, file: file, at: start)
      }
      // Chunks begin at even places.
      if stated % 2 == 1, reader.remaining > 0 { _ = try reader.take(1, "WAV padding") }
    }
    throw reader.error(.truncated, "WAV ends before its samples")
  }

  private static func header(
    _ format: Format, _ stated: Int, _ reader: ByteReader
  ) throws(FormatError) -> Header {
    let isOpenEnd = stated == 0 && reader.remaining > 0 || stated == 0xFFFF_FFFF
    guard isOpenEnd || stated <= reader.remaining else {
      throw reader.error(.truncated, "WAV promises \(stated) bytes of samples, \(reader.remaining) are left")
    }
    let size = isOpenEnd ? reader.remaining : stated
    guard isOpenEnd || size % format.frameSize == 0 else {
      throw reader.error(.malformed, "WAV ends inside a sample")
    }
    let frames = size / format.frameSize
    return Header(
      sampleRate: format.sampleRate, channelCount: format.channelCount, encoding: format.encoding, frameCount: frames,
      data: reader.offset..<(reader.offset + frames * format.frameSize))
  }

  /// The chunk `fmt `.
  private struct Format {
    let sampleRate: Int
    let channelCount: Int
    let encoding: Encoding
    let frameSize: Int

    init(_ content: SharedBytes, file: String, at start: Int) throws(FormatError) {
      var reader = ByteReader(content, file: file)
      var code = try reader.little(UInt16.self, "WAV format")
      channelCount = Int(try reader.little(UInt16.self, "WAV channels"))
      sampleRate = Int(try reader.little(UInt32.self, "WAV rate"))
      _ = try reader.take(4, "WAV byte rate")
      let align = Int(try reader.little(UInt16.self, "WAV frame size"))
      let bits = Int(try reader.little(UInt16.self, "WAV sample size"))
      if code == 0xFFFE { code = try Format.extensible(&reader, bits: bits, at: start) }
      guard (1...WAV.maximumChannels).contains(channelCount) else {
        throw reader.error(.limit, "WAV has \(channelCount) channels, not 1 to \(WAV.maximumChannels)", at: start)
      }
      guard (1...WAV.maximumRate).contains(sampleRate) else {
        throw reader.error(.limit, "WAV has \(sampleRate) samples a second, not 1 to \(WAV.maximumRate)", at: start)
      }
      switch (code, bits) {
      case (1, 8), (1, 16), (1, 24), (1, 32): encoding = .integer(bits: bits)
      case (3, 32), (3, 64): encoding = .float(bits: bits)
      case (1, _), (3, _): throw reader.error(.unsupported, "WAV has samples of \(bits) bits", at: start)
      default: throw reader.error(.unsupported, "WAV has samples of format \(code), which is not read", at: start)
      }
      frameSize = channelCount * bits / 8
      guard align == frameSize else {
        throw reader.error(.malformed, "WAV has frames of \(align) bytes, its samples need \(frameSize)", at: start)
      }
    }

    /// The format code inside an extension, whose other bytes are the same in all.
    private static func extensible(
      _ reader: inout ByteReader, bits: Int, at start: Int
    ) throws(FormatError) -> UInt16 {
      guard try reader.little(UInt16.self, "WAV extension") >= 22 else {
        throw reader.error(.malformed, "WAV has an extension that is too short", at: start)
      }
      let validBits = Int(try reader.little(UInt16.self, "WAV valid bits"))
      guard validBits == bits || validBits == 0 else {
        throw reader.error(.unsupported, "WAV uses \(validBits) of \(bits) bits of its samples", at: start)
      }
      _ = try reader.take(4, "WAV channel mask")
      let code = try reader.little(UInt16.self, "WAV format")
      let tail: [UInt8] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]
      guard try reader.take(14, "WAV format").array == tail else {
        throw reader.error(.unsupported, "WAV has samples of a format that is not read", at: start)
      }
      return code
    }
  }
}
