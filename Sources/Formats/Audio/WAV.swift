/// Reads and writes WAV files: integers of 8, 16, 24 and 32 bits, and floats of 32 and 64 bits.
public enum WAV {
  /// How samples are stored.
  public enum Encoding: Sendable, Hashable {
    /// Integers of so many bits: 8 (unsigned), 16, 24 or 32.
    case integer(bits: Int)
    /// Floats of so many bits: 32 or 64.
    case float(bits: Int)
  }

  /// What the header of a file says.
  public struct Header: Sendable, Hashable {
    /// Samples of a channel in a second.
    public let sampleRate: Int
    /// The number of channels.
    public let channelCount: Int
    /// How samples are stored.
    public let encoding: Encoding
    /// Samples of each channel.
    public let frameCount: Int

    let data: Range<Int>
  }

  /// Reads the file at `path`.
  public static func read(path: String) throws(FormatError) -> Sound {
    try decode(MappedFile(path: path).bytes, file: path)
  }

  /// Decodes a file: integers are divided by the largest magnitude of their type, floats stay as they are.
  ///
  /// A file whose sizes were never filled in (as when it was written to a pipe) is read to its end. Mono and multi-channel
  /// files, plain and extensible ones are read; compressed ones are refused.
  ///
  /// - Throws: `FormatError` if it is no WAV file or of a kind not read here.
  public static func decode(_ bytes: SharedBytes, file: String = "WAV data") throws(FormatError) -> Sound {
    let header = try header(bytes, file: file)
    let encoding = header.encoding
    let samples = bytes[header.data].withUnsafeBytes { (raw: UnsafeRawBufferPointer) -> [Float] in
      WAV.floats(raw, encoding)
    }
    return Sound(sampleRate: header.sampleRate, channelCount: header.channelCount, samples: samples)
  }

  private static func floats(_ bytes: UnsafeRawBufferPointer, _ encoding: Encoding) -> [Float] {
    func word<T: FixedWidthInteger>(_ i: Int, _: T.Type) -> T {
      T(littleEndian: bytes.loadUnaligned(fromByteOffset: i * MemoryLayout<T>.size, as: T.self))
    }
    switch encoding {
    case .integer(8): return bytes.map { (Float($0) - 128) / 128 }
    case .integer(16): return (0..<(bytes.count / 2)).map { Float(word($0, Int16.self)) / 32768 }
    case .integer(24):
      return (0..<(bytes.count / 3)).map { (i) -> Float in
        let bits = UInt32(bytes[3 * i]) << 8 | UInt32(bytes[3 * i + 1]) << 16 | UInt32(bytes[3 * i + 2]) << 24
        return Float(Int32(bitPattern: bits) >> 8) / 8_388_608
      }
    case .integer: return (0..<(bytes.count / 4)).map { Float(word($0, Int32.self)) / 2_147_483_648 }
    case .float(64): return (0..<(bytes.count / 8)).map { Float(Double(bitPattern: word($0, UInt64.self))) }
    case .float: return (0..<(bytes.count / 4)).map { Float(bitPattern: word($0, UInt32.self)) }
    }
  }

  /// Encodes a sound; integers are rounded to nearest and samples outside of -1...1 clipped.
  ///
  /// - Throws: `FormatError` if the sound is too large for the format's 32-bit sizes, or a sample to become an integer is NaN.
  /// - Precondition: The encoding is one of those named there.
  public static func encode(_ sound: Sound, as encoding: Encoding = .integer(bits: 16)) throws(FormatError) -> [UInt8] {
    let (code, bits) = encoding.parts
    precondition(encoding.isKnown, "WAV: no encoding \(encoding)")
    let width = bits / 8
    guard sound.samples.count <= (Int(UInt32.max) - 100) / width, sound.channelCount <= maximumChannels,
      maximumRate >= sound.sampleRate
    else { throw FormatError(.limit, file: "", "sound is too large for a WAV file") }
    if case .integer = encoding, sound.samples.contains(where: \.isNaN) {
      throw FormatError(.mismatch, file: "", "sound has a sample that is NaN")
    }
    let size = sound.samples.count * width
    // Floats are no PCM, and their files also say how many frames there are.
    let hasFact = code == 3
    var bytes = Array("RIFF".utf8)
    bytes.appendLittle(UInt32(4 + 24 + (hasFact ? 14 : 0) + 8 + size + size % 2))
    bytes += Array("WAVEfmt ".utf8)
    bytes.appendLittle(UInt32(hasFact ? 18 : 16))
    bytes.appendLittle(code)
    bytes.appendLittle(UInt16(sound.channelCount))
    bytes.appendLittle(UInt32(sound.sampleRate))
    bytes.appendLittle(UInt32(sound.sampleRate * sound.channelCount * width))
    bytes.appendLittle(UInt16(sound.channelCount * width))
    bytes.appendLittle(UInt16(bits))
    if hasFact {
      bytes += [0, 0] + Array("fact".utf8)
      bytes.appendLittle(UInt32(4))
      bytes.appendLittle(UInt32(sound.frameCount))
    }
    bytes += Array("data".utf8)
    bytes.appendLittle(UInt32(size))
    bytes.reserveCapacity(bytes.count + size + 1)
    for sample in sound.samples { append(sample, encoding, to: &bytes) }
    if size % 2 == 1 { bytes.append(0) }
    return bytes
  }

  /// Writes a sound to the file at `path`.
  public static func write(
    _ sound: Sound, to path: String, as encoding: Encoding = .integer(bits: 16)
  ) throws(FormatError) {
    try AtomicFile.write(encode(sound, as: encoding), to: path)
  }

  private static func append(_ sample: Float, _ encoding: Encoding, to bytes: inout [UInt8]) {
    func integer(_ bits: Int) -> Int {
      let top = Double(1 << (bits - 1))
      return Int(max(-top, min(top - 1, (Double(sample) * top).rounded(.toNearestOrEven))))
    }
    switch encoding {
    case .integer(8): bytes.append(UInt8(integer(8) + 128))
    case .integer(16): bytes.appendLittle(Int16(integer(16)))
    case .integer(24):
      let word = UInt32(bitPattern: Int32(integer(24)))
      for shift in [0, 8, 16] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    case .integer: bytes.appendLittle(Int32(integer(32)))
    case .float(64): bytes.appendLittle(Double(sample).bitPattern)
    case .float: bytes.appendLittle(sample.bitPattern)
    }
  }
}

extension WAV.Encoding {
  /// The format code and the bits of a sample.
  fileprivate var parts: (code: UInt16, bits: Int) {
    switch self {
    case .integer(let bits): (1, bits)
    case .float(let bits): (3, bits)
    }
  }

  fileprivate var isKnown: Bool {
    switch self {
    case .integer(let bits): [8, 16, 24, 32].contains(bits)
    case .float(let bits): [32, 64].contains(bits)
    }
  }
}
