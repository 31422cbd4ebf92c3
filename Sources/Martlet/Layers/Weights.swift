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

extension WeightError {
  /// Every problem on a line of its own.
  public var report: String {
    problems.map { name, problem in
      switch problem {
      case .missing: "missing: \(name)"
      case .unknown: "unexpected: \(name)"
      case .mismatch(let file, let model): "mis-shaped: \(name): file has \(file), model has \(model)"
      }
    }.joined(separator: "\n")
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

  /// Replaces the values of all parameters and states (random counters aside) by those of a file of weights.
  ///
  /// The file may be of any format that `WeightFile` reads: safetensors, also in shards with an index, GGUF, PyTorch, npz.
  /// Tensors go from the file to the variables one by one, so that memory holds the model once.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - rules: What the file's names and layouts become before they are looked for in the model; by default they stay.
  ///   - converts: Whether floating-point tensors of another type than the variable's, quantized ones too, are converted;
  ///     otherwise they are problems.
  /// - Throws: `FormatError` when the file cannot be read, a ``WeightError`` with all names that are missing, unexpected or
  ///   of another type or shape when it is not this model's; nothing is then replaced.
  public func loadWeights(
    from path: String, renaming rules: NameRules = NameRules([]), converting converts: Bool = false
  ) throws {
    let file = try WeightFile(path: path)
    let search = storedVariables
    let types = Dictionary(uniqueKeysWithValues: search.found.map { ($0.name, $0.variable.type) })
    var sources: [String: NameRules.Renamed] = [:]
    var found: [String: TensorType] = [:]
    for renamed in try rules.renamed(file.names, file: path) {
      let (entry, wanted) = (file[renamed.original]!, types[renamed.name]?.dtype)
      let type = try entry.type(in: path, renamed.layout)
      let isConverted = converts && type.dtype.isFloatingPoint && wanted?.isFloatingPoint == true
      found[renamed.name] = TensorType(isConverted ? wanted! : type.dtype, type.shape)
      sources[renamed.name] = renamed
    }
    try search.check(found)
    try file.verify(sources.values.map(\.original))
    for (name, variable) in search.found {
      let source = sources[name]!
      let stored = try file.tensor(source.original).converted(to: variable.type.dtype)
      variable.tensor = Tensor(stored: source.layout.apply(to: stored))
    }
  }
}

extension WeightEntry {
  /// The type of the tensor that a rearranged one is.
  fileprivate func type(in path: String, _ layout: WeightLayout) throws(FormatError) -> TensorType {
    guard let dtype else {
      throw FormatError(.unsupported, file: path, "has elements of type \(typeName)", tensor: name)
    }
    guard let sizes = layout.dimensions(of: dimensions) else {
      throw FormatError(.mismatch, file: path, "of the sizes \(dimensions) cannot be rearranged", tensor: name)
    }
    guard sizes.count <= Shape.maximumRank else {
      throw FormatError(.unsupported, file: path, "has \(sizes.count) dimensions", tensor: name)
    }
    return TensorType(dtype, Shape(sizes))
  }
}

extension WeightFile {
  /// Reads the tensors of formats in which reading can fail after opening, so that nothing is replaced when one is broken.
  fileprivate func verify(_ names: [String]) throws {
    guard [.torch, .npz, .index].contains(format) else { return }
    for name in names { _ = try tensor(name) }
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
  package init(stored: StoredTensor) {
    let stored = stored.normalized()
    self.init(type: TensorType(stored.dtype, stored.shape)) { memory in stored.bytes.copy(to: memory) }
  }
}
