import MartletFormats

/// Sizes of a model that its file of weights tells by the shapes of tensors.
struct WeightSizes {
  let file: WeightFile

  /// The largest size that a model is built with: products of a few of them can still be counted.
  static let maximumSize = 1 << 20

  init(path: String) throws(FormatError) { file = try WeightFile(path: path) }

  func has(_ name: String) -> Bool { file[name] != nil }

  /// The size of a tensor along an axis, at least 1.
  func size(_ name: String, axis: Int) throws(FormatError) -> Int {
    guard let entry = file[name] else {
      throw FormatError(.missing, file: file.file, "is not in the file, so it is of another model", tensor: name)
    }
    guard entry.dimensions.indices.contains(axis), (1...WeightSizes.maximumSize).contains(entry.dimensions[axis])
    else {
      throw FormatError(
        .mismatch, file: file.file, "has the sizes \(entry.dimensions), which are of another model", tensor: name)
    }
    return entry.dimensions[axis]
  }

  /// How many times a name exists with 0, 1, … in the place of `#`.
  func count(_ pattern: String) throws(FormatError) -> Int {
    let parts = pattern.split(separator: "#", omittingEmptySubsequences: false)
    var count = 0
    while has(parts.joined(separator: String(count))) { count += 1 }
    guard count <= ModelSettings.maximumLayers else {
      throw FormatError(.limit, file: file.file, "has more than \(ModelSettings.maximumLayers) layers")
    }
    return count
  }

  func error(_ message: String) -> FormatError { FormatError(.mismatch, file: file.file, message) }
}
