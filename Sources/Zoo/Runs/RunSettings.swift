import Martlet
import MartletFormats

/// The settings that a run folder keeps in `config.json`.
struct RunSettings {
  let json: JSON
  let path: String

  /// Reads the settings of a run.
  ///
  /// - Throws: `FormatError` if the folder is none of a run, or of a run of another task.
  init(run: String, task: String? = nil) throws {
    path = "\(run)/config.json"
    guard FileSystem.status(path) != nil else {
      throw FormatError(.missing, file: run, "is no folder of a run: it has no config.json")
    }
    json = try JSON(path: path)
    guard let found = json["task"]?.stringValue else { throw FormatError(.malformed, file: path, "names no task") }
    if let task, found != task { throw FormatError(.mismatch, file: run, "is a run of \(found), not of \(task)") }
  }

  /// A setting that must be there.
  func required<Value>(_ key: String, _ convert: (JSON) -> Value?) throws -> Value {
    guard let value = json[key].flatMap(convert) else {
      throw FormatError(.malformed, file: path, "lacks a usable \(FormatError.quoted(key))")
    }
    return value
  }

  /// A list of strings.
  func strings(_ key: String) throws -> [String] {
    try required(key) { json in
      guard let values = json.arrayValue else { return nil }
      let strings = values.compactMap(\.stringValue)
      return strings.count == values.count ? strings : nil
    }
  }
}

extension RunSettings {
  /// Puts the weights of a run into a model: those at the end, or of the newest checkpoint if the run is not over.
  ///
  /// Nothing is changed unless all names, types and shapes are right.
  static func loadWeights(run: String, into model: some Module) throws {
    let path = "\(run)/weights.safetensors"
    if FileSystem.status(path) != nil { return try model.loadWeights(from: path) }
    guard let checkpoint = try Checkpoint.latest(in: "\(run)/checkpoints") else {
      throw FormatError(.missing, file: run, "has neither weights nor a checkpoint")
    }
    _ = try checkpoint.load(model: model.variablesByName)
  }
}

extension Module {
  /// The variables by their paths.
  var variablesByName: [String: Variable] {
    Dictionary(uniqueKeysWithValues: namedVariables.map { ($0.name, $0.variable) })
  }
}

extension RunSettings {
  /// When the run ends.
  func limit() throws -> TrainingLimit {
    if let steps = json["steps"]?.intValue, steps > 0 { return .steps(steps) }
    return .epochs(try required("epochs") { $0.intValue.flatMap { $0 > 0 ? $0 : nil } })
  }
}

extension JSON {
  /// Keeps when a run ends.
  mutating func setLimit(_ limit: TrainingLimit) {
    switch limit {
    case .steps(let steps): self["steps"] = .integer(steps)
    case .epochs(let epochs): self["epochs"] = .integer(epochs)
    }
  }
}
