// An image, a filter and an output of a convolution have three kinds of outer dimensions that examples can be folded
// into: the batch (image and output), the channels of each group (two of the three) and the groups (all three).

extension Convolve {
  /// What an operand or the result is in the convolution.
  private enum Role { case image, filter, output }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    if context.size == 0 { return [try emptyResult(context, in: &graph)] }
    if graph.shape(context.operands[0]).rank + 1 > Shape.maximumRank {
      throw tooManyDimensions(name, graph.shape(context.operands[0]))
    }
    switch (context.isBatched[0], context.isBatched[1]) {
    case (true, true):
      return [try foldedIntoGroups(context, in: &graph)]
    case (true, false) where form != .filterGradient:
      return [try foldedIntoBatch(context, in: &graph)]
    default:
      return [try foldedIntoChannels(context, in: &graph)]
    }
  }

  /// The roles of the operands and of the result.
  private var roleOrder: (Role, Role, Role) {
    switch form {
    case .forward: (.image, .filter, .output)
    case .inputGradient: (.output, .filter, .image)
    case .filterGradient: (.image, .output, .filter)
    }
  }

  /// The result for no examples at all.
  private func emptyResult(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    var types = context.operands.map { graph.type($0) }
    for i in 0..<2 where context.isBatched[i] { types[i].shape.remove(at: 0) }
    var type = try resultType(types[...])
    if type.rank == Shape.maximumRank { throw tooManyDimensions(name, type.shape) }
    type.shape.insert(0, at: 0)
    return try graph.zeros(type)
  }

  /// Examples of the first operand beside those it has: for an image or output that meets a common filter.
  private func foldedIntoBatch(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    var shape = graph.shape(context.operands[0])
    let size = shape.remove(at: 0)
    let batch = shape[0]
    shape[0] = size * batch
    let merged = try graph.reshape(context.operands[0], to: shape)
    let result = try graph.add(self, Operands(merged, context.operands[1]))
    var split = graph.shape(result)
    split[0] = batch
    split.insert(size, at: 0)
    return try graph.reshape(result, to: split)
  }

  /// Examples as more groups, when both operands have them; every role holds all groups in its last axis.
  private func foldedIntoGroups(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    let last = graph.shape(context.operands[0]).rank - 2
    let a = try joined(context.operands[0], axis: last, in: &graph)
    let b = try joined(context.operands[1], axis: last, in: &graph)
    var inner = self
    inner.groups = groups * context.size
    return try parted(graph.add(inner, Operands(a, b)), axis: last, size: context.size, in: &graph)
  }

  /// Moves the leading dimension to the front of dimension `axis` (of the tensor without it), and merges the two.
  private func joined(_ x: Value, axis: Int, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    let moved = try graph.moveAxis(x, from: 0, to: axis)
    var shape = graph.shape(moved)
    let size = shape.remove(at: axis)
    shape[axis] *= size
    return try graph.reshape(moved, to: shape)
  }

  /// Splits dimension `axis` into `size` examples and what remains, and moves the examples to the front.
  private func parted(_ x: Value, axis: Int, size: Int, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    var shape = graph.shape(x)
    shape[axis] /= size
    shape.insert(size, at: axis)
    return try graph.moveAxis(graph.reshape(x, to: shape), from: axis, to: 0)
  }

  /// Examples of one operand as more channels in each group, which the result has too.
  private func foldedIntoChannels(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    var operands = context.operands
    let index = context.isBatched[0] ? 0 : 1
    let (first, second, result) = roleOrder
    let role = index == 0 ? first : second
    let shared = sharedChannels(role, result)
    operands[index] = try widened(operands[index], role, shared, in: &graph)
    return try narrowed(graph.add(self, Operands(operands)), result, shared, size: context.size, in: &graph)
  }

  /// The channels that two roles have in common: the image's, or the output's.
  private enum Channels { case input, output }

  private func sharedChannels(_ a: Role, _ b: Role) -> Channels { a == .image || b == .image ? .input : .output }

  /// How `shared` channels lie in a tensor of a role: the axis, and the number of groups in which they come.
  ///
  /// The filter's input channels are those of one group; everything else holds all groups, one after the other.
  private func layout(_ role: Role, _ shared: Channels, rank: Int) -> (axis: Int, groups: Int) {
    role == .filter && shared == .input ? (rank - 2, 1) : (rank - 1, groups)
  }

  /// Puts the leading dimension between groups and channels.
  private func widened(
    _ x: Value, _ role: Role, _ shared: Channels, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    let (axis, count) = layout(role, shared, rank: graph.shape(x).rank - 1)
    var split = graph.shape(x)
    let size = split[0]
    if split.rank == Shape.maximumRank { throw tooManyDimensions(name, split) }
    split[axis + 1] /= count
    split.insert(count, at: axis + 1)
    let moved = try graph.moveAxis(graph.reshape(x, to: split), from: 0, to: axis + 1)
    var shape = graph.shape(x)
    shape.remove(at: 0)
    shape[axis] *= size
    return try graph.reshape(moved, to: shape)
  }

  /// Takes the examples from between groups and channels to the front: undoes ``widened(_:_:_:in:)``.
  private func narrowed(
    _ x: Value, _ role: Role, _ shared: Channels, size: Int, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    let (axis, count) = layout(role, shared, rank: graph.shape(x).rank)
    var shape = graph.shape(x)
    shape[axis] /= size
    var split = graph.shape(x)
    if split.rank + 2 > Shape.maximumRank { throw tooManyDimensions(name, split) }
    split[axis] = shape[axis] / count
    split.insert(size, at: axis)
    split.insert(count, at: axis)
    let moved = try graph.moveAxis(graph.reshape(x, to: split), from: axis + 1, to: 0)
    shape.insert(size, at: 0)
    return try graph.reshape(moved, to: shape)
  }
}
