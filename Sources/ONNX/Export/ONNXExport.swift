public import Martlet
import MartletFormats
public import MartletGraph

/// Turns functions and models into ONNX (opset 20), for ONNX Runtime and others to run.
///
/// ```swift
/// let model = try ONNXExport().model(of: classifier, input: TensorType(.float32, [1, 28, 28, 1]))
/// try model.write(to: "classifier.onnx")
/// ```
/// The function is recorded, not run; the mode is that of the call, evaluation unless `withMode(_:_:)` says otherwise.
/// Parameters and states become constants under their paths. What a function changes in a state is no part of the result.
public struct ONNXExport: Sendable {
  /// Whether inputs of any batch size are taken: the first dimension of the first input, and that of each other input that
  /// has the same size.
  public var isBatchDynamic = true
  /// What the inputs are called; `input`, or `input_0`, `input_1`, … by default.
  public var inputNames: [String] = []
  /// What the outputs are called; `output`, or `output_0`, `output_1`, … by default.
  public var outputNames: [String] = []
  /// The name of the graph.
  public var name = "martlet"

  /// An export with the defaults.
  public init() {}

  /// The ONNX form of a layer.
  ///
  /// - Parameter input: The type of its input, with any batch size.
  /// - Throws: An ``ONNXExportError`` with all operations that ONNX lacks.
  public func model(of layer: some Layer, input: TensorType) throws -> ONNXModelFile {
    try model(of: layer, inputs: [input]) { [layer($0[0])] }
  }

  /// The ONNX form of a function.
  ///
  /// - Parameters:
  ///   - module: Gives parameters and states their names; those of no module are called `variable`.
  ///   - inputs: The types of the arguments.
  ///   - function: Recorded several times, with different batch sizes where these are open.
  /// - Throws: An ``ONNXExportError`` with all operations that ONNX lacks; what the function throws.
  public func model(
    of module: (any Module)? = nil, inputs: [TensorType], _ function: ([Tensor]) throws -> [Tensor]
  ) throws -> ONNXModelFile {
    // Asked for so that variables know their paths.
    _ = module?.namedVariables
    let batches = batches(inputs)
    let recordings = try batches.map { batch in
      try Recording(function, inputs: inputs.map { resized($0, inputs, batch) })
    }
    try checkStructure(recordings)
    let names = ONNXExport.names(inputNames, "input", inputs.count)
    let state = ExportState(batches: batches, batchInput: names.first ?? "")
    let lowering = GraphLowering(recordings.map(\.graph), state)
    let inputNames = names.map { state.reserve($0) }
    let outputNames = ONNXExport.names(self.outputNames, "output", recordings[0].graph.outputs.count)
    for name in outputNames { _ = state.reserve(name) }
    let constants = try recordings[0].addConstants(to: state)
    let results = lowering.run(inputs: inputNames + constants)
    if !state.problems.isEmpty { throw ONNXExportError(problems: state.problems) }
    return ONNXModelFile(
      name: name, lowering: lowering, inputs: inputNames, results: results, outputs: outputNames)
  }

  private static func names(_ given: [String], _ stem: String, _ count: Int) -> [String] {
    (0..<count).map { given.indices.contains($0) ? given[$0] : count == 1 ? stem : "\(stem)_\($0)" }
  }
}

// MARK: - Batch sizes

extension ONNXExport {
  /// Batch sizes that no other size is likely to be, so that what depends on the batch shows.
  private func batches(_ inputs: [TensorType]) -> [Int] {
    guard isBatchDynamic, let batch = inputs.first?.shape.first, batch > 0 else {
      return [inputs.first?.shape.first ?? 1]
    }
    return [7, 11, 13].map { batch * $0 }
  }

  private func resized(_ type: TensorType, _ inputs: [TensorType], _ batch: Int) -> TensorType {
    guard let first = inputs[0].shape.first, type.shape.first == first else { return type }
    var type = type
    type.shape[0] = batch
    return type
  }

  /// Throws unless the recordings are the same program for other sizes.
  private func checkStructure(_ recordings: [Recording]) throws {
    let first = recordings[0]
    for other in recordings.dropFirst() {
      if let node = first.graph.firstDifference(from: other.graph) {
        let problem = ONNXExportError.Problem(
          operation: node.primitive.rules.name,
          message: "depends on the batch size by more than its sizes; set isBatchDynamic to false",
          place: node.location.description)
        throw ONNXExportError(problems: [problem])
      }
    }
  }
}

extension Graph {
  /// The first node that is another operation, or has other operands or another number, than in the other graph.
  fileprivate func firstDifference(from other: Graph) -> Node? {
    for (a, b) in zip(nodes, other.nodes) {
      guard a.primitive.rules.name == b.primitive.rules.name, a.operands == b.operands, a.type.rank == b.type.rank
      else { return a }
      if case .scalar(let x) = a.primitive, case .scalar(let y) = b.primitive, x.literal != y.literal { return a }
      for (inner, outer) in zip(a.primitive.regions, b.primitive.regions) {
        if let node = inner.graph.firstDifference(from: outer.graph) { return node }
      }
    }
    return nodes.count == other.nodes.count ? nil : nodes.last
  }
}

extension Primitive {
  /// The bodies of the operation.
  fileprivate var regions: [Region] {
    switch self {
    case .call(let p): [p.body]
    case .scan(let p): [p.body]
    case .whileLoop(let p): [p.condition, p.body]
    case .conditional(let p): [p.ifTrue, p.ifFalse]
    default: []
    }
  }
}

// MARK: - Constants

extension Recording {
  /// Adds the values of variables and captures as constants, and names them.
  fileprivate func addConstants(to state: ExportState) throws -> [String] {
    let live = graph.liveNodes
    var names: [String] = []
    for (index, input) in graph.inputs.dropFirst(argumentCount).enumerated() {
      let isVariable = index < variables.count
      let hint = isVariable ? variables[index].name : ""
      let name = hint.isEmpty ? state.unique(isVariable ? "variable" : "constant") : state.reserve(hint)
      names.append(name)
      guard live[input.position] else { continue }
      let tensor = isVariable ? variables[index].tensor : captures[index - variables.count]
      state.add(name, try StoredTensor(sharing: tensor))
    }
    return names
  }
}
