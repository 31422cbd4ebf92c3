// Scans are differentiated into scans and batched into scans.
//
// Below, `carried` are the positions of floating-point carries; `sequences` and `values` those of operands that have
// a derivative. The body's floating-point outputs are the next carries at `carried`, then elements at `stacked`.
extension Scan {
  private var types: [TensorType] { body.graph.inputTypes }
  private var carried: [Int] { (0..<carryCount).filter { types[$0].dtype.isFloatingPoint } }
  private var stacked: [Int] { body.graph.differentiableOutputs.filter { $0 >= carryCount } }
  private var sequencePositions: Range<Int> { carryCount..<(carryCount + sequenceCount) }
  private var valuePositions: Range<Int> { (carryCount + sequenceCount)..<types.count }

  /// Runs the steps once more to get the carry that each began with, then goes through them from the last to the
  /// first: the cotangents of the carry are the carry of that scan, and those of values add up in it.
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let sequences = sequencePositions.filter { context.isNeeded[$0] }
    let values = valuePositions.filter { context.isNeeded[$0] }
    let results = resultTypes!
    let backward = Scan(
      body: Region(try gradientBody(sequences, values)), length: length, carryCount: carried.count + values.count,
      sequenceCount: carryCount + sequenceCount + stacked.count, isReversed: !isReversed)
    var operands = try graph.orZeros(carried.map { context.cotangents[$0] }, types: carried.map { results[$0] })
    for index in values { operands.append(try graph.zeros(types[index])) }
    operands += try carries(context.operands, in: &graph)
    operands += context.operands[sequencePositions]
    operands += try graph.orZeros(stacked.map { context.cotangents[$0] }, types: stacked.map { results[$0] })
    operands += context.operands[valuePositions]
    let found = try graph.results(of: graph.add(backward, Operands(operands)))
    return found.map { $0 }.spread(over: carried + values + sequences, count: context.operands.count)
  }

  /// The carry that each step began with, stacked.
  private func carries(_ operands: [Value], in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    if carryCount == 0 { return [] }
    var builder = GraphBuilder()
    let inputs = types.map { builder.input($0) }
    let next = Array(try builder.inline(body.graph, operands: inputs)[..<carryCount])
    var forward = self
    forward.body = Region(builder.graph(inputs: inputs, outputs: next + inputs[..<carryCount]))
    return Array(try graph.results(of: graph.add(forward, Operands(operands)))[carryCount...])
  }

  /// Takes cotangents of the carry, sums for `values`; carry, elements, cotangents of elements; values.
  private func gradientBody(_ sequences: [Int], _ values: [Int]) throws(GraphError) -> Graph {
    var builder = GraphBuilder()
    let carryCotangents = carried.map { builder.input(types[$0]) }
    let sums = values.map { builder.input(types[$0]) }
    let moving = types[..<valuePositions.lowerBound].map { builder.input($0) }
    let cotangents = stacked.map { builder.input(body.graph.outputTypes[$0]) }
    let fixed = types[valuePositions].map { builder.input($0) }
    let found = try builder.gradient(
      of: body.graph, operands: moving + fixed, cotangents: carryCotangents + cotangents,
      needed: carried + values + sequences)
    var outputs = found
    for (index, sum) in sums.enumerated() {
      outputs[carried.count + index] = try builder.add(sum, found[carried.count + index])
    }
    return builder.graph(inputs: carryCotangents + sums + moving + cotangents + fixed, outputs: outputs)
  }

  /// The tangents of the carry are carried along with it.
  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let sequences = sequencePositions.filter { context.tangents[$0] != nil }
    let values = valuePositions.filter { context.tangents[$0] != nil }
    let forward = Scan(
      body: Region(try tangentBody(sequences, values)), length: length, carryCount: carryCount + carried.count,
      sequenceCount: sequenceCount + sequences.count, isReversed: isReversed)
    var operands = Array(context.operands[..<carryCount])
    operands += try graph.orZeros(carried.map { context.tangents[$0] }, types: carried.map { types[$0] })
    operands += context.operands[sequencePositions] + sequences.map { context.tangents[$0]! }
    operands += context.operands[valuePositions] + values.map { context.tangents[$0]! }
    let found = try graph.results(of: graph.add(forward, Operands(operands)))
    return found[carryCount...].map { $0 }.spread(over: carried + stacked, count: body.graph.outputs.count)
  }

  /// Takes carry, its tangents; elements, their tangents; values, their tangents.
  private func tangentBody(_ sequences: [Int], _ values: [Int]) throws(GraphError) -> Graph {
    var builder = GraphBuilder()
    let carry = types[..<carryCount].map { builder.input($0) }
    let carryTangents = carried.map { builder.input(types[$0]) }
    let elements = types[sequencePositions].map { builder.input($0) }
    let elementTangents = sequences.map { builder.input(types[$0]) }
    let fixed = types[valuePositions].map { builder.input($0) }
    let fixedTangents = values.map { builder.input(types[$0]) }
    let (results, tangents) = try builder.tangent(
      of: body.graph, operands: carry + elements + fixed, tangents: carryTangents + elementTangents + fixedTangents,
      given: carried + sequences + values)
    return builder.graph(
      inputs: carry + carryTangents + elements + elementTangents + fixed + fixedTangents,
      outputs: results[..<carryCount] + tangents)
  }
}

extension Scan {
  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    let others = Array(context.isBatched[carryCount...])
    let elements = body.graph.outputs.dropFirst(carryCount).map { _ in true }
    var carry = Array(context.isBatched[..<carryCount])
    // A carry that meets examples in one step has them from the start; each round finds at least one more, or ends.
    while true {
      let whole = try body.graph.batched(isBatched: carry + others, size: context.size, forcing: carry + elements)
      let next = Array(whole.isBatched[..<carryCount])
      if next == carry { return try add(whole.region, carry: carry, context, in: &graph) }
      carry = next
    }
  }

  private func add(
    _ body: Region, carry: [Bool], _ context: BatchContext, in graph: inout GraphBuilder
  ) throws(GraphError) -> [Value] {
    var operands = context.operands
    for index in carry.indices where carry[index] {
      operands[index] = try graph.withBatch(
        operands[index], isBatched: context.isBatched[index], size: context.size)
    }
    // Steps come first in a scan, examples first in a batch.
    for index in sequencePositions where context.isBatched[index] {
      operands[index] = try graph.moveAxis(operands[index], from: 1, to: 0)
    }
    var scan = self
    scan.body = body
    var results = try graph.results(of: graph.add(scan, Operands(operands)))
    for index in results.indices {
      results[index] =
        index < carryCount
        ? try graph.withBatch(results[index], isBatched: carry[index], size: context.size)
        : try graph.moveAxis(results[index], from: 1, to: 0)
    }
    return results
  }
}
