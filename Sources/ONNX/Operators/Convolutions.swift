import Martlet
import MartletGraph

extension OperatorTable {
  /// Convolutions.
  static let convolutions: [Operator] = [
    Operator("Conv") { call in
      let x = try call.numbers(0)
      let result = try convolved(&call, x, call.numbers(1), bias: call.optionalTensor(2))
      return [.tensor(result)]
    },
    .one("ConvInteger") { call in
      let x = try call.centered(0, zeroPoint: 2, isRow: false)
      let filter = try call.tensor(1, rank: 3...).cast(to: .int32)
      let zero = try call.optionalTensor(3)?.cast(to: .int32)
      let centered = try zero.map { filter - (try perFilter($0, filter.rank)) } ?? filter
      // Sums of products of 8-bit numbers are exact in 64-bit floats.
      let result = try convolved(
        &call, ONNXTensor(x.cast(to: .float64)), ONNXTensor(centered.cast(to: .float64)), bias: nil)
      return result.tensor.cast(to: .int32)
    },
    Operator("ConvTranspose") { call in [.tensor(try transposedConvolution(&call))] },
    .one("DeformConv") { call in try DeformableConvolution(&call).result() },
    .one("Col2Im", fixed: [1, 2]) { call in
      let x = try call.tensor(0, rank: 3)
      let (image, block) = (try call.integers(1), try call.integers(2))
      let windows = try Windows(call, image: image, sizes: block)
      let positions = try windows.positions(image)
      let area = try call.shape(block).elementCount
      guard area > 0, x.shape[1] % area == 0, positions.reduce(1, *) == x.shape[2] else {
        throw ONNXError(.mismatch, "\(x.shape) are not the blocks of \(block) of an image of \(image)")
      }
      let channels = x.shape[1] / area
      _ = try call.shape([x.shape[0], channels] + image)
      // Each place of the block is an image of its own, spread by the stride and laid at its offset.
      let parts = x.reshaped(to: try call.shape([x.shape[0], channels, area] + positions))
      return windows.overlaid(parts, image: image, block: block)
    },
  ]

  /// A vector with one number for each filter, in the form of a filter; a scalar stays.
  static func perFilter(_ numbers: Tensor, _ rank: Int) throws -> Tensor {
    if numbers.elementCount == 1 { return numbers.reshaped(to: []) }
    return numbers.reshaped(to: Shape([numbers.elementCount] + Array(repeating: 1, count: rank - 1)))
  }

