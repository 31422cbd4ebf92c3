import MartletGraph

/// ONNX pools the dimensions behind batch and channels; others are moved there meanwhile.
extension GraphLowering {
  /// How a tensor becomes `[batch, channels, windowed…]`, and what the window does there.
  private struct WindowLayout {
    var order: [Int]
    /// `[outer, 1, windowed…]`, where there are not just two other dimensions.
    var joined: [Size]?
    var attributes: [ONNXAttributeProto]
    /// Elements of the window; 0 if it moves nowhere.
    var windowSize: Int
  }

  private func layout(_ window: Window, _ current: LoweredNode) -> WindowLayout {
    let windowed = window.sizes.indices.filter {
      window.sizes[$0] != 1 || window.strides[$0] != 1 || window.paddingLow[$0] != 0 || window.paddingHigh[$0] != 0
    }
    let others = window.sizes.indices.filter { !windowed.contains($0) }
    let sizes = sizes(current, operand: 0)
    let attributes: [ONNXAttributeProto] = [
      .ints("kernel_shape", windowed.map { window.sizes[$0] }), .ints("strides", windowed.map { window.strides[$0] }),
      .ints("dilations", windowed.map { window.dilations[$0] }),
      .ints("pads", windowed.map { window.paddingLow[$0] } + windowed.map { window.paddingHigh[$0] }),
    ]
    var joined: [Size]?
    if others.count != 2 {
      var outer = Size(1)
      for size in others.map({ sizes[$0] }) { outer = outer * size }
      joined = [outer, Size(1)] + windowed.map { sizes[$0] }
    }
    return WindowLayout(
      order: others + windowed, joined: joined, attributes: attributes,
      windowSize: windowed.isEmpty ? 0 : windowed.reduce(1) { $0 * window.sizes[$1] })
  }

  private func arranged(_ x: String, _ layout: WindowLayout) -> String {
    let moved = transpose(x, layout.order)
    return layout.joined.map { reshape(moved, to: $0) } ?? moved
  }

  /// Back to the order of a tensor of the given sizes.
  private func restored(_ x: String, _ layout: WindowLayout, _ sizes: [Size]) -> String {
    let apart = layout.joined == nil ? x : reshape(x, to: layout.order.map { sizes[$0] })
    return transpose(apart, layout.order.indices.map { axis in layout.order.firstIndex(of: axis)! })
  }

  func reduceWindow(_ p: ReduceWindow, _ current: LoweredNode) -> String {
    let layout = layout(p.window, current)
    if layout.windowSize == 0 { return current.operands[0] }
    let x = arranged(current.operands[0], layout)
    let result: String
    switch p.kind {
    case .max: result = one("MaxPool", [x], layout.attributes)
    case .min: result = one("Neg", [one("MaxPool", [one("Neg", [x])], layout.attributes)])
    case .sum:
      let mean = one("AveragePool", [x], layout.attributes + [.int("count_include_pad", 1)])
      result = one("Mul", [mean, scalar(Double(layout.windowSize), current.node.type.dtype)])
    }
    return restored(result, layout, sizes(current))
  }

  /// By the places that a max-pool says its values came from.
  func windowSelect(_ p: WindowSelect, _ current: LoweredNode) -> String {
    let layout = layout(p.window, current)
    if layout.windowSize == 0 { return current.operands[1] }
    let x = arranged(current.operands[0], layout)
    let pooled = p.kind == .max ? x : one("Neg", [x])
    let places = several("MaxPool", [pooled], 2, layout.attributes)[1]
    let flat = one("Reshape", [arrangedValues(p, current, layout), state.vector([-1])])
    switch p.direction {
    case .gather: return restored(one("Gather", [flat, places]), layout, sizes(current))
    case .scatter:
      let zero = scalar(0, current.node.type.dtype)
      let shape = one("Shape", [x])
      let count = one("ReduceProd", [shape, state.vector([0])], [.int("keepdims", 1)])
      let zeros = one("Expand", [zero, count])
      let indices = one("Reshape", [places, state.vector([-1])])
      let sums = one("ScatterElements", [zeros, indices, flat], [.int("axis", 0), .string("reduction", "add")])
      return restored(one("Reshape", [sums, shape]), layout, sizes(current))
    }
  }

  private func arrangedValues(_ p: WindowSelect, _ current: LoweredNode, _ layout: WindowLayout) -> String {
    transpose(current.operands[1], layout.order)
  }
}

extension Size {
  /// The product; of two sizes that both depend on the batch there is none that is a straight line.
  static func * (a: Size, b: Size) -> Size {
    if let number = a.fixed { return Size(multiplier: b.multiplier * number, constant: b.constant * number) }
    return Size(multiplier: a.multiplier * (b.fixed ?? 0), constant: a.constant * (b.fixed ?? 0))
  }
}
