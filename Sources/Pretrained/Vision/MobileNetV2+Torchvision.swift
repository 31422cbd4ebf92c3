import Martlet
public import MartletFormats
public import MartletZoo

extension MobileNetV2 {
  /// A MobileNetV2 from a file of torchvision's names and layouts.
  ///
  /// - Parameters:
  ///   - path: A file `….pth` or one of another format with the same names.
  ///   - stages: The network's stages; other sizes are found from the file.
  /// - Throws: `FormatError` if the file holds no such model; a `WeightError` with every tensor that is missing,
  ///   unexpected or of another shape.
  public init(torchvision path: String, stages: [Stage] = MobileNetV2.stages) throws {
    let sizes = try WeightSizes(path: path)
    self.init(
      classes: try sizes.size("classifier.1.bias", axis: 0), stages: stages,
      stemChannels: try sizes.size("features.0.0.weight", axis: 0),
      lastChannels: try sizes.size("classifier.1.weight", axis: 1))
    let rules = MobileNetV2.torchvisionNames(hasExpansion: blocks.map { $0.expand != nil })
    try loadWeights(from: path, renaming: rules, converting: true)
  }

  /// From torchvision's names to those of a network.
  ///
  /// - Parameter hasExpansion: For each block, whether it begins with a convolution to more channels.
  public static func torchvisionNames(hasExpansion: [Bool]) -> NameRules {
    var rules = [NameRules.Rule(dropping: "{any...}.num_batches_tracked")]
    rules += NameRules.dense("classifier.1", "head") + NameRules.normalized("features.0.0", "features.0.1", "stem")
    let last = "features.\(hasExpansion.count + 1)"
    rules += NameRules.normalized("\(last).0", "\(last).1", "last")
    for (block, hasExpansion) in hasExpansion.enumerated() {
      let (theirs, ours) = ("features.\(block + 1).conv", "blocks.\(block)")
      let parts = hasExpansion ? ["expand", "depthwise"] : ["depthwise"]
      for (index, part) in parts.enumerated() {
        rules += NameRules.normalized("\(theirs).\(index).0", "\(theirs).\(index).1", "\(ours).\(part)")
      }
      rules += NameRules.normalized("\(theirs).\(parts.count)", "\(theirs).\(parts.count + 1)", "\(ours).project")
    }
    return NameRules(rules)
  }
}
