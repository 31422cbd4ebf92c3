/// A digit as the classifier sees it: 20 × 20 gray pixels, ink light (1) on dark ground (0).
///
/// The training digits are laid out like MNIST's, reduced from 28 to 20 pixels: the longer side of the ink takes 20/28
/// of the picture, and the center of mass is where ``center`` says.
public struct DigitImage: Sendable, Hashable {
  /// Pixels on each side.
  public static let side = 20
  /// The longer side of the ink's box, in pixels.
  static let inkSide = 20.0 * 20.0 / 28.0
  /// The center of mass of the training digits, in pixels from the left and the top edge (median of all 5,000).
  static let center = 10.35

  /// `side * side` values from 0 to 1, row by row from the top.
  public var pixels: [Float]

  /// A picture that already has this layout.
  ///
  /// - Precondition: `side * side` values.
  public init(pixels: [Float]) {
    precondition(pixels.count == DigitImage.side * DigitImage.side, "a digit has 20 × 20 pixels, not \(pixels.count)")
    self.pixels = pixels
  }
}

/// A digit and what it shows.
public struct LabeledDigit: Sendable, Hashable {
  /// The picture.
  public var image: DigitImage
  /// 0 to 9.
  public var label: Int

  /// A picture of the digit `label`.
  public init(image: DigitImage, label: Int) {
    self.image = image
    self.label = label
  }
}
