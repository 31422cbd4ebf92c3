import Martlet

extension OperatorTable {
  /// Operators of `com.microsoft` into which ONNX Runtime's optimizer turns several nodes at once.
  static let fusions: [Operator] =
    fusedProducts + fusedActivations + fusedNormalizations + fusedAttention + fusedQuantization

  private static let domain = "com.microsoft"

  private static let fusedProducts: [Operator] = [
    Operator("FusedConv", domain: domain) { call in
      let x = try convolved(&call, call.numbers(0), call.numbers(1), bias: call.optionalTensor(2))
      let sum = call.has(3) ? x.combined(with: try call.numbers(3)) { $0 + $1 } : x
      let activation = try fusedActivation(call)
      return [.tensor(sum.map(activation))]
    },
    .one("FusedGemm", domain: domain) { call in try fusedActivation(call)(gemm(call)) },
    .one("FusedMatMul", domain: domain) { call in try fusedProduct(call) },
    .one("TransposeMatMul", domain: domain) { call in try fusedProduct(call) },
    .one("Inverse", domain: domain) { call in inverse(try call.tensor(0, rank: 2...)) },
    Operator("ExpandDims", domain: domain, fixed: [1]) { call in
      let rank = try call.shapeOfInput(0).rank
      let axis = try call.axis(call.integer(1), rank: rank + 1)
      return [try call.value(0).moved { $0.expandingDimensions(at: Axes(axis)) }]
    },
    .one("CDist", domain: domain) { call in
      let (a, b) = (try call.tensor(0, rank: 2), try call.tensor(1, rank: 2))
      let differences = a.expandingDimensions(at: 1) - b.expandingDimensions(at: 0)
      let squares = (differences * differences).sum(axes: 2)
      return try call.string("metric", default: "sqeuclidean") == "euclidean" ? sqrt(squares) : squares
    },
  ]

  private static let fusedActivations: [Operator] = [
    .unary("Gelu", domain: domain) { gelu($0) },
    .one("FastGelu", domain: domain) { call in
      gelu(try biased(call), approximation: .tanh)
    },
    .one("BiasGelu", domain: domain) { call in gelu(try biased(call)) },
    .unaryWithAttributes("QuickGelu", domain: domain) { x, call in
      x * sigmoid(x * (try call.float("alpha", default: 1.702)))
    },
    .one("BiasAdd", domain: domain) { call in try call.tensor(0) + call.tensor(1) + call.tensor(2) },
    .one("BiasSoftmax", domain: domain) { call in
      let x = try call.tensor(0)
      let axis = try call.axis(call.int("axis", default: 1), rank: x.rank)
      let rows = x.shape[..<axis].reduce(1, *)
      let columns = x.shape[axis...].reduce(1, *)
      return (x + (try call.tensor(1))).reshaped(to: [rows, columns]).softmax(axis: 1).reshaped(to: x.shape)
    },
    .one("BiasSplitGelu", domain: domain) { call in
      let x = try biased(call)
      guard let size = x.shape.last, size % 2 == 0 else { throw ONNXError(.mismatch, "\(x.shape) has no halves") }
      return x.slice(x.rank - 1, from: 0, count: size / 2) * gelu(x.slice(x.rank - 1, from: size / 2, count: size / 2))
    },
  ]

  private static let fusedNormalizations: [Operator] = [
    Operator("SkipLayerNormalization", domain: domain) { call in
      try skipNormalization(&call, isCentered: true, bias: call.optionalTensor(4), shift: call.optionalTensor(3))
    },
    Operator("SkipSimplifiedLayerNormalization", domain: domain) { call in
      try skipNormalization(&call, isCentered: false, bias: call.optionalTensor(3), shift: nil)
    },
    simplifiedNormalization(domain: ""), simplifiedNormalization(domain: domain),
    Operator("EmbedLayerNormalization", domain: domain) { call in try embedNormalization(&call) },
  ]

  /// A sum with a vector, if there is one.
  private static func biased(_ call: Call) throws -> Tensor {
    let x = try call.tensor(0)
    return try call.optionalTensor(1).map { x + $0 } ?? x
  }

  private static func gemm(_ call: Call) throws -> Tensor {
    let (a, b) = (try call.tensor(0, rank: 2), try call.tensor(1, rank: 2))
    let product = matmul(
      try call.flag("transA") ? a.transposed() : a, try call.flag("transB") ? b.transposed() : b)
    let scaled = product * (try call.float("alpha", default: 1))
    return try call.optionalTensor(2).map { scaled + $0 * (try call.float("beta", default: 1)) } ?? scaled
  }

