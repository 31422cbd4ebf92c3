import MartletFormats

/// A folder in which a model was published: `config.json` and files of weights, as Hugging Face lays them out.
struct ModelFolder {
  let path: String
  let settings: ModelSettings

  /// Reads the folder's settings.
  init(_ path: String) throws(FormatError) {
    self.path = path
    settings = try ModelSettings(path: "\(path)/config.json")
  }

  /// The names that weights are published under, the ones to prefer first.
  static let weightNames = [
    "model.safetensors.index.json", "model.safetensors", "pytorch_model.bin.index.json", "pytorch_model.bin",
  ]

  /// The file of weights, or the index of their shards.
  func weightsPath() throws(FormatError) -> String {
    for name in ModelFolder.weightNames where FileSystem.status("\(path)/\(name)") != nil { return "\(path)/\(name)" }
    throw FormatError(
      .missing, file: path, "has no weights: none of \(ModelFolder.weightNames.joined(separator: ", "))")
  }

  /// Whether the folder has a file of this name.
  func has(_ name: String) -> Bool { FileSystem.status("\(path)/\(name)") != nil }
}

/// A JSON file of settings whose members are checked as they are read.
struct ModelSettings {
  let file: String
  let json: JSON

  init(path: String) throws(FormatError) {
    file = path
    json = try JSON(parsing: MappedFile(path: path).bytes, file: path)
  }

  init(_ json: JSON, file: String) { (self.json, self.file) = (json, file) }

  /// A member that is not null.
  subscript(key: String) -> JSON? { json[key] == .null ? nil : json[key] }

  /// The largest number of elements along one dimension, of layers, and of pixels along a picture, that a file may ask for:
  /// products of a few of them can still be counted.
  static let maximumSize = 1 << 24
  static let maximumLayers = 4096
  static let maximumPixels = 4096

  /// A size; the default, if there is one, where the member is missing.
  func size(
    _ key: String, atMost limit: Int = ModelSettings.maximumSize, default value: Int? = nil
  ) throws(FormatError) -> Int {
    if self[key] == nil, let value { return value }
    guard let size = self[key]?.intValue, (1...limit).contains(size) else {
      throw error(.mismatch, "needs a number from 1 to \(limit) as \"\(key)\", has \(text(key))")
    }
    return size
  }

  /// A positive number.
  func number(_ key: String, default value: Double? = nil) throws(FormatError) -> Double {
    if self[key] == nil, let value { return value }
    guard let number = self[key]?.doubleValue, number > 0, number.isFinite else {
      throw error(.mismatch, "needs a positive number as \"\(key)\", has \(text(key))")
    }
    return number
  }

  /// A truth value.
  func flag(_ key: String, default value: Bool) throws(FormatError) -> Bool {
    guard let member = self[key] else { return value }
    guard let flag = member.boolValue else {
      throw error(.mismatch, "needs true or false as \"\(key)\", has \(text(key))")
    }
    return flag
  }

  /// Throws unless a member is one of the values that are computed here.
  func require(_ key: String, in values: [JSON], default value: JSON) throws(FormatError) {
    guard values.contains(self[key] ?? value) else {
      throw error(.unsupported, "asks for \"\(key)\" \(text(key)), which is not computed here")
    }
  }

  func error(_ kind: FormatError.Kind, _ message: String) -> FormatError { FormatError(kind, file: file, message) }

  private func text(_ key: String) -> String {
    self[key].map { FormatError.quoted(String($0.serialized().prefix(80))) } ?? "nothing"
  }
}
