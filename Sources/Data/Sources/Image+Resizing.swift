import MartletFormats

extension Image {
  /// The picture at another size, without regard to its proportions.
  ///
  /// Each new pixel is a mean of old ones, weighted by a triangle whose half width is one pixel of the coarser of both
  /// grids: linear interpolation when growing, and no aliasing when shrinking.
  ///
  /// - Precondition: Positive sizes, and a picture that is not empty.
  public func resized(height: Int, width: Int) -> Image {
    precondition(height > 0 && width > 0, "resized: the size \(height) × \(width) is not positive")
    precondition(self.height > 0 && self.width > 0, "resized: the picture is empty")
    if height == self.height && width == self.width { return self }
    let columns = Image.weights(from: self.width, to: width)
    let rows = Image.weights(from: self.height, to: height)
    let narrow = Image.narrowed(pixels, height: self.height, width: self.width, channels: channels, columns)
    var result: [UInt8] = []
    result.reserveCapacity(height * width * channels)
    for row in rows {
      for i in 0..<(width * channels) {
        var sum: Float = 0.5
        for (k, weight) in row.weights.enumerated() { sum += weight * narrow[(row.first + k) * width * channels + i] }
        result.append(UInt8(min(max(sum, 0), 255)))
      }
    }
    return Image(height: height, width: width, channels: channels, pixels: result)
  }

  private static func narrowed(
    _ pixels: [UInt8], height: Int, width: Int, channels: Int, _ columns: [(first: Int, weights: [Float])]
  ) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(height * columns.count * channels)
    for y in 0..<height {
      for column in columns {
        for channel in 0..<channels {
          var sum: Float = 0
          for (k, weight) in column.weights.enumerated() {
            sum += weight * Float(pixels[(y * width + column.first + k) * channels + channel])
          }
          result.append(sum)
        }
      }
    }
    return result
  }

  /// Which old pixels make each new one along one axis, and with which weights; the weights of one add up to 1.
  private static func weights(from old: Int, to new: Int) -> [(first: Int, weights: [Float])] {
    let scale = Double(old) / Double(new)
    let reach = max(scale, 1)
    return (0..<new).map { i in
      let center = (Double(i) + 0.5) * scale
      let first = max(Int((center - reach).rounded(.down)), 0)
      let last = min(Int((center + reach).rounded(.up)), old)
      let weights = (first..<last).map { max(1 - abs((Double($0) + 0.5 - center) / reach), 0) }
      let sum = weights.reduce(0, +)
      return (first, weights.map { Float($0 / sum) })
    }
  }
}