  /// A product of matrices that may be transposed, within the batch or with its last dimension first.
  private static func fusedProduct(_ call: Call) throws -> Tensor {
    func operand(_ input: Int, _ name: String, _ batch: String) throws -> Tensor {
      var x = try call.tensor(input, rank: 1...)
      // A batch that is transposed has its matrices' rows in front of it.
      if try call.flag(batch), x.rank > 2 { x = x.movedAxis(from: 0, to: x.rank - 2) }
      return try call.flag(name) && x.rank > 1 ? x.transposed() : x
    }
    let result = try product(operand(0, "transA", "transBatchA"), operand(1, "transB", "transBatchB"))
    let alpha = try call.float("alpha", default: 1)
    return alpha == 1 ? result : result * alpha
  }

  /// The function that the attribute `activation` names.
  private static func fusedActivation(_ call: Call) throws -> (Tensor) -> Tensor {
    let name = try call.string("activation", default: "")
    let parameters = try call.optionalFloats("activation_params") ?? []
    func parameter(_ place: Int, _ value: Double, _ attribute: String) throws -> Double {
      place < parameters.count ? parameters[place] : try call.float(attribute, default: value)
    }
    switch name {
    case "": return { $0 }
    case "Relu": return { relu($0) }
    case "Sigmoid": return { sigmoid($0) }
    case "Tanh": return { tanh($0) }
    case "LeakyRelu":
      let alpha = try parameter(0, 0.01, "activation_alpha")
      return { leakyReLU($0, negativeSlope: alpha) }
    case "HardSigmoid":
      let (alpha, beta) = (try parameter(0, 0.2, "activation_alpha"), try parameter(1, 0.5, "activation_beta"))
      return { linearClip($0, alpha, beta) }
    case "Clip":
      let (low, high) = (try parameter(0, -.infinity, "min"), try parameter(1, .infinity, "max"))
      guard low <= high else { throw ONNXError(.mismatch, "the bounds \(low) and \(high) are in no order") }
      return { $0.clipped(to: low...high) }
    default: throw call.unknown("activation", name)
    }
  }

  /// The sum of a residual connection, normalized.
  private static func skipNormalization(
    _ call: inout Call, isCentered: Bool, bias: Tensor?, shift: Tensor?
  ) throws -> [ONNXValue] {
    var sum = try call.tensor(0) + call.tensor(1)
    if let bias { sum = sum + bias }
    let epsilon = try call.float("epsilon", default: isCentered ? 1e-12 : 1e-5)
    let result = try normalizedLast(sum, isCentered: isCentered, epsilon: epsilon, scale: call.tensor(2), shift: shift)
    return [ONNXValue(result.output), ONNXValue(result.mean), ONNXValue(result.inverse), ONNXValue(sum)]
  }

  private static func normalizedLast(
    _ x: Tensor, isCentered: Bool, epsilon: Double, scale: Tensor, shift: Tensor?
  ) throws -> (output: Tensor, mean: Tensor, inverse: Tensor) {
    guard x.rank > 0 else { throw ONNXError(.mismatch, "a scalar has nothing to normalize") }
    let wide = x.cast(to: x.dtype == .float64 ? .float64 : .float32)
    let mean = wide.mean(axes: -1, keepingAxes: true)
    let centered = isCentered ? wide - mean : wide
    let inverse = rsqrt((centered * centered).mean(axes: -1, keepingAxes: true) + epsilon)
    let y = (centered * inverse).cast(to: x.dtype) * scale
    return (shift.map { y + $0 } ?? y, mean, inverse)
  }

  private static func simplifiedNormalization(domain: String) -> Operator {
    Operator("SimplifiedLayerNormalization", domain: domain) { call in
      let x = try call.tensor(0)
      guard try call.axis(call.int("axis", default: -1), rank: x.rank) == x.rank - 1 else {
        throw ONNXError(.unsupported, "only the last dimension is normalized")
      }
      let epsilon = try call.float("epsilon", default: 1e-5)
      let result = try normalizedLast(x, isCentered: false, epsilon: epsilon, scale: call.tensor(1), shift: nil)
      return [ONNXValue(result.output), ONNXValue(result.inverse)]
    }
  }

  /// The sum of the embeddings of words, positions and segments, normalized.
  private static func embedNormalization(_ call: inout Call) throws -> [ONNXValue] {
    let words = try call.tensor(0, rank: 2)
    var sum = try call.tensor(2, rank: 2).gathered(at: words)
    let positions = try call.optionalTensor(8) ?? Tensor.range(0..<words.shape[1]).expandingDimensions(at: 0)
    sum = sum + (try call.tensor(3, rank: 2).gathered(at: positions))
    if let segments = try call.optionalTensor(1), let table = try call.optionalTensor(4) {
      sum = sum + table.gathered(at: segments)
    }
    let result = try normalizedLast(
      sum, isCentered: true, epsilon: call.float("epsilon", default: 1e-12), scale: call.tensor(5),
      shift: call.tensor(6))
    let lengths = try call.optionalTensor(7).map { $0.cast(to: .int32).sum(axes: 1) }
    return [
      ONNXValue(result.output), ONNXValue(lengths ?? Tensor.zeros([words.shape[0]], dtype: .int32)), ONNXValue(sum),
    ]
  }
}
