import Martlet

/// Computes what does not depend on inputs or weights, once, when a model is read.
struct ConstantFolding {
  /// Values of more bytes than this, or of more together, are left to each call.
  private static let limit = (each: Double(1 << 28), all: Double(1 << 30))

  private let plan: GraphPlan
  private let initializers: Initializers
  private let slotCount: Int

  init(_ plan: GraphPlan, _ initializers: Initializers, slotCount: Int) {
    (self.plan, self.initializers, self.slotCount) = (plan, initializers, slotCount)
  }

  /// The graph without the nodes whose results are known, and all constants.
  func folded() throws -> (graph: GraphPlan, constants: [(slot: Int, value: ONNXValue)]) {
    var known = Set(initializers.constants.map(\.slot))
    var rest: [PlannedNode] = []
    var constants = initializers.constants
    var room = ConstantFolding.limit.all
    try checked {
      let interpreter = Interpreter(slotCount: slotCount)
      for (slot, value) in constants { interpreter.set(value, at: slot) }
      for node in plan.nodes {
        guard !node.operation.isRandom, node.reads.allSatisfy({ known.contains($0) }),
          let results = results(of: node, interpreter, &room)
        else {
          rest.append(node)
          continue
        }
        constants += results
        known.formUnion(results.map(\.slot))
      }
    }
    let used = Set(rest.flatMap(\.reads) + plan.outputs.map(\.slot))
    let graph = GraphPlan(inputs: plan.inputs, outputs: plan.outputs, constants: [], nodes: rest, firstSlot: 0)
    return (graph, constants.filter { used.contains($0.slot) })
  }

  /// The results of a node, or nil if it fails, so that the call finds out, or if they are large.
  private func results(
    of node: PlannedNode, _ interpreter: Interpreter, _ room: inout Double
  ) -> [(slot: Int, value: ONNXValue)]? {
    var kept = node
    kept.releases = []
    guard (try? interpreter.run(kept)) != nil else { return nil }
    let results = node.outputs.compactMap { slot in
      slot.flatMap { slot in interpreter.value(at: slot).map { (slot, $0) } }
    }
    let size = results.reduce(0.0) { $0 + $1.1.tensors.reduce(0.0) { $0 + Double($1.tensor.type.sizeInBytes) } }
    guard size <= min(ConstantFolding.limit.each, room),
      (try? Tensor.evaluate(results.flatMap { $0.1.tensors.map(\.tensor) })) != nil
    else { return nil }
    room -= size
    return results
  }
}
