/// The first chunk of a PNG file: size and kind of pixels.
struct PNGHeader {
  enum Color: UInt8 {
    case gray = 0
    case rgb = 2
    case palette = 3
    case grayAlpha = 4
    case rgba = 6

    /// Samples stored for each pixel.
    var samples: Int {
      switch self {
      case .gray, .palette: 1
      case .grayAlpha: 2
      case .rgb: 3
      case .rgba: 4
      }
    }

    func allows(depth: Int) -> Bool {
      switch self {
      case .gray: [1, 2, 4, 8, 16].contains(depth)
      case .palette: [1, 2, 4, 8].contains(depth)
      case .rgb, .grayAlpha, .rgba: depth == 8 || depth == 16
      }
    }
  }

  let width: Int
  let height: Int
  let depth: Int
  let color: Color
  let isInterlaced: Bool

  init(_ chunk: SharedBytes, at position: Int, file: String, limits: ImageLimits) throws(FormatError) {
    guard chunk.count == 13 else {
      throw FormatError(.malformed, file: file, "PNG header is not 13 bytes long", offset: position)
    }
    var reader = ByteReader(chunk, file: file)
    let width = try reader.big(UInt32.self, "PNG width")
    let height = try reader.big(UInt32.self, "PNG height")
    let depth = Int(try reader.little(UInt8.self, "PNG depth"))
    let color = Color(rawValue: try reader.little(UInt8.self, "PNG color"))
    let methods = try reader.take(3, "PNG methods").array
    guard (1...0x7FFF_FFFF).contains(width), (1...0x7FFF_FFFF).contains(height) else {
      throw FormatError(.malformed, file: file, "PNG size \(width) × \(height) is not allowed", offset: position)
    }
    guard let color, color.allows(depth: depth) else {
      throw FormatError(.malformed, file: file, "PNG has no such kind of pixels", offset: position + 8)
    }
    guard methods[0] == 0, methods[1] == 0, methods[2] <= 1 else {
      throw FormatError(.unsupported, file: file, "PNG uses unknown methods", offset: position + 10)
    }
    self.width = Int(width)
    self.height = Int(height)
    self.depth = depth
    self.color = color
    isInterlaced = methods[2] == 1
    // Both factors are below 2³¹, so that the product does not overflow; no pixel takes more than 8 bytes.
    guard self.width * self.height <= limits.pixels, self.width * self.height <= limits.bytes / 8 else {
      throw FormatError(.limit, file: file, "PNG of \(width) × \(height) pixels is too large", offset: position)
    }
  }

  /// Bits of one pixel.
  var pixelBits: Int { color.samples * depth }

  /// Bytes of a row of the given width, without its filter.
  func rowBytes(width: Int) -> Int { (width * pixelBits + 7) / 8 }

  /// The seven reduced images of an interlaced file, or the one of any other; those without pixels are left out.
  var passes: [PNGPass] {
    let all =
      isInterlaced
      ? [
        PNGPass(x: 0, y: 0, dx: 8, dy: 8, self), PNGPass(x: 4, y: 0, dx: 8, dy: 8, self),
        PNGPass(x: 0, y: 4, dx: 4, dy: 8, self), PNGPass(x: 2, y: 0, dx: 4, dy: 4, self),
        PNGPass(x: 0, y: 2, dx: 2, dy: 4, self), PNGPass(x: 1, y: 0, dx: 2, dy: 2, self),
        PNGPass(x: 0, y: 1, dx: 1, dy: 2, self),
      ] : [PNGPass(x: 0, y: 0, dx: 1, dy: 1, self)]
    return all.filter { $0.width > 0 && $0.height > 0 }
  }
}

/// A reduced image: every `dx`-th pixel of every `dy`-th row.
struct PNGPass {
  let x: Int
  let y: Int
  let dx: Int
  let dy: Int
  let width: Int
  let height: Int
  let rowBytes: Int

  init(x: Int, y: Int, dx: Int, dy: Int, _ header: PNGHeader) {
    (self.x, self.y, self.dx, self.dy) = (x, y, dx, dy)
    width = max(0, header.width - x + dx - 1) / dx
    height = max(0, header.height - y + dy - 1) / dy
    rowBytes = header.rowBytes(width: width)
  }

  /// Bytes of all rows, each with its filter.
  var byteCount: Int { height * (rowBytes + 1) }
}
