/// Reads uncompressed Windows bitmaps (BMP) of 24 or 32 bits a pixel.
public enum Bitmap {
  /// Whether bytes begin like a bitmap.
  public static func recognizes(_ bytes: SharedBytes) -> Bool {
    bytes.count >= 2 && bytes[0..<2].array == Array("BM".utf8)
  }

  /// Decodes a bitmap as red, green, blue; the opacity of 32-bit pixels is left out.
  ///
  /// - Throws: `FormatError`; sizes are checked before memory is taken.
  public static func decode(
    _ bytes: SharedBytes, file: String = "BMP data", limits: ImageLimits = ImageLimits()
  ) throws(FormatError) -> Image {
    var reader = ByteReader(bytes, file: file)
    try reader.expect(Array("BM".utf8), "BMP signature")
    _ = try reader.take(8, "BMP header")
    let start = Int(try reader.little(UInt32.self, "BMP offset"))
    let headerSize = try reader.little(UInt32.self, "BMP header size")
    guard headerSize >= 40 else { throw reader.error(.unsupported, "BMP has a header of \(headerSize) bytes") }
    let width = Int(try reader.little(Int32.self, "BMP width"))
    let signedHeight = Int(try reader.little(Int32.self, "BMP height"))
    _ = try reader.take(2, "BMP planes")
    let bits = Int(try reader.little(UInt16.self, "BMP bits"))
    let compression = try reader.little(UInt32.self, "BMP compression")
    guard bits == 24 || bits == 32, compression == 0 else {
      throw reader.error(.unsupported, "BMP has \(bits) bits a pixel, compression \(compression)")
    }
    let height = abs(signedHeight)
    guard width > 0, height > 0, width <= limits.pixels / height else {
      throw reader.error(.limit, "BMP has \(width) × \(height) pixels, the limit is \(limits.pixels)")
    }
    // Rows are padded to whole words of four bytes.
    let stride = (width * bits + 31) / 32 * 4
    guard start <= bytes.count, stride <= (bytes.count - start) / height else {
      throw reader.error(.truncated, "BMP ends before its \(height) rows of \(stride) bytes", at: bytes.count)
    }
    let step = bits / 8
    var pixels = [UInt8](repeating: 0, count: width * height * 3)
    bytes.withSpan { source in
      for row in 0..<height {
        // The lowest row comes first, unless the height is negative.
        let line = start + (signedHeight < 0 ? row : height - 1 - row) * stride
        for column in 0..<width {
          for color in 0..<3 { pixels[(row * width + column) * 3 + color] = source[line + column * step + 2 - color] }
        }
      }
    }
    return Image(height: height, width: width, channels: 3, pixels: pixels)
  }
}
