import Martlet
import MartletFormats

/// The values that a model brings along: parameters that can be trained, and constants.
struct Initializers {
  /// Floating-point tensors that take part in the computation.
  let weights: [(name: String, slot: Int, parameter: Parameter)]
  /// All others.
  let constants: [(slot: Int, value: ONNXValue)]

  /// - Parameter slots: The slots of the initializers of the main graph, in their order.
  init(_ file: ModelFile, _ plan: GraphPlan, _ slots: [Int]) throws {
    let decoder = TensorDecoder(folder: file.folder)
    let roles = Roles(plan)
    var weights: [(name: String, slot: Int, parameter: Parameter)] = []
    var constants = plan.constants
    for (place, (proto, slot)) in zip(file.model.graph.initializer, slots).enumerated() {
      let value = try decoder.value(of: proto, payload: file.payloads[place])
      if let numbers = value.numbers, roles.isWeight(numbers, slot) {
        weights.append((proto.name, slot, Parameter(numbers.tensor)))
      } else {
        constants.append((slot, value))
      }
    }
    self.weights = weights
    self.constants = constants
  }

  /// How the values of a graph are used.
  private struct Roles {
    /// Slots that some operator needs as numbers.
    private var fixed: Set<Int> = []

    init(_ plan: GraphPlan) { visit(plan) }

    private mutating func visit(_ plan: GraphPlan) {
      for node in plan.nodes {
        for input in node.operation.fixedInputs where input < node.inputs.count {
          if let slot = node.inputs[input] { fixed.insert(slot) }
        }
        for case .graph(let inner) in node.attributes.values { visit(inner) }
      }
    }

    /// Whether an initializer is a weight: of floating-point numbers, not a single one, and needed by no operator as
    /// numbers.
    func isWeight(_ numbers: ONNXTensor, _ slot: Int) -> Bool {
      numbers.elementType.isNative && numbers.tensor.dtype.isFloatingPoint && numbers.tensor.rank > 0
        && !fixed.contains(slot)
    }
  }
}
