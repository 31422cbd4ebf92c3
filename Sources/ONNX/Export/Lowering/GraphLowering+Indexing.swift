import MartletGraph

extension GraphLowering {
  func gather(_ form: IndexForm, _ current: LoweredNode) -> String {
    let x = current.operands[0]
    let indices = cast(current.operands[1], from: type(current, 1).dtype, to: .int64)
    switch form {
    case .axis(let axis): return one("Gather", [x, indices], [.int("axis", axis)])
    case .elements(let axis): return one("GatherElements", [x, indices], [.int("axis", axis)])
    case .points(let batch):
      // Coordinates of no dimensions name the whole.
      if sizes(current, operand: 1).last?.fixed == 0 { return one("Expand", [x, state.vector(sizes(current))]) }
      return one("GatherND", [x, indices], [.int("batch_dims", batch)])
    }
  }

  func scatter(_ p: Scatter, _ current: LoweredNode) -> String {
    let (target, updates) = (current.operands[0], current.operands[2])
    let dtype = type(current, 1).dtype
    let indices = cast(current.operands[1], from: dtype, to: .int64)
    switch p.form {
    case .elements(let axis):
      let attributes: [ONNXAttributeProto] = [.int("axis", axis), .string("reduction", p.combination.onnx)]
      return one("ScatterElements", [target, indices, updates], attributes)
    case .axis(let axis): return scatterSlices(p, axis, target, indices, updates, current)
    case .points(let batch):
      let points = batch == 0 ? indices : withBatchCoordinates(indices, batch, sizes(current, operand: 1))
      return scatterPoints(p.combination, target, points, updates)
    }
  }

  private func scatterPoints(
    _ combination: Scatter.Combination, _ target: String, _ points: String, _ updates: String
  ) -> String {
    one("ScatterND", [target, points, updates], [.string("reduction", combination.onnx)])
  }

  /// Slices along one axis, which goes first meanwhile.
  private func scatterSlices(
    _ p: Scatter, _ axis: Int, _ target: String, _ indices: String, _ updates: String, _ current: LoweredNode
  ) -> String {
    let (rank, depth) = (current.node.type.rank, type(current, 1).rank)
    let points = unsqueeze(indices, [depth])
    let order = [axis] + (0..<rank).filter { $0 != axis }
    let indexAxes = Array(axis..<(axis + depth))
    let updateOrder = indexAxes + (0..<type(current, 2).rank).filter { !indexAxes.contains($0) }
    let result = scatterPoints(
      p.combination, transpose(target, order), points, transpose(updates, updateOrder))
    return transpose(result, order.indices.map { axis in order.firstIndex(of: axis)! })
  }

  /// Coordinates into the batch dimensions, in front of those that are given.
  private func withBatchCoordinates(_ indices: String, _ batch: Int, _ sizes: [Size]) -> String {
    let shape = sizes.dropLast() + [Size(1)]
    let coordinates = (0..<batch).map { axis in
      let limit = squeeze(state.vector([sizes[axis]]), [0])
      let range = one("Range", [state.scalar(Literal(0, .int64)), limit, state.scalar(Literal(1, .int64))])
      let line = unsqueeze(range, shape.indices.filter { $0 != axis })
      return one("Expand", [line, state.vector(Array(shape))])
    }
    return one("Concat", coordinates + [indices], [.int("axis", sizes.count - 1)])
  }

  /// How many of a sequence come before each value.
  func searchSorted(_ p: SearchSorted, _ current: LoweredNode) -> String {
    let rank = current.node.type.rank
    let sequence = unsqueeze(current.operands[0], [rank - 1])
    let values = unsqueeze(current.operands[1], [rank])
    let isBefore = one(p.isRight ? "LessOrEqual" : "Less", [sequence, values])
    let number = cast(isBefore, from: .bool, to: .int64)
    return one("ReduceSum", [number, state.vector([rank])], [.int("keepdims", 0)])
  }
}

extension Scatter.Combination {
  /// ONNX's name of the reduction.
  fileprivate var onnx: String {
    switch self {
    case .set: "none"
    case .add: "add"
    case .multiply: "mul"
    case .min: "min"
    case .max: "max"
    }
  }
}
