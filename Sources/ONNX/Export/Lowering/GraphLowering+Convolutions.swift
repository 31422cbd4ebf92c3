import MartletGraph

/// ONNX has channels behind the batch, and filters that begin with the channels they give.
extension GraphLowering {
  func convolve(_ p: Convolve, _ current: LoweredNode) -> String {
    guard current.node.type.dtype.isFloatingPoint else {
      return unsupported(current, "of integers has no counterpart in ONNX")[0]
    }
    let spatial = p.strides.rank
    // [batch, spatial…, channels] to [batch, channels, spatial…], and back.
    let forth = [0, spatial + 1] + Array(1...spatial)
    let back = [0] + Array(2..<(spatial + 2)) + [1]
    // [spatial…, in, out] to [out, in, spatial…].
    let filterForth = [spatial + 1, spatial] + Array(0..<spatial)
    let (a, b) = (current.operands[0], current.operands[1])
    switch p.form {
    case .forward:
      let image = padded(transpose(a, forth), p)
      let result = one("Conv", [image, transpose(b, filterForth)], attributes(p))
      return transpose(result, back)
    case .inputGradient:
      return transpose(transposed(p, transpose(a, forth), transpose(b, filterForth), current), back)
    case .filterGradient: return filterGradient(p, current)
    }
  }

  private func attributes(_ p: Convolve) -> [ONNXAttributeProto] {
    let pads = (Array(p.paddingLow) + Array(p.paddingHigh)).map { max($0, 0) }
    return [
      .ints("strides", p.strides), .ints("dilations", p.dilations), .ints("pads", pads), .int("group", p.groups),
    ]
  }

  /// Crops an image `[batch, channels, spatial…]` where its padding is negative.
  private func padded(_ x: String, _ p: Convolve) -> String {
    let low = p.paddingLow.map { min($0, 0) }
    let high = p.paddingHigh.map { min($0, 0) }
    if (low + high).allSatisfy({ $0 == 0 }) { return x }
    return one("Pad", [x, state.vector([0, 0] + low + [0, 0] + high)])
  }

  /// The gradient of the image, a transposed convolution.
  private func transposed(_ p: Convolve, _ gradient: String, _ filter: String, _ current: LoweredNode) -> String {
    let sizes = type(current, 0).shape.dropFirst().dropLast().map { $0 }
    let window = type(current, 1).shape.dropLast(2).map { $0 }
    var rest: [Int] = []
    for i in sizes.indices {
      let (low, high) = (max(p.paddingLow[i], 0), max(p.paddingHigh[i], 0))
      let reached = (sizes[i] - 1) * p.strides[i] + (window[i] - 1) * p.dilations[i] + 1 - low - high
      // Cropped images get back what was cut off afterwards.
      rest.append(p.resultSizes[i] + min(p.paddingLow[i], 0) + min(p.paddingHigh[i], 0) - reached)
    }
    // What strides left over; more of it than the operator allows is put on as zeros.
    let allowed = rest.indices.map { min(max(rest[$0], 0), max(p.strides[$0], p.dilations[$0]) - 1) }
    let result = one("ConvTranspose", [gradient, filter], attributes(p) + [.ints("output_padding", allowed)])
    let low = p.paddingLow.map { max(-$0, 0) }
    let high = rest.indices.map { rest[$0] - allowed[$0] + max(-p.paddingHigh[$0], 0) }
    if (low + high).allSatisfy({ $0 == 0 }) { return result }
    return one("Pad", [result, state.vector([0, 0] + low + [0, 0] + high)])
  }

  /// The gradient of the filter: a convolution in which batch and channels change places, and strides and dilations.
  private func filterGradient(_ p: Convolve, _ current: LoweredNode) -> String {
    let spatial = p.strides.rank
    guard p.groups == 1 else {
      return unsupported(current, "of the filter of a grouped convolution has no counterpart in ONNX")[0]
    }
    let forth = [spatial + 1, 0] + Array(1...spatial)
    let image = padded(transpose(current.operands[0], forth), p)
    let gradient = transpose(current.operands[1], forth)
    let pads = (Array(p.paddingLow) + Array(p.paddingHigh)).map { max($0, 0) }
    let result = one(
      "Conv", [image, gradient],
      [.ints("strides", p.dilations), .ints("dilations", p.strides), .ints("pads", pads)])
    let axes = Array(2..<(spatial + 2))
    let cropped = sliced(
      result, axes: axes, starts: axes.map { _ in Size(0) }, limits: Array(p.resultSizes).fixedSizes)
    return transpose(cropped, axes + [0, 1])
  }
}
