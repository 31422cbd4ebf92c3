// Scans are differentiated forwards into scans and batched into scans; see `Scan+Reverse.swift` for the reverse rule.
//
// Below, `carried` are the positions of floating-point carries; `sequences` and `values` those of operands that have
// a derivative. The body's floating-point outputs are the next carries at `carried`, then elements at `stacked`.
extension Scan {
  private var types: [TensorType] { body.graph.inputTypes }
  private var carried: [Int] { (0..<carryCount).filter { types[$0].dtype.isFloatingPoint } }
  private var stacked: [Int] { body.graph.differentiableOutputs.filter { $0 >= carryCount } }
  private var sequencePositions: Range<Int> { carryCount..<(carryCount + sequenceCount) }
  private var valuePositions: Range<Int> { (carryCount + sequenceCount)..<types.count }

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
