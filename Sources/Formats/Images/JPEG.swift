/// Reads JPEG pictures with libjpeg-turbo, if the machine has it.
///
/// The library is looked for when the first picture is read; nothing is linked, and everything else works without it.
public enum JPEG {
  /// The most scans of a progressive file; each makes the decoder go over the whole picture once more.
  static let maximumScans = 64

  /// Whether libjpeg-turbo was found.
  public static var isAvailable: Bool { TurboJPEG.shared != nil }

  /// Whether bytes begin like a JPEG file.
  public static func recognizes(_ bytes: SharedBytes) -> Bool {
    bytes.withSpan { $0.count >= 3 && $0[0] == 0xFF && $0[1] == 0xD8 && $0[2] == 0xFF }
  }

  /// Reads the file at `path`.
  public static func read(path: String, limits: ImageLimits = ImageLimits()) throws(FormatError) -> Image {
    try decode(MappedFile(path: path).bytes, file: path, limits: limits)
  }

  /// Decodes a JPEG file: gray stays gray, all else becomes red, green, blue. Orientation tags are ignored.
  ///
  /// - Throws: `FormatError`; of kind `unsupported` if libjpeg-turbo is not there. Sizes are checked before memory is
  ///   taken, and files that the library would only warn about are refused.
  public static func decode(
    _ bytes: SharedBytes, file: String = "JPEG data", limits: ImageLimits = ImageLimits()
  ) throws(FormatError) -> Image {
    guard recognizes(bytes) else { throw FormatError(.malformed, file: file, "no JPEG signature", offset: 0) }
    try bytes.withSpan { (text) throws(FormatError) in try checkScans(text, file: file) }
    guard let library = TurboJPEG.shared else {
      throw FormatError(
        .unsupported, file: file, "JPEG needs the library libjpeg-turbo (\(TurboJPEG.names[0])), which was not found")
    }
    return try bytes.withUnsafeBytes { (buffer) throws(FormatError) in
      try library.decode(buffer, file: file, limits: limits)
    }
  }

  /// The size that a JPEG file states before its first scan; nil if it states none.
  public static func size(_ bytes: SharedBytes) -> (width: Int, height: Int)? {
    bytes.withSpan { bytes in
      var position = 2
      while position + 9 <= bytes.count, bytes[position] == 0xFF {
        let marker = bytes[position + 1]
        if marker == 0xFF {
          position += 1
          continue
        }
        // Start of frame, of whatever kind; C4, C8 and CC are other segments.
        if (0xC0...0xCF).contains(marker), marker != 0xC4, marker != 0xC8, marker != 0xCC {
          let height = Int(bytes[position + 5]) << 8 | Int(bytes[position + 6])
          return (Int(bytes[position + 7]) << 8 | Int(bytes[position + 8]), height)
        }
        position += 2 + max(2, Int(bytes[position + 2]) << 8 | Int(bytes[position + 3]))
      }
      return nil
    }
  }

  /// Walks over the segments and counts scans, so that none of them has to be decoded for it.
  static func checkScans(_ bytes: Span<UInt8>, file: String) throws(FormatError) {
    var position = 2
    var scans = 0
    while position + 4 <= bytes.count {
      guard bytes[position] == 0xFF else {
        throw FormatError(.malformed, file: file, "no JPEG marker", offset: position)
      }
      let marker = bytes[position + 1]
      if marker == 0xFF {
        position += 1
        continue
      }
      if marker == 0xD9 { return }
      let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
      guard length >= 2 else {
        throw FormatError(.malformed, file: file, "JPEG segment is too short", offset: position)
      }
      position += 2 + length
      guard marker == 0xDA else { continue }
      scans += 1
      guard scans <= maximumScans else {
        throw FormatError(.limit, file: file, "JPEG has more than \(maximumScans) scans", offset: position)
      }
      // In coded data FF is followed by 00 or by a restart marker; anything else ends the scan.
      while position + 1 < bytes.count {
        let next = bytes[position + 1]
        if bytes[position] == 0xFF, next != 0, !(0xD0...0xD7).contains(next), next != 0xFF { break }
        position += 1
      }
    }
  }
}
