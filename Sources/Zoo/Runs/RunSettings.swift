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
    let variables = Dictionary(uniqueKeysWithValues: model.namedVariables.map { ($0.name, $0.variable) })
    let path = "\(run)/weights.safetensors"
    guard FileSystem.status(path) == nil else { return try load(SafetensorsFile(path: path), into: variables) }
    guard let checkpoint = try Checkpoint.latest(in: "\(run)/checkpoints") else {
      throw FormatError(.missing, file: run, "has neither weights nor a checkpoint")
    }
    _ = try checkpoint.load(model: variables)
  }

  private static func load(_ file: SafetensorsFile, into variables: [String: Variable]) throws {
    guard Set(file.names) == Set(variables.keys) else {
      throw FormatError(.mismatch, file: file.file, "does not hold the weights of this model: the names differ")
    }
    let tensors = try variables.map { name, variable in
      let stored = try file.tensor(name).normalized()
      guard stored.dtype == variable.type.dtype, stored.shape == variable.shape else {
        let message = "is \(stored.dtype) \(stored.shape), the model has \(variable.type)"
        throw FormatError(.mismatch, file: file.file, message, tensor: name)
      }
      let tensor = Tensor(type: variable.type) { memory in stored.bytes.withUnsafeBytes { memory.copyMemory(from: $0) } }
      return (variable, tensor)
    }
    for (variable, tensor) in tensors { variable.tensor = tensor }
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
