import Martlet
import MartletGraph

extension OperatorTable {
  /// Normalizations.
  static let normalizations: [Operator] = [
    Operator("BatchNormalization", fixed: [3, 4]) { call in try batchNormalization(&call) },
    .one("InstanceNormalization") { call in
      let x = try call.tensor(0, rank: 3...)
      let y = x.normalized(axes: Array(2..<x.rank), epsilon: try call.float("epsilon", default: 1e-5))
      return y * (try perChannel(call.tensor(1), x)) + (try perChannel(call.tensor(2), x))
    },
    .one("GroupNormalization") { call in try groupNormalization(&call) },
    Operator("LayerNormalization") { call in try layerNormalization(&call) },
    .one("RMSNormalization") { call in
      let x = try call.tensor(0)
      let first = try call.axis(call.int("axis", default: -1), rank: x.rank)
      let wide = x.cast(to: try stashType(call, x))
      let axes = Axes(Array(first..<x.rank))
      let square = (wide * wide).mean(axes: axes, keepingAxes: true)
      let y = (wide * rsqrt(square + (try call.float("epsilon", default: 1e-5)))).cast(to: x.dtype)
      return y * (try call.tensor(1).cast(to: x.dtype))
    },
    .one("LpNormalization") { call in
      let x = try call.tensor(0)
      let axis = try call.axis(call.int("axis", default: -1), rank: x.rank)
      let order = try call.int("p", default: 2)
      guard order == 1 || order == 2 else { throw ONNXError(.unsupported, "the norm \(order) is neither 1 nor 2") }
      let norm = x.norm(order: Double(order), axes: Axes(axis), keepingAxes: true)
      return select(norm .== 0, 0, x / select(norm .== 0, 1, norm))
    },
    .one("MeanVarianceNormalization") { call in
      let x = try call.tensor(0)
      let axes = try call.axes(call.optionalInts("axes") ?? [0, 2, 3], rank: x.rank)
      let mean = x.mean(axes: Axes(axes), keepingAxes: true)
      let deviation = x.standardDeviation(axes: Axes(axes), keepingAxes: true)
      return (x - mean) / (deviation + 1e-9)
    },
    .one("LRN") { call in
      let x = try call.tensor(0, rank: 2...)
      let size = try call.int("size")
      guard size > 0, size < 1 << 20 else { throw ONNXError(.mismatch, "\(size) is no size") }
      var (sizes, low, high) = (
        Shape(repeating: 1, rank: x.rank), Shape(repeating: 0, rank: x.rank), Shape(repeating: 0, rank: x.rank)
      )
      sizes[1] = size
      low[1] = (size - 1) / 2
      high[1] = size - 1 - low[1]
      let window = Window(sizes: sizes, strides: Shape(repeating: 1, rank: x.rank), paddingLow: low, paddingHigh: high)
      let squares = Tensor.record(ReduceWindow(.sum, window: window), x * x, at: SourceLocation(#fileID, #line))
      let alpha = try call.float("alpha", default: 1e-4) / Double(size)
      let base = squares * alpha + (try call.float("bias", default: 1))
      return x / power(base, try call.float("beta", default: 0.75))
    },
  ]

  /// A vector with one number for each channel, in the form of an image.
  static func perChannel(_ numbers: Tensor, _ x: Tensor) throws -> Tensor {
    guard numbers.rank == 1, x.rank >= 2, numbers.shape[0] == x.shape[1] else {
      throw ONNXError(.mismatch, "\(numbers.shape) are not the channels of \(x.shape)")
    }
    return numbers.reshaped(to: Shape([numbers.shape[0]] + Array(repeating: 1, count: x.rank - 2)))
  }

  /// The element type in which statistics are computed.
  static func stashType(_ call: Call, _ x: Tensor) throws -> DType {
    if x.dtype == .float64 { return .float64 }
    let named = try call.optionalElementType("stash_type") ?? .float32
    guard let type = named.carrier, type.isFloatingPoint else { throw ONNXError(.unsupported, "\(named) has no means") }
    return type
  }

  private static func batchNormalization(_ call: inout Call) throws -> [ONNXValue] {
    let numbers = try call.numbers(0)
    let x = numbers.tensor
    let (scale, shift) = (try call.tensor(1), try call.tensor(2))
    let (mean, variance) = (try call.tensor(3), try call.tensor(4))
    let epsilon = try call.float("epsilon", default: 1e-5)
    guard x.rank >= 1, [scale, shift, mean, variance].allSatisfy({ $0.shape == [x.rank == 1 ? 1 : x.shape[1]] }) else {
      throw ONNXError(.mismatch, "scale, shift, mean and variance are not vectors for the channels of \(x.shape)")
    }
    guard try call.flag("training_mode") else {
      let type = x.dtype == .float64 || variance.dtype == .float64 ? DType.float64 : .float32
      let factor = scale.cast(to: type) / sqrt(variance.cast(to: type) + epsilon)
      let offset = shift.cast(to: type) - mean.cast(to: type) * factor
      let form = x.rank > 2 ? Shape([1, x.shape[1]] + Array(repeating: 1, count: x.rank - 2)) : factor.shape
      let scaled = numbers.map { $0.cast(to: type) }.combined(with: ONNXTensor(factor.reshaped(to: form))) { $0 * $1 }
      let result = scaled.combined(with: ONNXTensor(offset.reshaped(to: form))) { $0 + $1 }
      return [.tensor(result.map { $0.cast(to: x.dtype) })]
    }
    let axes = Axes([0] + Array(stride(from: 2, to: x.rank, by: 1)))
    let (batchMean, batchVariance) = (x.mean(axes: axes), x.variance(axes: axes))
    let centered = x - (try perChannel(batchMean, x))
    let unit = centered * (try perChannel(rsqrt(batchVariance + epsilon), x))
    let momentum = try call.float("momentum", default: 0.9)
    let result = unit * (try perChannel(scale, x)) + (try perChannel(shift, x))
    return [
      ONNXValue(result), ONNXValue(mean * momentum + batchMean.cast(to: mean.dtype) * (1 - momentum)),
      ONNXValue(variance * momentum + batchVariance.cast(to: mean.dtype) * (1 - momentum)),
    ]
  }

  private static func groupNormalization(_ call: inout Call) throws -> Tensor {
    let x = try call.tensor(0, rank: 3...)
    let groups = try call.int("num_groups")
    guard groups > 0, x.shape[1] % groups == 0, x.elementCount > 0 else {
      throw ONNXError(.mismatch, "the channels of \(x.shape) do not divide into \(groups) groups")
    }
    let wide = x.cast(to: try stashType(call, x))
    let rows = wide.reshaped(to: [x.shape[0], groups, x.elementCount / x.shape[0] / groups])
    let y = rows.normalized(axes: [2], epsilon: try call.float("epsilon", default: 1e-5)).reshaped(to: x.shape)
    var (scale, shift) = (try call.tensor(1), try call.tensor(2))
    // Before version 21 there is one number for each group.
    if scale.shape == [groups], groups != x.shape[1] {
      (scale, shift) = (scale.repeated(x.shape[1] / groups, axis: 0), shift.repeated(x.shape[1] / groups, axis: 0))
    }
    return y.cast(to: x.dtype) * (try perChannel(scale, x)) + (try perChannel(shift, x))
  }

  static func layerNormalization(_ call: inout Call) throws -> [ONNXValue] {
    let x = try call.tensor(0)
    let first = try call.axis(call.int("axis", default: -1), rank: x.rank)
    let axes = Axes(Array(first..<x.rank))
    let wide = x.cast(to: try stashType(call, x))
    let mean = wide.mean(axes: axes, keepingAxes: true)
    let centered = wide - mean
    let inverse = rsqrt(
      (centered * centered).mean(axes: axes, keepingAxes: true) + (try call.float("epsilon", default: 1e-5)))
    var y = (centered * inverse).cast(to: x.dtype) * (try call.tensor(1).cast(to: x.dtype))
    if let shift = try call.optionalTensor(2) { y = y + shift.cast(to: x.dtype) }
    return [ONNXValue(y), ONNXValue(mean), ONNXValue(inverse)]
  }
}

extension Tensor {
  /// Mean 0 and variance 1 along some axes.
  func normalized(axes: [Int], epsilon: Double) -> Tensor {
    let mean = mean(axes: Axes(axes), keepingAxes: true)
    let centered = self - mean
    return centered * rsqrt((centered * centered).mean(axes: Axes(axes), keepingAxes: true) + epsilon)
  }
}