  /// A convolution of an image with channels as the second dimension by filters `[out, in, spatial…]`.
  static func convolved(
    _ call: inout Call, _ x: ONNXTensor, _ filter: ONNXTensor, bias: Tensor?
  ) throws -> ONNXTensor {
    let rank = x.tensor.rank - 2
    let shape = filter.tensor.shape
    guard rank >= 1, shape.rank == rank + 2 else {
      throw ONNXError(.mismatch, "filters \(shape) do not fit an image \(x.tensor.shape)")
    }
    let sizes = Array(shape[2...])
    if let named = try call.optionalInts("kernel_shape"), named != sizes {
      throw ONNXError(.mismatch, "filters \(shape) are not of the size \(named)")
    }
    let windows = try Windows(call, image: Array(x.tensor.shape[2...]), sizes: sizes)
    let groups = try call.int("group", default: 1)
    let result = Tensor.record(
      Convolve(
        strides: try call.shape(windows.strides), dilations: try call.shape(windows.dilations),
        paddingLow: Shape(windows.before), paddingHigh: Shape(windows.after), groups: groups),
      x.withChannelsLast, filter.filter, at: SourceLocation(#fileID, #line))
    return try ONNXTensor(channelsLast: bias.map { result + $0 } ?? result)
  }

  /// The transpose of a convolution: the filter is `[in, out / groups, spatial…]`.
  private static func transposedConvolution(_ call: inout Call) throws -> ONNXTensor {
    let (x, filter) = (try call.numbers(0), try call.tensor(1))
    let rank = x.tensor.rank - 2
    guard rank >= 1, filter.rank == rank + 2 else {
      throw ONNXError(.mismatch, "filters \(filter.shape) do not fit an image \(x.tensor.shape)")
    }
    let groups = try call.int("group", default: 1)
    guard groups > 0 else { throw ONNXError(.mismatch, "\(groups) groups are not possible") }
    let image = Array(x.tensor.shape[2...])
    let spread = try TransposedWindows(call, image: image, sizes: Array(filter.shape[2...]))
    // The filter of the convolution whose transpose this is: [spatial…, out / groups, in].
    let result = Tensor.record(
      Convolve(
        .inputGradient, strides: try call.shape(spread.strides), dilations: try call.shape(spread.dilations),
        paddingLow: Shape(spread.before), paddingHigh: Shape(spread.after), groups: groups,
        resultSizes: try call.shape(spread.results)), x.withChannelsLast, filter.asFilter,
      at: SourceLocation(#fileID, #line))
    let bias = try call.optionalTensor(2)
    return try ONNXTensor(channelsLast: bias.map { result + $0 } ?? result)
  }
}

/// The attributes of a transposed convolution.
private struct TransposedWindows {
  let strides, dilations, before, after, results: [Int]

  init(_ call: Call, image: [Int], sizes: [Int]) throws {
    let rank = image.count
    func numbers(_ name: String, _ fallback: Int) throws -> [Int] {
      let listed = try call.optionalInts(name) ?? []
      let values = listed.isEmpty ? Array(repeating: fallback, count: rank) : listed
      guard values.count == rank, values.allSatisfy({ $0 >= fallback && $0 < 1 << 16 }) else {
        throw ONNXError(.mismatch, "\(name) \(values) do not fit \(rank) spatial dimensions")
      }
      return values
    }
    strides = try numbers("strides", 1)
    dilations = try numbers("dilations", 1)
    let extra = try numbers("output_padding", 0)
    let (strides, dilations) = (strides, dilations)
    guard sizes.allSatisfy({ $0 > 0 && $0 < 1 << 24 }), image.allSatisfy({ $0 < 1 << 45 }) else {
      throw ONNXError(.mismatch, "filters of size \(sizes)")
    }
    let whole = (0..<rank).map { (axis: Int) -> Int in
      let extent: Int = (sizes[axis] - 1) * dilations[axis] + 1
      return (image[axis] - 1) * strides[axis] + extent + extra[axis]
    }
    let mode = try call.string("auto_pad", default: "NOTSET")
    var wanted = try call.optionalInts("output_shape") ?? []
    if wanted.count == rank + 2 { wanted = Array(wanted[2...]) }
    if wanted.isEmpty, mode.hasPrefix("SAME") { wanted = (0..<rank).map { image[$0] * strides[$0] } }
    var (low, high) = mode.hasPrefix("SAME") ? ([], []) : try Windows.borders(call, image, sizes, strides)
    if !wanted.isEmpty {
      guard wanted.count == rank, wanted.allSatisfy({ $0 >= 0 && $0 < 1 << 45 }) else {
        throw ONNXError(.mismatch, "the sizes \(wanted) do not fit \(rank) spatial dimensions")
      }
      let surplus = (0..<rank).map { whole[$0] - wanted[$0] }
      // Rounded down, so that the larger part is cut off or added behind.
      let half = surplus.map { (total: Int) -> Int in total >= 0 ? total / 2 : -((1 - total) / 2) }
      let rest = (0..<rank).map { surplus[$0] - half[$0] }
      (low, high) = mode == "SAME_UPPER" ? (half, rest) : (rest, half)
    }
    (before, after) = (low, high)
    let borders = (low, high)
    results = (0..<rank).map { (axis: Int) -> Int in whole[axis] - borders.0[axis] - borders.1[axis] }
    // What the gradient of the convolution calls padding leaves the extra positions out of account.
    guard results.allSatisfy({ $0 >= 0 }) else { throw ONNXError(.mismatch, "nothing is left of \(image)") }
  }
}

extension Windows {
  /// An image that is the sum of the places of a block, each moved by the strides.
  ///
  /// - Parameter parts: `[batch, channels, places, positions…]`.
  fileprivate func overlaid(_ parts: Tensor, image: [Int], block: [Int]) -> Tensor {
    let rank = image.count
    var sum: Tensor?
    for place in 0..<block.reduce(1, *) {
      var rest = place
      var offsets = [Int](repeating: 0, count: rank)
      for axis in (0..<rank).reversed() {
        offsets[axis] = rest % block[axis] * dilations[axis]
        rest /= block[axis]
      }
      let part = parts.slice(2, from: place, count: 1).squeezed(axes: 2)
      guard part.rank == rank + 2 else { return part }
      var low = Shape(repeating: 0, rank: rank + 2)
      var (high, interior) = (low, low)
      for axis in 0..<rank {
        let spread = (part.shape[axis + 2] - 1) * strides[axis] + 1
        low[axis + 2] = offsets[axis] - before[axis]
        high[axis + 2] = image[axis] - spread - low[axis + 2]
        interior[axis + 2] = strides[axis] - 1
      }
      let laid = Tensor.record(
        Pad(low: low, high: high, interior: interior), part, Tensor.zeros([], dtype: parts.dtype),
        at: SourceLocation(#fileID, #line))
      sum = sum.map { $0 + laid } ?? laid
    }
    return sum!
  }
}
