public import Martlet
public import MartletFormats

/// A model in the format of ONNX: a function of named values, and its parameters.
///
/// The graph is checked when the model is read and recorded anew at each call, operation by operation, so that sizes may
/// differ from call to call. What does not depend on the inputs is computed once. Floating-point weights are
/// `Parameter`s: the model can be differentiated and trained like one that was written in Swift. Filters of convolutions
/// are kept a second time from the first call on, in the order of dimensions that the kernels read.
///
/// ```swift
/// let model = try ONNXModel(path: "classifier.onnx")
/// let scores = try model(images)[0]
/// ```
public struct ONNXModel: Module {
  /// An input or result: its name and, as far as the model says, its type.
  public struct Port: Sendable, Hashable {
    /// The name in the graph.
    public let name: String
    /// The element type; nil for sequences and optionals, or if the model does not say.
    public let elementType: ONNXElementType?
    /// The sizes, each a number, a name for a size that may differ from call to call, or neither; nil if the model does
    /// not say how many there are.
    public let dimensions: [Dimension]?
    /// The type in words: `float32 [batch, 3, 224, 224]`.
    public let description: String
  }

  /// A size in the type of a ``Port``.
  public enum Dimension: Sendable, Hashable {
    /// The same at every call.
    case fixed(Int)
    /// The same for all dimensions of that name within a call.
    case named(String)
    /// Any.
    case unknown
  }

  /// What a call takes, in order.
  public let inputs: [Port]
  /// What a call gives, in order.
  public let outputs: [Port]
  /// The weights by their names in the graph: floating-point initializers that operators do not need as numbers.
  public let weights: [String: Parameter]

  /// The version of the operators of each domain that the model uses; ONNX's own domain is empty.
  let versions: [String: Int]
  let graph: GraphPlan
  let slotCount: Int
  let constants: [(slot: Int, value: ONNXValue)]
  let weightSlots: [(slot: Int, parameter: Parameter)]
  private let filters: PreparedFilters
  /// The file as it was read, for writing it with other weights.
  let file: ModelFile

  /// Reads the model in a file, and data beside it that it names.
  ///
  /// - Throws: ``ONNXError`` for a file that is no model, or is damaged; for operators that are not known, all at once.
  public init(path: String) throws {
    try self.init(file: ModelFile(path: path))
  }

  /// Reads a model that is in memory; it cannot have data in other files.
  ///
  /// - Throws: As ``init(path:)``.
  public init(_ bytes: SharedBytes) throws {
    try self.init(file: ModelFile(bytes: bytes, file: "ONNX data", folder: nil))
  }

  private init(file: ModelFile) throws {
    do {
      var planner = try GraphPlanner(file)
      let plan = try planner.mainPlan()
      let initializers = try Initializers(file, plan, planner.initializerSlots)
      let folded = try ConstantFolding(plan, initializers, slotCount: planner.slotCount).folded()
      self.file = file
      versions = planner.versions
      graph = folded.graph
      constants = folded.constants
      slotCount = planner.slotCount
      weightSlots = initializers.weights.map { ($0.slot, $0.parameter) }
      filters = PreparedFilters(graph, known: Set(weightSlots.map(\.slot) + constants.map(\.slot)))
      weights = Dictionary(initializers.weights.map { ($0.name, $0.parameter) }) { first, _ in first }
      inputs = try plan.inputs.map { input in
        try Port(input.name, file.model.graph.input.first { $0.name == input.name }?.type)
      }
      outputs = try file.model.graph.output.map { try Port($0.name, $0.hasType ? $0.type : nil) }
    } catch var error as ONNXError {
      error.file = file.file
      throw error
    }
  }
}

// MARK: - Calls

extension ONNXModel {
  /// The results for the given inputs, by name.
  ///
  /// Operations are recorded and computed when a result is read, except for those whose values decide what comes next.
  ///
  /// - Throws: ``ONNXError`` for inputs that are missing or of other types, and for what does not fit inside the model,
  ///   with the node's name.
  public func callAsFunction(_ values: [String: ONNXValue]) throws -> [String: ONNXValue] {
    if let unknown = values.keys.sorted().first(where: { name in !inputs.contains { $0.name == name } }) {
      throw ONNXError(.missing, "there is no input \(FormatError.quoted(unknown)); there are \(inputNames)")
    }
    let ordered = try inputs.map { input in
      guard let value = values[input.name] else {
        throw ONNXError(.missing, "the input \(FormatError.quoted(input.name)) is missing")
      }
      return value
    }
    return Dictionary(zip(outputs.map(\.name), try run(ordered))) { first, _ in first }
  }

  /// The results, in order, for the inputs in order.
  ///
  /// - Throws: As the call by names; also for a result that is no tensor.
  public func callAsFunction(_ tensors: Tensor...) throws -> [Tensor] {
    try run(tensors.map { ONNXValue($0) }).enumerated().map { place, value in
      guard let tensor = value.tensor else {
        throw ONNXError(.mismatch, "the result \(FormatError.quoted(outputs[place].name)) is \(value.kind)")
      }
      return tensor
    }
  }

  private var inputNames: String { inputs.map { FormatError.quoted($0.name) }.joined(separator: ", ") }

  /// Runs the graph on values in the order of the inputs.
  package func run(_ values: [ONNXValue]) throws -> [ONNXValue] {
    do {
      guard values.count == inputs.count else {
        throw ONNXError(.mismatch, "\(values.count) inputs instead of the \(inputs.count): \(inputNames)")
      }
      var sizes: [String: Int] = [:]
      for (port, value) in zip(inputs, values) { try port.check(value, &sizes) }
      return try checked {
        let interpreter = Interpreter(slotCount: slotCount)
        for (slot, value) in constants { interpreter.set(value, at: slot) }
        for (slot, parameter) in weightSlots { interpreter.set(ONNXValue(parameter.tensor), at: slot) }
        for ((_, slot), value) in zip(graph.inputs, values) { interpreter.set(value, at: slot) }
        try filters.prepare(interpreter)
        return try interpreter.run(graph)
      }
    } catch var error as ONNXError {
      error.file = file.file
      throw error
    }
  }
}
