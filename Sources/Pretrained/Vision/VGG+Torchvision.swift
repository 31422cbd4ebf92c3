import Martlet
public import MartletFormats
public import MartletZoo

extension VGG {
  /// A VGG without batch normalization from a file of torchvision's names and layouts, VGG-11 to VGG-19.
  ///
  /// - Parameter path: A file `….pth` or one of another format with the same names.
  /// - Throws: `FormatError` if the file holds no such model; a `WeightError` with every tensor that is missing,
  ///   unexpected or of another shape.
  public init(torchvision path: String) throws {
    let sizes = try WeightSizes(path: path)
    self.init(
      try VGG.stages(sizes), width: try sizes.size("features.0.weight", axis: 0),
      hiddenWidth: try sizes.size("classifier.0.bias", axis: 0), classes: try sizes.size("classifier.6.bias", axis: 0))
    try loadWeights(from: path, renaming: VGG.torchvisionNames, converting: true)
  }

  /// From torchvision's names, which count layers as this model does.
  public static let torchvisionNames = NameRules(
    NameRules.convolution("features.{i}", "features.{i}") + NameRules.dense("classifier.{i}", "classifier.{i}"))

  /// The convolutions of each stage: two layers lie between those of one stage, three where a pooling is.
  private static func stages(_ sizes: WeightSizes) throws(FormatError) -> [Int] {
    var counts = [0]
    var layer = 0
    while layer < ModelSettings.maximumLayers {
      if sizes.has("features.\(layer).weight") {
        counts[counts.count - 1] += 1
        layer += 2
      } else if sizes.has("features.\(layer + 1).weight") {
        counts.append(0)
        layer += 1
      } else {
        break
      }
    }
    guard counts != [0] else { throw sizes.error("has no convolution \"features.0\", so it is no VGG") }
    return counts
  }
}
