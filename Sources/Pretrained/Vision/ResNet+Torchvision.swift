import Martlet
public import MartletFormats
public import MartletZoo

extension ResNet {
  /// A residual network from a file of torchvision's names and layouts, ResNet-18 to ResNet-152.
  ///
  /// Kind, sizes and classes are found from the file.
  ///
  /// - Parameter path: A file `….pth` or one of another format with the same names.
  /// - Throws: `FormatError` if the file holds no such model; a `WeightError` with every tensor that is missing,
  ///   unexpected or of another shape.
  public init(torchvision path: String) throws {
    let sizes = try WeightSizes(path: path)
    let counts = try (1...4).map { (stage) throws(FormatError) in try sizes.count("layer\(stage).#.conv1.weight") }
    guard !counts.contains(0) else { throw sizes.error("has no four stages of blocks, so it is no ResNet") }
    let kind: BlockKind = sizes.has("layer1.0.conv3.weight") ? .bottleneck : .basic
    self.init(
      kind, counts, width: try sizes.size("conv1.weight", axis: 0), classes: try sizes.size("fc.bias", axis: 0))
    try loadWeights(from: path, renaming: ResNet.torchvisionNames(kind, counts), converting: true)
  }

  /// From torchvision's names to those of a network of the given stages.
  public static func torchvisionNames(_ kind: BlockKind, _ counts: [Int]) -> NameRules {
    var rules = [NameRules.Rule(dropping: "{any...}.num_batches_tracked")]
    rules += NameRules.normalized("conv1", "bn1", "stem.0") + NameRules.dense("fc", "head")
    let parts = kind == .basic ? ["first", "second"] : ["reduce", "middle", "expand"]
    var block = 0
    for (stage, count) in counts.enumerated() {
      for index in 0..<count {
        let (theirs, ours) = ("layer\(stage + 1).\(index)", "blocks.\(block)")
        for (number, part) in parts.enumerated() {
          rules += NameRules.normalized(
            "\(theirs).conv\(number + 1)", "\(theirs).bn\(number + 1)", "\(ours).\(part)")
        }
        rules += NameRules.normalized("\(theirs).downsample.0", "\(theirs).downsample.1", "\(ours).shortcut")
        block += 1
      }
    }
    return NameRules(rules)
  }
}

extension NameRules {
  /// A convolution without bias and the batch normalization behind it, as a ``NormalizedConvolution``.
  static func normalized(_ convolution: String, _ norm: String, _ ours: String) -> [Rule] {
    [
      Rule("\(convolution).weight", "\(ours).convolution.weight", layout: .filter2D),
      Rule("\(norm).running_mean", "\(ours).norm.runningMean"),
      Rule("\(norm).running_var", "\(ours).norm.runningVariance"),
    ] + self.norm(norm, "\(ours).norm")
  }

  /// The filter and the bias of a convolution of images.
  static func convolution(_ theirs: String, _ ours: String) -> [Rule] {
    [Rule("\(theirs).weight", "\(ours).weight", layout: .filter2D), Rule("\(theirs).bias", "\(ours).bias")]
  }
}
