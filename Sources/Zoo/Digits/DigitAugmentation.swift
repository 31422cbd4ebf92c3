public import MartletData

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Small changes that leave a digit the same digit: turned, resized and shifted at random.
public struct DigitAugmentation: Sendable, Hashable {
  /// The largest angle to either side, in degrees.
  public var angle = 10.0
  /// The factor of the size is within `1 - scale ... 1 + scale`.
  public var scale = 0.1
  /// The largest shift along each axis, in pixels.
  public var shift = 1.5

  /// The changes of the training recipe.
  public init() {}

  /// A digit changed as the generator says: bilinear, empty outside.
  public func apply(to image: DigitImage, using generator: inout SampleGenerator) -> DigitImage {
    let turn = generator.unit(in: -angle...angle) * .pi / 180
    let factor = generator.unit(in: (1 - scale)...(1 + scale))
    let dx = generator.unit(in: -shift...shift)
    let dy = generator.unit(in: -shift...shift)
    return image.sampled(cosine: Float(factor * cos(turn)), sine: Float(factor * sin(turn)), Float(dx), Float(dy))
  }
}

extension SampleGenerator {
  fileprivate mutating func unit(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * unit()
  }
}

extension DigitImage {
  /// Output pixel (x, y), counted from the center, reads (cosine x - sine y + dx, sine x + cosine y + dy).
  fileprivate func sampled(cosine: Float, sine: Float, _ dx: Float, _ dy: Float) -> DigitImage {
    let side = DigitImage.side
    let middle = Float(side - 1) / 2
    let result = [Float](unsafeUninitializedCapacity: pixels.count) { output, count in
      pixels.withUnsafeBufferPointer { input in
        for row in 0..<side {
          for column in 0..<side {
            let (x, y) = (Float(column) - middle, Float(row) - middle)
            output[row * side + column] = input.bilinear(
              cosine * x - sine * y + dx + middle, sine * x + cosine * y + dy + middle)
          }
        }
      }
      count = side * side
    }
    return DigitImage(pixels: result)
  }
}

extension UnsafeBufferPointer<Float> {
  /// The value at a place between pixels; pixels outside are 0.
  fileprivate func bilinear(_ x: Float, _ y: Float) -> Float {
    let side = DigitImage.side
    let (left, top) = (x.rounded(.down), y.rounded(.down))
    let (u, v) = (x - left, y - top)
    let (column, row) = (Int(left), Int(top))
    func pixel(_ r: Int, _ c: Int) -> Float {
      r >= 0 && r < side && c >= 0 && c < side ? self[r * side + c] : 0
    }
    let upper = pixel(row, column) * (1 - u) + pixel(row, column + 1) * u
    let lower = pixel(row + 1, column) * (1 - u) + pixel(row + 1, column + 1) * u
    return upper * (1 - v) + lower * v
  }
}
