public import MartletFormats
import MartletGraph

/// Why weights do not fit a model.
public struct WeightError: Error, Sendable, CustomStringConvertible {
  /// What is wrong with one tensor.
  public enum Problem: Sendable, Hashable {
    /// The model has it, the file does not.
    case missing
    /// The file has it, the model does not.
    case unknown
    /// Both have it, of different types or shapes.
    case mismatch(inFile: TensorType, inModel: TensorType)
  }

  /// Each name with its problem, in the order of the model and then of the alphabet.
  public let problems: [(name: String, problem: Problem)]
  /// The type of the layer that holds the first tensor; empty where the model does not have it.
  public let layer: String

  /// The first problem in full, and how many more there are.
  public var description: String {
    let (name, problem) = problems[0]
    let rest = problems.count > 1 ? " (and \(problems.count - 1) more)" : ""
    let target = layer.isEmpty ? "the model" : layer
    switch problem {
    case .missing: return "cannot load into \(target) \"\(name)\": the file does not have it\(rest)"
    case .unknown: return "cannot load \"\(name)\": the model does not have it\(rest)"
    case .mismatch(let file, let model):
      if file.dtype != model.dtype {
        return "cannot load into \(target) \"\(name)\": file has \(file.dtype), model has \(model.dtype)\(rest)"
      }
      let isTransposed = file.shape.rank > 1 && file.shape.reversed().elementsEqual(model.shape)
      let guess = isTransposed ? "; transposed?" : ""
      return "cannot load into \(target) \"\(name)\": file has \(file.shape), model has \(model.shape)\(guess)\(rest)"
    }
  }
}

extension Module {
  /// What a file of weights holds: parameters and states by path, without random counters.
  private var storedVariables: VariableSearch {
    var search = VariableSearch(visitsRandomStates: false)
    search.visit(self, path: "")
    return search
  }

  /// The values of all parameters and states (random counters aside) by path.
  ///
  /// - Throws: An ``ExecutionError`` if one is still to be computed and cannot be.
  public func weights() throws -> [String: StoredTensor] {
    let variables = storedVariables.found
    Recorder.current.evaluate(variables.map(\.variable.storage))
    var weights: [String: StoredTensor] = [:]
    for (name, variable) in variables {
      let value = Tensor(storage: variable.storage)
      try value.evaluated()
      let bytes = value.withUnsafeBytes { [UInt8]($0) }
      weights[name] = StoredTensor(dtype: value.dtype, shape: value.shape, bytes: SharedBytes(bytes))
    }
    return weights
  }

  /// Replaces the values of all parameters and states (random counters aside).
  ///
  /// - Parameter weights: Exactly the model's names, types and shapes.
  /// - Throws: A ``WeightError`` when they are not; nothing is then replaced.
  public func load(_ weights: [String: StoredTensor]) throws {
    let search = storedVariables
    try search.check(weights.mapValues { TensorType($0.dtype, $0.shape) })
    for (name, variable) in search.found { variable.tensor = Tensor(stored: weights[name]!) }
  }

  /// Writes ``weights()`` to a safetensors file, which replaces an older one only when it is complete.
  ///
  /// - Throws: `FormatError` when the file cannot be written.
  public func saveWeights(to path: String, metadata: [String: String] = [:]) throws {
    try SafetensorsWriter.write(try weights(), metadata: metadata, to: path)
  }

  /// Replaces the values of all parameters and states (random counters aside) by those of a safetensors file.
  ///
  /// - Throws: `FormatError` when the file is not one, a ``WeightError`` when it is not this model's; nothing is then
  ///   replaced.
  public func loadWeights(from path: String) throws {
    let file = try SafetensorsFile(path: path)
    let search = storedVariables
    var stored: [String: StoredTensor] = [:]
    for name in file.names { stored[name] = try file.tensor(name) }
    try search.check(stored.mapValues { TensorType($0.dtype, $0.shape) })
    for (name, variable) in search.found { variable.tensor = Tensor(stored: stored[name]!) }
  }
}

extension VariableSearch {
  /// Compares names, types and shapes with those of the model.
  fileprivate func check(_ types: [String: TensorType]) throws {
    var problems: [(name: String, problem: WeightError.Problem)] = []
    for (name, variable) in found {
      guard let type = types[name] else {
        problems.append((name, .missing))
        continue
      }
      if type != variable.type { problems.append((name, .mismatch(inFile: type, inModel: variable.type))) }
    }
    let known = Set(found.map(\.name))
    problems += types.keys.filter { !known.contains($0) }.sorted().map { ($0, .unknown) }
    guard let first = problems.first else { return }
    let holder = found.first { $0.name == first.name }.flatMap { holders[ObjectIdentifier($0.variable)] }
    throw WeightError(problems: problems, layer: holder?.type ?? "")
  }
}

extension Tensor {
  /// The values of a file.
  init(stored: StoredTensor) {
    let stored = stored.normalized()
    self.init(type: TensorType(stored.dtype, stored.shape)) { memory in
      stored.bytes.withUnsafeBytes { memory.copyMemory(from: $0) }
    }
  }
}
