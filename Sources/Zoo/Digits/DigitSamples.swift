import MartletData
import MartletFormats
import MartletSamples

/// The 5,000 handwritten digits that come with the package, and the split of OpenCV's tutorial on them.
public enum DigitSamples {
  /// The left half of the sheet trains, 2,500 digits; the right half tests, as many.
  ///
  /// - Throws: `FormatError` if the sheet cannot be decoded.
  public static func load() throws -> (training: [LabeledDigit], test: [LabeledDigit]) {
    var size = 0
    let start = martlet_samples_digits_png(&size)
    let sheet = try PNG.decode(SharedBytes(Array(UnsafeBufferPointer(start: start, count: size))), file: "digits.png")
      .converted(toChannels: 1)
    let cells = (0..<(rows * columns)).map { cell in
      LabeledDigit(
        image: sheet.digit(row: cell / columns, column: cell % columns), label: cell / columns / rowsPerDigit)
    }
    return (
      cells.indices.filter { $0 % columns < columns / 2 }.map { cells[$0] },
      cells.indices.filter { $0 % columns >= columns / 2 }.map { cells[$0] }
    )
  }

  private static let rows = 50
  private static let columns = 100
  private static let rowsPerDigit = 5
}

extension Image {
  /// The cell of a sheet of digits.
  fileprivate func digit(row: Int, column: Int) -> DigitImage {
    let side = DigitImage.side
    var result: [Float] = []
    result.reserveCapacity(side * side)
    for y in 0..<side {
      let start = (row * side + y) * width + column * side
      result += pixels[start..<(start + side)].map { Float($0) / 255 }
    }
    return DigitImage(pixels: result)
  }
}
