/// Reads gray and color pictures of Netpbm's binary formats (PGM and PPM).
public enum PortableAnymap {
  /// Whether bytes begin like such a file.
  public static func recognizes(_ bytes: SharedBytes) -> Bool {
    bytes.count >= 3 && ["P5", "P6"].contains { bytes[0..<2].array == Array($0.utf8) }
  }

  /// Decodes a file with samples of 8 bits.
  ///
  /// - Throws: `FormatError`; sizes are checked before memory is taken.
  public static func decode(
    _ bytes: SharedBytes, file: String = "PNM data", limits: ImageLimits = ImageLimits()
  ) throws(FormatError) -> Image {
    guard recognizes(bytes) else { throw FormatError(.malformed, file: file, "no PGM or PPM signature", offset: 0) }
    let channels = bytes[1..<2].array == Array("5".utf8) ? 1 : 3
    var position = 2
    let width = try number(bytes, &position, file)
    let height = try number(bytes, &position, file)
    let most = try number(bytes, &position, file)
    guard most == 255 else {
      throw FormatError(.unsupported, file: file, "PNM has samples up to \(most); only 255 is read")
    }
    guard width > 0, height > 0, width <= limits.pixels / height else {
      throw FormatError(.limit, file: file, "PNM has \(width) × \(height) pixels, the limit is \(limits.pixels)")
    }
    let count = width * height * channels
    // One white space ends the header.
    guard position < bytes.count, count <= bytes.count - position - 1 else {
      throw FormatError(.truncated, file: file, "PNM ends before its \(count) bytes of pixels", offset: bytes.count)
    }
    let pixels = bytes[(position + 1)..<(position + 1 + count)].array
    return Image(height: height, width: width, channels: channels, pixels: pixels)
  }

  /// The next number of the header, behind white space and comments.
  private static func number(
    _ bytes: SharedBytes, _ position: inout Int, _ file: String
  ) throws(FormatError) -> Int {
    var place = position
    let value = bytes.withSpan { text -> Int? in
      while place < text.count, text[place] <= 32 || text[place] == UInt8(ascii: "#") {
        if text[place] == UInt8(ascii: "#") {
          while place < text.count, text[place] != 10 { place += 1 }
        } else {
          place += 1
        }
      }
      var value: Int?
      while place < text.count, (48...57).contains(text[place]), value ?? 0 < 1 << 31 {
        value = (value ?? 0) * 10 + Int(text[place] - 48)
        place += 1
      }
      return value
    }
    position = place
    guard let value else { throw FormatError(.malformed, file: file, "PNM has no number in its header", offset: place) }
    return value
  }
}
