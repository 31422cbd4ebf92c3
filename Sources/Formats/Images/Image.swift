/// A picture of 8-bit pixels: `[height, width, channels]`, row by row from the top.
public struct Image: Sendable, Hashable {
  /// Rows.
  public let height: Int
  /// Pixels in a row.
  public let width: Int
  /// Bytes in a pixel: 1 is gray, 3 red, green, blue, 4 the same and opacity (0 is clear, not premultiplied).
  public let channels: Int
  /// `height * width * channels` values from 0 to 255.
  public let pixels: [UInt8]

  /// A picture of the given pixels.
  ///
  /// - Precondition: 1, 3 or 4 channels, and as many values as they make.
  public init(height: Int, width: Int, channels: Int, pixels: [UInt8]) {
    precondition([1, 3, 4].contains(channels), "an image has 1, 3 or 4 channels, not \(channels)")
    precondition(pixels.count == height * width * channels, "an image needs height * width * channels values")
    self.height = height
    self.width = width
    self.channels = channels
    self.pixels = pixels
  }

  /// The picture with another number of channels.
  ///
  /// Gray is repeated; colors become gray by the weights of ITU-R BT.601 (0.299, 0.587, 0.114); new opacity is 255, and
  /// opacity that goes is ignored.
  ///
  /// - Precondition: 1, 3 or 4 channels.
  public func converted(toChannels wanted: Int) -> Image {
    if wanted == channels { return self }
    var result = [UInt8](repeating: 255, count: height * width * wanted)
    for i in 0..<(height * width) {
      let from = i * channels
      let to = i * wanted
      if wanted == 1 {
        result[to] = Image.gray(pixels[from], pixels[from + 1], pixels[from + 2])
      } else {
        for c in 0..<3 { result[to + c] = channels == 1 ? pixels[from] : pixels[from + c] }
      }
    }
    return Image(height: height, width: width, channels: wanted, pixels: result)
  }

  private static func gray(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
    // The weights in units of 1/65536, rounded to the nearest.
    let sum: UInt32 = UInt32(red) * 19595 + UInt32(green) * 38470 + UInt32(blue) * 7471
    return UInt8((sum + 32768) >> 16)
  }
}

/// What a picture file may make of itself; checked before memory is taken.
public struct ImageLimits: Sendable {
  /// The most pixels; 2²⁶ by default.
  public var pixels = 1 << 26
  /// The most bytes of decoded data; 1 GiB by default.
  public var bytes = 1 << 30

  /// The default limits.
  public init() {}
}
