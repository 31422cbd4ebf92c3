import Martlet

extension OperatorTable {
  /// Random numbers and what they decide. A node with a seed gives the same numbers at every call.
  static let random: [Operator] = [
    random("RandomNormal", isLike: false, normal), random("RandomNormalLike", isLike: true, normal),
    random("RandomUniform", isLike: false, uniform), random("RandomUniformLike", isLike: true, uniform),
    .one("Bernoulli", isRandom: true) { call in
      let p = try call.tensor(0)
      let dtype = try call.optionalElementType("dtype")?.carrier ?? p.dtype
      let draws = Tensor.uniform(p.shape, seed: try seed(call))
      return (draws .< p.cast(to: .float32)).cast(to: dtype)
    },
    .one("Multinomial", isRandom: true) { call in
      let logits = try call.tensor(0, rank: 2)
      let count = try call.int("sample_size", default: 1)
      let dtype = try call.optionalElementType("dtype")?.carrier ?? .int32
      _ = try call.shape([logits.shape[0], count, logits.shape[1]])
      let noise = Tensor.gumbel([logits.shape[0], count, logits.shape[1]], seed: try seed(call))
      return (logits.cast(to: .float32).expandingDimensions(at: 1) + noise).argMax(axis: -1).cast(to: dtype)
    },
    Operator("Dropout", fixed: [1, 2], isRandom: true) { call in
      let x = try call.numbers(0)
      let ratio = try call.optionalFloat("ratio") ?? call.optionalReal(1) ?? 0.5
      let isTraining = try (call.optionalIntegers(2)?.first ?? 0) != 0
      guard isTraining, ratio != 0 else {
        let all = Tensor.ones(x.tensor.shape, dtype: .bool)
        return [.tensor(x), ONNXValue(all)]
      }
      guard ratio >= 0, ratio < 1 else { throw ONNXError(.mismatch, "the ratio \(ratio) is not in 0..<1") }
      let keeps = Tensor.uniform(x.tensor.shape, seed: try seed(call)) .>= ratio
      return [ONNXValue(select(keeps, x.tensor / (1 - ratio), 0)), ONNXValue(keeps)]
    },
  ]

  private typealias Draw = @Sendable (Shape, DType, UInt64, Call) throws -> Tensor

  private static func random(_ name: String, isLike: Bool, _ draw: @escaping Draw) -> Operator {
    .one(name, isRandom: true) { call in
      let like = isLike ? try call.tensor(0) : nil
      let shape = try like?.shape ?? call.shape(call.ints("shape"))
      let type = try call.optionalElementType("dtype") ?? (like.map { ONNXElementType($0.dtype) } ?? .float32)
      guard let dtype = type.carrier, dtype.isFloatingPoint, type.isNative else {
        throw ONNXError(.unsupported, "random numbers of \(type)")
      }
      return try draw(shape, dtype, seed(call), call)
    }
  }

  private static let normal: Draw = { shape, dtype, seed, call in
    let (mean, deviation) = (try call.float("mean", default: 0), try call.float("scale", default: 1))
    return Tensor.normal(shape, seed: seed).cast(to: dtype) * deviation + mean
  }

  private static let uniform: Draw = { shape, dtype, seed, call in
    let (low, high) = (try call.float("low", default: 0), try call.float("high", default: 1))
    return Tensor.uniform(shape, seed: seed).cast(to: dtype) * (high - low) + low
  }

  /// The seed of a node, or one that no other call has.
  private static func seed(_ call: Call) throws -> UInt64 {
    // Dropout has an integer, all others a number.
    if let seed = try? call.optionalInt("seed") { return UInt64(bitPattern: Int64(seed)) }
    if let seed = try call.optionalFloat("seed"), seed.isFinite { return seed.bitPattern }
    return UInt64.random(in: .min ... .max)
  }
}
