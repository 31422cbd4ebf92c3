import Martlet

extension OperatorTable {
  /// Steps of optimizers, and derivatives.
  static let training: [Operator] = [
    optimizer("Adagrad", states: 1) { step, call in
      let rate = step.rate / (step.count * (try call.float("decay_factor", default: 0)) + 1)
      let gradient = step.gradient + step.value * (try call.float("norm_coefficient", default: 0))
      let sums = step.states[0] + gradient * gradient
      return [step.value - rate * gradient / (sqrt(sums) + (try call.float("epsilon", default: 0))), sums]
    },
    optimizer("Momentum", states: 1) { step, call in
      let alpha = try call.float("alpha", default: 0)
      let gradient = step.gradient + step.value * (try call.float("norm_coefficient", default: 0))
      // The first gradient counts whole.
      let share = select(step.count .> 0, try call.float("beta", default: 0), Tensor.ones(like: step.count))
      let momentum = step.states[0] * alpha + gradient * share
      let mode = try call.string("mode", default: "standard")
      switch mode {
      case "standard": return [step.value - step.rate * momentum, momentum]
      case "nesterov": return [step.value - step.rate * (gradient + momentum * alpha), momentum]
      default: throw call.unknown("mode", mode)
      }
    },
    optimizer("Adam", states: 2) { step, call in
      let (alpha, beta) = (try call.float("alpha", default: 0.9), try call.float("beta", default: 0.999))
      let gradient = step.gradient + step.value * (try call.float("norm_coefficient", default: 0))
      let mean = step.states[0] * alpha + gradient * (1 - alpha)
      let square = step.states[1] * beta + gradient * gradient * (1 - beta)
      let correction = sqrt(1 - power(beta, step.count)) / (1 - power(alpha, step.count))
      let rate = step.rate * select(step.count .> 0, correction, 1)
      let next = step.value - rate * mean / (sqrt(square) + (try call.float("epsilon", default: 0)))
      return [next * (1 - (try call.float("norm_coefficient_post", default: 0))), mean, square]
    },
    Operator("Gradient", domain: "ai.onnx.preview.training") { call in try gradients(&call) },
  ]

  /// What an optimizer gets for one of its tensors.
  private struct OptimizerStep {
    let rate, count, value, gradient: Tensor
    let states: [Tensor]
  }

  /// An optimizer of any number of tensors, each with a gradient and some states; all tensors come first, then all
  /// gradients, then all states of each kind.
  private static func optimizer(
    _ name: String, states stateCount: Int,
    _ update: @escaping @Sendable (OptimizerStep, Call) throws -> [Tensor]
  ) -> Operator {
    Operator(name, domain: "ai.onnx.preview.training") { call in
      let groups = stateCount + 2
      let count = (call.inputCount - 2) / groups
      guard call.inputCount > 2, count * groups + 2 == call.inputCount else {
        throw ONNXError(.mismatch, "\(call.inputCount) inputs are no tensors with gradients and states")
      }
      let rate = try call.tensor(0)
      let number = try call.tensor(1).cast(to: rate.dtype)
      let results = try (0..<count).map { place in
        let own = try (0..<groups).map { try call.tensor(2 + $0 * count + place) }
        let step = OptimizerStep(
          rate: rate, count: number, value: own[0], gradient: own[1], states: Array(own[2...]))
        return try update(step, call)
      }
      return (0..<(stateCount + 1)).flatMap { group in results.map { ONNXValue($0[group]) } }
    }
  }

  /// Derivatives of one value of the graph by others, which the node names.
  private static func gradients(_ call: inout Call) throws -> [ONNXValue] {
    let (graph, node) = (try call.graph("graph"), call)
    let values = try call.tensors()
    guard values.count == graph.inputs.count, values.allSatisfy(\.dtype.isFloatingPoint) else {
      throw ONNXError(.mismatch, "\(values.count) floating-point inputs instead of \(graph.inputs.count)")
    }
    let derivatives = try gradient(at: values) { values in
      guard let result = try node.run(graph, values.map { ONNXValue($0) })[0].tensor else {
        throw ONNXError(.mismatch, "only tensors have derivatives")
      }
      return result.sum()
    }
    return derivatives.prefix(call.outputCount).map { ONNXValue($0) }
  }
}
