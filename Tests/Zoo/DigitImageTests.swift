import MartletData
import MartletFormats
import MartletZoo
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct DigitImageTests {
  /// The first training digit of each class.
  static let digits: [LabeledDigit] = {
    let all = try! DigitSamples.load().training
    return (0...9).map { label in all.first { $0.label == label }! }
  }()

  @Test func `the sheet holds 250 digits of each class in each half`() throws {
    let (training, test) = try DigitSamples.load()
    for part in [training, test] {
      #expect(part.count == 2500)
      for label in 0...9 { #expect(part.count { $0.label == label } == 250) }
      #expect(part.allSatisfy { $0.image.pixels.allSatisfy { (0...1).contains($0) } })
    }
  }

  @Test(arguments: 0...9)
  func `a training digit hardly changes`(label: Int) throws {
    let result = try DigitImage(normalizing: picture(Self.digits[label].image))
    #expect(difference(result, Self.digits[label].image) < 0.1)
  }

  @Test(arguments: 0...9)
  func `dark on light is the same digit as light on dark`(label: Int) throws {
    let light = picture(Self.digits[label].image, factor: 3, margin: 10)
    let dark = Image(height: light.height, width: light.width, channels: 1, pixels: light.pixels.map { 255 - $0 })
    #expect(difference(try DigitImage(normalizing: dark), try DigitImage(normalizing: light)) < 1e-5)
  }

  @Test(arguments: 0...9, [2, 5, 11])
  func `a larger picture is the same digit`(label: Int, factor: Int) throws {
    let small = try DigitImage(normalizing: picture(Self.digits[label].image))
    let large = try DigitImage(normalizing: picture(Self.digits[label].image, factor: factor))
    // Blocks of equal pixels are not what a camera would see, so the edges differ a little.
    #expect(difference(large, small) < 0.05)
  }

  @Test(arguments: 0...9)
  func `a digit in a corner is the same digit`(label: Int) throws {
    let centered = try DigitImage(normalizing: picture(Self.digits[label].image, factor: 2, margin: 30))
    let moved = try DigitImage(
      normalizing: picture(Self.digits[label].image, factor: 2, top: 3, left: 57, height: 100, width: 110))
    #expect(difference(moved, centered) < 1e-4)
  }

  @Test(arguments: 0...9)
  func `color and opacity make no difference`(label: Int) throws {
    let gray = picture(Self.digits[label].image, factor: 2, margin: 8)
    let expected = try DigitImage(normalizing: gray)
    #expect(difference(try DigitImage(normalizing: gray.converted(toChannels: 3)), expected) < 1e-5)
    // Black ink on nothing, as drawing programs save it.
    let transparent = Image(
      height: gray.height, width: gray.width, channels: 4, pixels: gray.pixels.flatMap { [0, 0, 0, $0] as [UInt8] })
    #expect(difference(try DigitImage(normalizing: transparent), expected) < 1e-5)
    let white = Image(
      height: gray.height, width: gray.width, channels: 4,
      pixels: gray.pixels.flatMap { [255, 255, 255, $0] as [UInt8] })
    #expect(difference(try DigitImage(normalizing: white), expected) < 1e-5)
  }

  @Test func `dust does not move the digit`() throws {
    let clean = picture(Self.digits[3].image, factor: 4, margin: 20)
    var pixels = clean.pixels
    for (y, x) in [(2, 2), (5, 90), (110, 7)] { pixels[y * clean.width + x] = 255 }
    let dusty = Image(height: clean.height, width: clean.width, channels: 1, pixels: pixels)
    #expect(difference(try DigitImage(normalizing: dusty), try DigitImage(normalizing: clean)) < 1e-3)
  }

  @Test(arguments: [0, 128, 255] as [UInt8])
  func `an empty picture is an error`(gray: UInt8) {
    let empty = Image(height: 9, width: 7, channels: 1, pixels: Array(repeating: gray, count: 63))
    #expect(throws: DataError.self) { try DigitImage(normalizing: empty) }
  }

  @Test func `augmentation is determined by seed, pass and number`() {
    let image = Self.digits[5].image
    func augmented(_ seed: UInt64, _ epoch: Int, _ index: Int) -> DigitImage {
      var generator = SampleGenerator(seed: seed, epoch: epoch, index: index)
      return DigitAugmentation().apply(to: image, using: &generator)
    }
    #expect(augmented(1, 2, 3) == augmented(1, 2, 3))
    #expect(Set([augmented(1, 2, 3), augmented(77, 2, 3), augmented(1, 3, 3), augmented(1, 2, 4)]).count == 4)
  }

  @Test func `no augmentation changes nothing`() {
    var still = DigitAugmentation()
    (still.angle, still.scale, still.shift) = (0, 0, 0)
    var generator = SampleGenerator(seed: 0, epoch: 0, index: 0)
    #expect(still.apply(to: Self.digits[7].image, using: &generator) == Self.digits[7].image)
  }

  @Test func `a shift by whole pixels moves the pixels`() {
    // A range of one value: every draw is the same.
    var right = DigitAugmentation()
    (right.angle, right.scale, right.shift) = (0, 0, 1.5)
    let image = Self.digits[2].image
    let mass = image.pixels.reduce(0, +)
    for index in 0..<20 {
      var generator = SampleGenerator(seed: 9, epoch: 0, index: index)
      let moved = right.apply(to: image, using: &generator)
      // The digits keep a margin of more than two pixels, and bilinear weights add up to one.
      #expect(abs(moved.pixels.reduce(0, +) - mass) < 1e-3 * mass)
    }
  }
}

/// A digit as a gray picture: each pixel a block, with empty pixels around.
func picture(_ digit: DigitImage, factor: Int = 1, margin: Int = 0) -> Image {
  let size = DigitImage.side * factor + 2 * margin
  return picture(digit, factor: factor, top: margin, left: margin, height: size, width: size)
}

func picture(_ digit: DigitImage, factor: Int, top: Int, left: Int, height: Int, width: Int) -> Image {
  var pixels = [UInt8](repeating: 0, count: height * width)
  for y in 0..<(DigitImage.side * factor) {
    for x in 0..<(DigitImage.side * factor) {
      let value = digit.pixels[y / factor * DigitImage.side + x / factor]
      pixels[(top + y) * width + left + x] = UInt8((value * 255).rounded())
    }
  }
  return Image(height: height, width: width, channels: 1, pixels: pixels)
}

/// The mean difference of pixels.
func difference(_ a: DigitImage, _ b: DigitImage) -> Float {
  zip(a.pixels, b.pixels).reduce(0) { $0 + abs($1.0 - $1.1) } / Float(a.pixels.count)
}
