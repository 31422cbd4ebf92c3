/// Turns the unfiltered samples of a PNG file into 8-bit pixels.
struct PNGPixels {
  private let header: PNGHeader
  private let file: String
  private let palette: [UInt8]
  private let paletteAlpha: [UInt8]
  /// The one gray or color that is transparent, as stored.
  private let transparent: [Int]?
  private let channels: Int

  init(_ chunks: PNGChunks, file: String) {
    header = chunks.header
    self.file = file
    palette = chunks.palette
    let isPalette = chunks.header.color == .palette
    paletteAlpha = isPalette ? chunks.transparency ?? [] : []
    transparent =
      isPalette
      ? nil
      : chunks.transparency.map { bytes in
        stride(from: 0, to: bytes.count, by: 2).map { Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]) }
      }
    let isClearSomewhere = chunks.transparency != nil
    switch header.color {
    case .gray: channels = isClearSomewhere ? 4 : 1
    case .rgb, .palette: channels = isClearSomewhere ? 4 : 3
    case .grayAlpha, .rgba: channels = 4
    }
  }

  /// The picture; `raw` holds the filtered rows of all passes and is used up.
  func image(_ raw: inout [UInt8]) throws(FormatError) -> Image {
    var pixels = [UInt8](repeating: 255, count: header.width * header.height * channels)
    var rows = raw.mutableSpan
    var target = pixels.mutableSpan
    var start = 0
    for pass in header.passes {
      let isKnown = PNGFilter.undo(
        &rows, from: start, rows: pass.height, rowBytes: pass.rowBytes, step: max(1, header.pixelBits / 8))
      guard isKnown else { throw FormatError(.malformed, file: file, "PNG row has an unknown filter") }
      for row in 0..<pass.height {
        let source = start + row * (pass.rowBytes + 1) + 1
        let line = ((pass.y + row * pass.dy) * header.width + pass.x) * channels
        let isKnown = expand(rows.span, from: source, pass, into: &target, at: line)
        guard isKnown else { throw FormatError(.malformed, file: file, "PNG pixel is outside of the palette") }
      }
      start += pass.byteCount
    }
    return Image(height: header.height, width: header.width, channels: channels, pixels: pixels)
  }

  /// Writes one row of a pass; false if a pixel is outside of the palette.
  private func expand(
    _ raw: Span<UInt8>, from source: Int, _ pass: PNGPass, into target: inout MutableSpan<UInt8>, at start: Int
  ) -> Bool {
    let step = pass.dx * channels
    if header.depth == 8, transparent == nil, header.color != .palette, header.color != .grayAlpha {
      for x in 0..<pass.width {
        for c in 0..<channels { target[start + x * step + c] = raw[source + x * channels + c] }
      }
      return true
    }
    if header.color == .palette {
      for x in 0..<pass.width {
        let index = sample(raw, source, x)
        guard index < palette.count / 3 else { return false }
        let end = start + x * step
        for c in 0..<3 { target[end + c] = palette[index * 3 + c] }
        if index < paletteAlpha.count { target[end + 3] = paletteAlpha[index] }
      }
      return true
    }
    for x in 0..<pass.width { expandPixel(raw, source, x, &target, start + x * step) }
    return true
  }

  private func expandPixel(
    _ raw: Span<UInt8>, _ source: Int, _ x: Int, _ target: inout MutableSpan<UInt8>, _ end: Int
  ) {
    let samples = header.color.samples
    let hasAlpha = header.color == .grayAlpha || header.color == .rgba
    let colors = hasAlpha ? samples - 1 : samples
    var isTransparent = transparent != nil
    for c in 0..<min(channels, 3) {
      let value = sample(raw, source, x * samples + min(c, colors - 1))
      if let transparent, c < colors, transparent[c] != value { isTransparent = false }
      target[end + c] = scaled(value)
    }
    if isTransparent { target[end + 3] = 0 }
    if hasAlpha { target[end + 3] = scaled(sample(raw, source, x * samples + samples - 1)) }
  }

  /// The `index`-th sample of a row that begins at `source`.
  private func sample(_ raw: Span<UInt8>, _ source: Int, _ index: Int) -> Int {
    switch header.depth {
    case 8: return Int(raw[source + index])
    case 16: return Int(raw[source + 2 * index]) << 8 | Int(raw[source + 2 * index + 1])
    default:
      let bit = index * header.depth
      let shift = 8 - header.depth - bit % 8
      return Int(raw[source + bit / 8]) >> shift & (1 << header.depth - 1)
    }
  }

  private func scaled(_ value: Int) -> UInt8 {
    let largest = 1 << header.depth - 1
    return UInt8((value * 255 + largest / 2) / largest)
  }
}
