import MartletFormats

/// Changes of small whole pictures, made by `Benchmarks/Fixtures/make_format_fixtures.py`.
private struct Picture {
  var bytes: [UInt8]

  static let gray = Picture("gray.jpg")
  static let color = Picture("color.jpg")
  static let progressive = Picture("progressive.jpg")

  private init(_ name: String) {
    guard let bytes = try? Fixture.bytes(name) else { fatalError("the fixture \(name) is missing") }
    self.bytes = bytes
  }

  /// Where the first segment of a kind begins.
  func segment(_ marker: UInt8) -> Int {
    var position = 2
    while bytes[position + 1] != marker { position += 2 + Int(bytes[position + 2]) << 8 + Int(bytes[position + 3]) }
    return position
  }

  /// The bytes with those behind a segment's marker and length changed.
  func setting(_ marker: UInt8, _ offset: Int, _ values: [UInt8]) -> [UInt8] {
    var result = bytes
    let start = segment(marker) + 4 + offset
    result.replaceSubrange(start..<(start + values.count), with: values)
    return result
  }

  func length(of marker: UInt8) -> Int {
    let start = segment(marker)
    return 2 + Int(bytes[start + 2]) << 8 + Int(bytes[start + 3])
  }

  func removing(_ marker: UInt8) -> [UInt8] {
    var result = bytes
    result.removeSubrange(segment(marker)..<(segment(marker) + length(of: marker)))
    return result
  }

  func repeating(_ marker: UInt8) -> [UInt8] {
    var result = bytes
    let start = segment(marker)
    result.insert(contentsOf: bytes[start..<(start + length(of: marker))], at: start)
    return result
  }
}

extension HostileFile {
  /// A file that is refused before the library sees it.
  private static func early(_ name: String, _ bytes: [UInt8], _ kind: FormatError.Kind) -> HostileFile {
    HostileFile("jpeg", name, bytes, kind)
  }

  /// A file that the library refuses; where there is none, the error says so.
  private static func late(
    _ name: String, _ bytes: [UInt8], _ kind: FormatError.Kind = .malformed
  ) -> HostileFile {
    HostileFile("jpeg", name, bytes, JPEG.isAvailable ? kind : .unsupported)
  }

  static let jpeg: [HostileFile] = {
    let (gray, color, progressive) = (Picture.gray, Picture.color, Picture.progressive)
    let scan: [UInt8] = [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0]
    let data = gray.segment(0xDA) + gray.length(of: 0xDA)
    return [
      early("nothing", [], .malformed), early("signature alone", [0xFF, 0xD8], .malformed),
      early("other signature", [0xFF, 0xD9, 0xFF] + gray.bytes.dropFirst(3), .malformed),
      early("a PNG file", [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10], .malformed),
      early("rubbish behind the signature", [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 3, 4, 5, 6], .malformed),
      early("segment of length 0", [0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 1, 2], .malformed),
      early("segment of length 1", [0xFF, 0xD8, 0xFF, 0xE0, 0, 1, 1, 2], .malformed),
      early("65 scans", Array(gray.bytes[..<data]) + (0..<64).flatMap { _ in scan } + [0xFF, 0xD9], .limit),
      early("100,000 scans", Array(gray.bytes[..<data]) + (0..<100_000).flatMap { _ in scan }, .limit),
      late("segment past the end", [0xFF, 0xD8, 0xFF, 0xE0, 0xFF, 0xFF, 1, 2]),
      late("signature and end", [0xFF, 0xD8, 0xFF, 0xD9]), late("no frame", gray.removing(0xC0)),
      late("no scan", Array(gray.bytes[..<gray.segment(0xDA)]) + [0xFF, 0xD9]),
      late("no table of quantization", gray.removing(0xDB)),
      late("two frames", gray.repeating(0xC0)), late("height 0", gray.setting(0xC0, 1, [0, 0])),
      late("width 0", gray.setting(0xC0, 3, [0, 0])),
      late("65,535 × 65,535 pixels", gray.setting(0xC0, 1, [255, 255, 255, 255])),
      late("60,000 × 60,000 pixels", gray.setting(0xC0, 1, [0xEA, 0x60, 0xEA, 0x60]), .limit),
      late("8,000 × 8,000 pixels of nothing", gray.setting(0xC0, 1, [0x1F, 0x40, 0x1F, 0x40]), .limit),
      late("8,000 × 8,000 pixels, progressive", progressive.setting(0xC2, 1, [0x1F, 0x40, 0x1F, 0x40]), .limit),
      late("12 bits", gray.setting(0xC0, 0, [12])), late("no components", gray.setting(0xC0, 5, [0])),
      late("255 components", gray.setting(0xC0, 5, [255])), late("sampling 0", gray.setting(0xC0, 7, [0])),
      late("sampling 15 × 15", color.setting(0xC0, 7, [0xFF])),
      late("quantization table 7", gray.setting(0xC0, 8, [7])),
      late("quantization table of 16 bits", gray.setting(0xDB, 0, [0x10])),
      late("code table 15", gray.setting(0xC4, 0, [0x0F])), late("more codes than bits", gray.setting(0xC4, 1, [255])),
      late("codes past their segment", gray.setting(0xC4, 16, [255])),
      late("a scan of a component that is not there", gray.setting(0xDA, 1, [9])),
      late("a scan with codes that are not there", gray.setting(0xDA, 2, [0x33])),
      late("a scan of 5 components", gray.setting(0xDA, 0, [5])),
      late("a progressive scan that runs backwards", progressive.setting(0xDA, 7, [5, 2])),
      late("a progressive scan of bit 15", progressive.setting(0xDA, 9, [0xFF])),
      late(
        "a frame that is arithmetic and lossless",
        gray.bytes.enumerated().map { $0 == gray.segment(0xC0) + 1 ? 0xCB : $1 }),
      late("data cut", Array(gray.bytes[..<(data + 10)])),
      late("data cut, with an end", Array(gray.bytes[..<(data + 10)]) + [0xFF, 0xD9]),
      late("data of ones", Array(gray.bytes[..<data]) + [UInt8](repeating: 0xFE, count: 100) + [0xFF, 0xD9]),
      late(
        "a restart that nobody announced", Array(gray.bytes[..<(data + 4)]) + [0xFF, 0xD3] + gray.bytes[(data + 4)...]),
    ]
  }()
}
