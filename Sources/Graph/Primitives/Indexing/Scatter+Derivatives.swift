// The derivatives of each combination, right also where an index occurs more than once.
//
// `set`: only the last update of a place counts. `min` and `max`: all that equal the result share its derivative
// equally, the old element included. `multiply`: the derivative of a factor is the product of the others, formed
// without dividing by zero; derivatives of that derivative are right where no update is 0.
extension Scatter {
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let places = Places(form: form, context.operands, in: graph)
    let cotangent = context.cotangent
    var results: [Value?] = [nil, nil, nil]
    switch combination {
    case .set:
      if context.isNeeded[0] {
        results[0] = try places.put(.set, graph.zeros(places.updatesType), into: cotangent, in: &graph)
      }
      if context.isNeeded[2] {
        results[2] = try graph.selectOrZero(places.isLast(in: &graph), places.take(cotangent, in: &graph))
      }
    case .add:
      results[0] = cotangent
      if context.isNeeded[2] { results[2] = try places.take(cotangent, in: &graph) }
    case .multiply:
      if context.isNeeded[0] { results[0] = try graph.multiply(cotangent, places.product(in: &graph)) }
      if context.isNeeded[2] {
        let scaled = try places.take(graph.multiply(cotangent, places.target), in: &graph)
        results[2] = try graph.multiply(scaled, places.productOfOthers(in: &graph))
      }
    case .min, .max:
      let winners = try places.winners(of: context.result, in: &graph)
      let share = try graph.divide(cotangent, winners.count)
      results[0] = try graph.selectOrZero(winners.targets, share)
      if context.isNeeded[2] {
        results[2] = try graph.selectOrZero(winners.updates, places.take(share, in: &graph))
      }
    }
    return results
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let places = Places(form: form, context.operands, in: graph)
    let given = [context.tangents[0], context.tangents[2]]
    let filled = try graph.orZeros(given, like: [places.target, places.updates])
    let (target, updates) = (filled[0], filled[1])
    switch combination {
    case .set, .add:
      return [try graph.add(self, Operands(target, places.indices, updates))]
    case .multiply:
      let scaled = try graph.multiply(target, places.product(in: &graph))
      let others = try graph.multiply(places.productOfOthers(in: &graph), places.take(places.target, in: &graph))
      return [try places.put(.add, graph.multiply(updates, others), into: scaled, in: &graph)]
    case .min, .max:
      let winners = try places.winners(of: context.result, in: &graph)
      let own = try graph.selectOrZero(winners.targets, target)
      let sum = try places.put(.add, graph.selectOrZero(winners.updates, updates), into: own, in: &graph)
      return [try graph.divide(sum, winners.count)]
    }
  }
}

/// The places that the indices of one scatter name.
private struct Places {
  let form: IndexForm
  let target: Value
  let indices: Value
  let updates: Value
  let targetType: TensorType
  let updatesType: TensorType

  init(form: IndexForm, _ operands: [Value], in graph: GraphBuilder) {
    self.form = form
    (target, indices, updates) = (operands[0], operands[1], operands[2])
    (targetType, updatesType) = (graph.type(target), graph.type(updates))
  }

  /// What `values` has at each place.
  func take(_ values: Value, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    try graph.add(Gather(form), Operands(values, indices))
  }

  func put(
    _ combination: Scatter.Combination, _ values: Value, into target: Value, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    try graph.add(Scatter(form, combination), Operands(target, indices, values))
  }

  /// Whether each update is the last one of its place.
  func isLast(in graph: inout GraphBuilder) throws(GraphError) -> Value {
    let count = updatesType.elementCount
    let numbers = try graph.reshape(graph.iota(TensorType(.int64, [count]), axis: 0), to: updatesType.shape)
    let nobody = try graph.zeros(TensorType(.int64, targetType.shape))
    let last = try take(put(.set, numbers, into: nobody, in: &graph), in: &graph)
    return try graph.compare(.equal, last, numbers)
  }

  /// The product of all updates of each element of the target.
  func product(in graph: inout GraphBuilder) throws(GraphError) -> Value {
    try put(.multiply, updates, into: graph.ones(targetType), in: &graph)
  }

  /// For each update, the product of the other updates of its place.
  func productOfOthers(in graph: inout GraphBuilder) throws(GraphError) -> Value {
    let isZero = try graph.compare(.equal, updates, graph.scalar(0, like: updates))
    let factors = try graph.select(isZero, graph.scalar(1, like: updates), updates)
    let product = try take(put(.multiply, factors, into: graph.ones(targetType), in: &graph), in: &graph)
    let marks = try graph.cast(isZero, to: .int32)
    let counts = try put(.add, marks, into: graph.zeros(TensorType(.int32, targetType.shape)), in: &graph)
    // With the own zero left out, the product of the others is 0 where another zero remains.
    let otherZeros = try graph.subtract(take(counts, in: &graph), marks)
    let hasNone = try graph.compare(.equal, otherZeros, graph.scalar(0, like: otherZeros))
    return try graph.selectOrZero(hasNone, graph.divide(product, factors))
  }

  /// Which old elements and which updates equal the result, and how many there are of them at each element.
  func winners(
    of result: Value, in graph: inout GraphBuilder
  ) throws(GraphError) -> (targets: Value, updates: Value, count: Value) {
    let isTarget = try graph.compare(.equal, target, result)
    let isUpdate = try graph.compare(.equal, updates, take(result, in: &graph))
    let dtype = targetType.dtype
    let count = try put(
      .add, graph.cast(isUpdate, to: dtype), into: graph.cast(isTarget, to: dtype), in: &graph)
    return (isTarget, isUpdate, count)
  }
}
