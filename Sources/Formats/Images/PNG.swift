/// Reads and writes PNG pictures (ISO/IEC 15948).
public enum PNG {
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Whether bytes begin like a PNG file.
  public static func recognizes(_ bytes: SharedBytes) -> Bool {
    bytes.count >= 8 && bytes[0..<8].array == signature
  }

  /// Reads the file at `path`.
  public static func read(path: String, limits: ImageLimits = ImageLimits()) throws(FormatError) -> Image {
    try decode(MappedFile(path: path).bytes, file: path, limits: limits)
  }

  /// The size that the header of a PNG file states, in pixels.
  ///
  /// - Throws: `FormatError` if there is no header, or one that is not allowed.
  public static func size(
    _ bytes: SharedBytes, file: String = "PNG data"
  ) throws(FormatError) -> (width: Int, height: Int) {
    guard bytes.count >= 29, bytes[12..<16].array == Array("IHDR".utf8) else {
      throw FormatError(.truncated, file: file, "PNG has no header")
    }
    var limits = ImageLimits()
    (limits.pixels, limits.bytes) = (.max, .max)
    let header = try PNGHeader(bytes[16..<29], at: 8, file: file, limits: limits)
    return (header.width, header.height)
  }

  /// Decodes a PNG file: every kind of pixel, depth and interlacing.
  ///
  /// Gray stays gray; gray or color with transparency becomes red, green, blue, opacity; palettes are looked up; samples
  /// of other depths are scaled to 8 bits, rounded to the nearest. Color profiles and gamma are ignored.
  ///
  /// - Throws: `FormatError`; every chunk's checksum is verified, and sizes are checked before memory is taken.
  public static func decode(
    _ bytes: SharedBytes, file: String = "PNG data", limits: ImageLimits = ImageLimits()
  ) throws(FormatError) -> Image {
    let chunks = try PNGChunks(bytes, file: file, limits: limits)
    let size = chunks.header.passes.reduce(0) { $0 + $1.byteCount }
    // Before memory is taken: deflate cannot have made so much out of so little.
    guard size / Inflate.largestRatio <= chunks.compressed.count else {
      throw FormatError(.truncated, file: file, "PNG has too little data for its \(size) bytes of pixels")
    }
    var raw: [UInt8]
    do {
      raw = try Zlib.decompress(chunks.compressed, limit: size, sizeHint: size, file: file)
    } catch {
      // Positions inside the joined data are none in the file.
      throw FormatError(error.kind, file: file, "PNG pixels: \(error.message)")
    }
    guard raw.count == size else {
      throw FormatError(.truncated, file: file, "PNG has \(raw.count) bytes of pixels, not \(size)")
    }
    return try PNGPixels(chunks, file: file).image(&raw)
  }

  /// Encodes a picture as PNG.
  ///
  /// - Throws: `FormatError` of kind `unsupported` for a picture without pixels, which PNG cannot express.
  public static func encode(_ image: Image) throws(FormatError) -> [UInt8] {
    guard image.width > 0, image.height > 0, image.width < 1 << 31, image.height < 1 << 31 else {
      throw FormatError(.unsupported, file: "", "PNG cannot hold \(image.width) × \(image.height) pixels")
    }
    var header: [UInt8] = []
    header.appendBig(UInt32(image.width))
    header.appendBig(UInt32(image.height))
    let color: PNGHeader.Color = image.channels == 1 ? .gray : image.channels == 3 ? .rgb : .rgba
    header += [8, color.rawValue, 0, 0, 0]
    let data = Zlib.compress(SharedBytes(PNGFilter.apply(to: image)))
    var result = signature + chunk("IHDR", header[...])
    // A chunk's length has 31 bits.
    for start in stride(from: 0, to: data.count, by: 1 << 30) {
      result += chunk("IDAT", data[start..<min(start + 1 << 30, data.count)])
    }
    return result + chunk("IEND", [])
  }

  /// Writes a picture to the file at `path`.
  public static func write(_ image: Image, to path: String) throws(FormatError) {
    try AtomicFile.write(encode(image), to: path)
  }

  private static func chunk(_ type: String, _ content: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.appendBig(UInt32(content.count))
    result += type.utf8
    result += content
    result.appendBig(CRC32.checksum(result.span.extracting(4..<result.count)))
    return result
  }
}
