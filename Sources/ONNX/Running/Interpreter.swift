import Martlet
import MartletFormats

/// Runs plans: records the operations of each node in turn.
///
/// One for each call of a model; never shared between threads.
final class Interpreter {
  /// More elements than this are refused in any one value.
  static let elementLimit = 1 << 32

  private var values: [ONNXValue?]
  private var depth = 0

  init(slotCount: Int) { values = Array(repeating: nil, count: slotCount) }

  /// Puts a value into a slot.
  func set(_ value: ONNXValue, at slot: Int) { values[slot] = value }

  /// What is in a slot, if anything.
  func value(at slot: Int) -> ONNXValue? { values[slot] }

  /// Runs a graph on inputs that are in their slots already.
  func run(_ graph: GraphPlan) throws -> [ONNXValue] {
    for (slot, value) in graph.constants { values[slot] = value }
    for node in graph.nodes { try run(node) }
    return try graph.outputs.map { name, slot in
      guard let value = values[slot] else { throw ONNXError(.missing, "the result \"\(name)\" was not computed") }
      return value
    }
  }

  /// Runs the body of a node that holds a graph.
  func run(_ graph: GraphPlan, _ inputs: [ONNXValue?]) throws -> [ONNXValue] {
    guard inputs.count >= graph.inputs.count else {
      throw ONNXError(.mismatch, "a graph of \(graph.inputs.count) inputs gets \(inputs.count)")
    }
    for ((_, slot), value) in zip(graph.inputs, inputs) { values[slot] = value }
    return try run(graph)
  }

  /// Records the operations of a node and stores its results.
  func run(_ node: PlannedNode) throws {
    do {
      var call = Call(node, inputs: node.inputs.map { $0.flatMap { values[$0] } }, interpreter: self)
      try call.checkInputs()
      let results = try node.operation.body(&call)
      try Interpreter.checkMistakes()
      let isConstant =
        !node.operation.isRandom && node.reads.allSatisfy { slot in values[slot].map(\.isConstant) ?? true }
      for (place, slot) in node.outputs.enumerated() {
        guard let slot else { continue }
        guard place < results.count else { throw ONNXError(.unsupported, "result \(place) is not supported") }
        try Interpreter.checkSize(results[place])
        values[slot] = isConstant ? results[place].marked(isConstant: true) : results[place]
      }
      for slot in node.releases { values[slot] = nil }
    } catch let error as ONNXError {
      throw error.at(node: node.name, node.operation.name)
    } catch let error as ProgramError {
      throw ONNXError(.mismatch, "\(error.operation): \(error.message)").at(node: node.name, node.operation.name)
    } catch let error as ExecutionError {
      throw ONNXError(.mismatch, error.message).at(node: node.name, node.operation.name)
    }
  }

  /// Throws the mistake that Martlet has found since the last check, and forgets it: the one who throws knows the node.
  static func checkMistakes() throws {
    let recorder = Recorder.current
    guard let error = recorder.firstError else { return }
    recorder.firstError = nil
    throw error
  }

  /// Whether a value may have this shape; sizes of 0 do not excuse large ones, whose products would overflow.
  static func isAllowed(_ shape: Shape) -> Bool {
    guard let count = shape.checkedElementCount, count <= elementLimit else { return false }
    return StoredTensor.sizeInBytes(dtype: .uint8, shape: shape).map { $0 == count } ?? false
      && shape.reduce(1.0) { $0 * Double(max($1, 1)) } <= 0x1p48
  }

  private static func checkSize(_ value: ONNXValue) throws {
    for tensor in value.tensors where !isAllowed(tensor.tensor.shape) {
      throw ONNXError(.limit, "the result \(tensor.tensor.shape) has more than \(elementLimit) elements")
    }
  }

  /// Computes a value together with everything that later nodes may need, so that nothing is computed twice.
  func evaluate(_ tensor: ONNXTensor) throws {
    if tensor.isConstant { return }
    let pending = values.compactMap { $0 }.flatMap(\.tensors).filter { !$0.isConstant }
    try Tensor.evaluate([tensor.tensor] + pending.map { $0.channelsLast ?? $0.tensor })
  }
}
