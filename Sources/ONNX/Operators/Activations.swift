import Martlet

extension OperatorTable {
  /// Activation functions.
  static let activations: [Operator] = [
    .unary("Relu") { relu($0) }, .unary("Sigmoid") { sigmoid($0) }, .unary("Softplus") { softplus($0) },
    .unary("Softsign") { softsign($0) }, .unary("Mish") { mish($0) }, .unary("HardSwish") { hardSwish($0) },
    .unaryWithAttributes("LeakyRelu") { leakyReLU($0, negativeSlope: try $1.float("alpha", default: 0.01)) },
    .unaryWithAttributes("Elu") { elu($0, alpha: try $1.float("alpha", default: 1)) },
    .unaryWithAttributes("Celu") { celu($0, alpha: try $1.float("alpha", default: 1)) },
    .unaryWithAttributes("Selu") { x, call in
      let alpha = try call.float("alpha", default: 1.67326319217681884765625)
      return elu(x, alpha: alpha) * (try call.float("gamma", default: 1.05070102214813232421875))
    },
    .unaryWithAttributes("HardSigmoid") { x, call in
      linearClip(x, try call.float("alpha", default: 0.2), try call.float("beta", default: 0.5))
    },
    .unaryWithAttributes("ThresholdedRelu") { threshold($0, above: try $1.float("alpha", default: 1)) },
    .unaryWithAttributes("Swish") { x, call in
      let alpha = try call.float("alpha", default: 1)
      return x * sigmoid(alpha == 1 ? x : x * alpha)
    },
    .unaryWithAttributes("Gelu") { x, call in
      let approximation = try call.string("approximate", default: "none")
      switch approximation {
      case "none": return gelu(x)
      case "tanh": return gelu(x, approximation: .tanh)
      default: throw call.unknown("approximate", approximation)
      }
    },
    .unaryWithAttributes("Shrink") { x, call in
      let (bias, bound) = (try call.float("bias", default: 0), try call.float("lambd", default: 0.5))
      let inner = select(x .> bound, x - bias, 0)
      return select(x .< -bound, x + bias, inner)
    },
    Operator("Clip") { call in [.tensor(try clip(&call))] },
    softmax("Softmax") { $0.softmax(axis: $1) },
    softmax("LogSoftmax") { $0.logSoftmax(axis: $1) },
    softmax("Hardmax") { x, axis in
      let winner = x.argMax(axis: axis)
      let depth = x.shape.isEmpty ? 1 : x.shape[axis]
      return winner.oneHot(depth: depth, dtype: x.dtype).movedAxis(from: -1, to: axis)
    },
  ]

  /// `alpha · x + beta`, kept inside 0...1.
  static func linearClip(_ x: Tensor, _ alpha: Double, _ beta: Double) -> Tensor {
    (x * alpha + beta).clipped(to: 0...1)
  }

  private static func clip(_ call: inout Call) throws -> ONNXTensor {
    var result = try call.numbers(0)
    if let low = try call.optionalFloat("min") { result = result.map { maximum($0, low) } }
    if let high = try call.optionalFloat("max") { result = result.map { minimum($0, high) } }
    // The bounds are scalars; some exporters write vectors of one element.
    if call.has(1) { result = try result.combined(with: call.scalarInput(1)) { maximum($0, $1) } }
    if call.has(2) { result = try result.combined(with: call.scalarInput(2)) { minimum($0, $1) } }
    return result
  }

  /// A function along one axis; before version 13 along all dimensions from an axis on, taken together.
  private static func softmax(_ name: String, _ function: @escaping @Sendable (Tensor, Int) -> Tensor) -> Operator {
    .one(name) { call in
      let x = try call.tensor(0)
      let isJoined = call.version < 13
      let axis = try call.axis(call.int("axis", default: isJoined ? 1 : -1), rank: max(x.rank, 1))
      if x.rank == 0 { return function(x.reshaped(to: [1]), 0).reshaped(to: []) }
      if !isJoined { return function(x, axis) }
      let rows = x.shape[..<axis].reduce(1, *)
      let columns = x.shape[axis...].reduce(1, *)
      return function(x.reshaped(to: [rows, columns]), 1).reshaped(to: x.shape)
    }
  }
}

extension Call {
  /// An input of one element, as a scalar.
  func scalarInput(_ input: Int) throws -> ONNXTensor {
    let tensor = try tensor(input)
    guard tensor.elementCount == 1 else {
      throw ONNXError(.mismatch, "input \(input) has \(tensor.elementCount) elements, not one")
    }
    return ONNXTensor(tensor.reshaped(to: []))
  }
}
