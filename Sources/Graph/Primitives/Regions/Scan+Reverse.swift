// The reverse rule of scans: a second scan, from the last step to the first.
//
// What that scan needs of a step is kept, not computed again: the scan is recorded once more with those values as
// further results. An engine runs the longer one in place of the shorter, see `Scan.extends(_:)`.
//
// The cotangent of a value that all steps see is a sum over the steps. Where each step would add a whole matrix
// product, the factors of all steps are kept instead, and one product sums over elements and steps at once.
extension Scan {
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    var reversal = try ScanReversal(self, context)
    reversal.findStacks()
    let outside = try reversal.recordForward(context, in: &graph)
    let found = try reversal.recordBackward(context, outside, in: &graph)
    return found
  }

  /// Whether this scan does all that `other` does, with the same results first; both are given the same operands.
  package func extends(_ other: Scan) -> Bool {
    let count = other.body.graph.outputs.count
    guard length == other.length, isReversed == other.isReversed, carryCount == other.carryCount,
      sequenceCount == other.sequenceCount, body.graph.outputs.count > count
    else { return false }
    return Region(body.graph.needed(for: count)).hash == Region(other.body.graph.needed(for: count)).hash
  }
}

extension Graph {
  /// What the first `count` outputs need, inputs first.
  fileprivate func needed(for count: Int) -> Graph {
    GraphBuilder(nodes: nodes).extract(outputs: Array(outputs[..<count]), boundary: inputs).graph
  }
}

/// One step of a scan with the cotangents of what it takes, taken apart into what runs forwards and what backwards.
private struct ScanReversal {
  /// A sum over all steps that is computed after the last one.
  indirect enum Total {
    case product(Contract, Value, Value)
    case view(Node, Total)
    case sum(Total, Total)
  }

  /// Values in the graph around the scan that stand for values of the step.
  struct Outside {
    /// Stacked over the steps.
    var stacks: [Value: Value] = [:]
    /// The same in all steps.
    var fixed: [Value: Value] = [:]
  }

  let scan: Scan
  private(set) var builder: GraphBuilder
  /// Inputs of the body, then its outputs.
  let inputs, outputs: [Value]
  /// Nodes before this position belong to the step itself, later ones to its derivative.
  let forwardEnd: Int
  /// Positions among the outputs: floating-point carries, and elements that have a cotangent.
  let carried, stacked: [Int]
  /// Positions among the inputs that need a cotangent.
  let sequences, values: [Int]
  let carryCotangents, cotangents: [Value]
  /// Cotangents of carries and elements that one step passes on.
  let carryResults, sequenceResults: [Value]
  /// For each node, whether it is the same in every step.
  private var isFixed: [Bool] = []
  /// For values whose cotangents add up in the carry: position, the carry and the next carry.
  var sums: [(position: Int, carry: Value, next: Value)] = []
  /// For values whose cotangents are computed after the last step.
  var totals: [(position: Int, total: Total)] = []
  /// Values of the derivative that are kept for the totals.
  private(set) var kept: [Value] = []
  /// Values of the step that its derivative takes in: varying ones, and those that are the same in every step.
  private(set) var residuals: [Value] = []
  private(set) var hoisted: [Value] = []
  private(set) var usedInputs = Set<Value>()

  init(_ scan: Scan, _ context: PullbackContext) throws(GraphError) {
    self.scan = scan
    let body = scan.body.graph
    let types = body.inputTypes
    let sequenceEnd = scan.carryCount + scan.sequenceCount
    carried = (0..<scan.carryCount).filter { types[$0].dtype.isFloatingPoint }
    stacked = body.differentiableOutputs.filter { $0 >= scan.carryCount && context.cotangents[$0] != nil }
    sequences = (scan.carryCount..<sequenceEnd).filter { context.isNeeded[$0] }
    values = (sequenceEnd..<types.count).filter { context.isNeeded[$0] }
    var builder = GraphBuilder()
    let inputs = types.map { builder.input($0) }
    let outputs = try builder.inline(body, operands: inputs)
    forwardEnd = builder.nodes.count
    let carryCotangents = carried.map { builder.input(types[$0]) }
    let cotangents = stacked.map { builder.input(body.outputTypes[$0]) }
    let sources = (carried + sequences + values).map { inputs[$0] }
    let found = try builder.pullback(
      from: (carried + stacked).map { outputs[$0] }, cotangents: carryCotangents + cotangents, to: sources,
      after: inputs.count)
    let moving = carried.count + sequences.count
    let passed = try builder.orZeros(Array(found[..<moving]), like: Array(sources[..<moving]))
    carryResults = Array(passed[..<carried.count])
    sequenceResults = Array(passed[carried.count...])
    (self.builder, self.inputs, self.outputs) = (builder, inputs, outputs)
    (self.carryCotangents, self.cotangents) = (carryCotangents, cotangents)
    findFixed()
    for (position, cotangent) in zip(values, found[moving...]) {
      guard let cotangent else { continue }
      if let total = total(cotangent) {
        totals.append((position, total))
      } else {
        let carry = self.builder.input(types[position])
        sums.append((position, carry, try self.builder.add(carry, cotangent)))
      }
    }
  }

  // MARK: What is kept

  private mutating func findFixed() {
    isFixed = [Bool](repeating: true, count: builder.nodes.count)
    for value in inputs[..<(scan.carryCount + scan.sequenceCount)] { isFixed[value.position] = false }
    for value in carryCotangents + cotangents { isFixed[value.position] = false }
    for position in builder.nodes.indices {
      // An operation of the user's own might count its calls.
      if case .custom = builder.nodes[position].primitive { isFixed[position] = false }
      if builder.nodes[position].operands.contains(where: { !isFixed[$0.position] }) { isFixed[position] = false }
    }
  }

  /// The sum of `value` over all steps without a sum in each, or nil where that would not pay.
  private func total(_ value: Value) -> Total? {
    let node = builder[value]
    if isFixed[value.position] || value.position < forwardEnd { return nil }
    switch node.primitive {
    case .contract(let contract):
      let (a, b) = (node.operands[0], node.operands[1])
      let rank = max(builder.type(a).rank, builder.type(b).rank)
      let size = builder.type(a).elementCount + builder.type(b).elementCount
      if isFixed[a.position] || isFixed[b.position] || rank == Shape.maximumRank { return nil }
      return size <= 2 * node.type.elementCount ? .product(contract, a, b) : nil
    case .transpose, .reshape: return total(node.operands[0]).map { .view(node, $0) }
    case .binary(let binary) where binary.kind == .add:
      guard let a = total(node.operands[0]), let b = total(node.operands[1]) else { return nil }
      return .sum(a, b)
    default: return nil
    }
  }

  /// Whether a value belongs to the step itself: parts of its operations are taken out by its derivative.
  private func isForward(_ value: Value) -> Bool {
    if value.position < forwardEnd { return true }
    if case .element = builder[value].primitive { return builder[value].operands[0].position < forwardEnd }
    return false
  }

  /// Whether computing a value again costs less than keeping it.
  private func isCheap(_ value: Value) -> Bool {
    switch builder[value].primitive {
    case .scalar, .iota, .reshape, .transpose, .broadcast: true
    default: builder.type(value).rank == Shape.maximumRank
    }
  }

  /// Finds what the backward scan takes in and keeps.
  mutating func findStacks() {
    for (_, total) in totals { keepFactors(of: total) }
    var isWanted = [Bool](repeating: false, count: builder.nodes.count)
    for value in carryResults + sequenceResults + kept + sums.map(\.next) { isWanted[value.position] = true }
    for position in builder.nodes.indices.reversed() where isWanted[position] {
      let value = Value(position)
      if case .input = builder[value].primitive {
        take(value)
      } else if isForward(value) && !isCheap(value) {
        if isFixed[position] { hoisted.append(value) } else { residuals.append(value) }
      } else {
        for operand in builder[value].operands { isWanted[operand.position] = true }
      }
    }
  }

  private mutating func take(_ input: Value) {
    usedInputs.insert(input)
    guard let position = inputs.firstIndex(of: input), position < scan.carryCount else { return }
    if !residuals.contains(input) { residuals.append(input) }
  }

  /// Sees to it that the factors of a product will be there, stacked.
  private mutating func keepFactors(of total: Total) {
    switch total {
    case .product(_, let a, let b):
      for factor in [a, b] {
        if let position = inputs.firstIndex(of: factor) {
          if position < scan.carryCount { take(factor) }
        } else if !kept.contains(factor) {
          kept.append(factor)
        }
      }
    case .view(_, let inner): keepFactors(of: inner)
    case .sum(let first, let second):
      keepFactors(of: first)
      keepFactors(of: second)
    }
  }
}

// MARK: Recording

extension ScanReversal {
  /// Records the scan with the values that its derivative needs as further results.
  func recordForward(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> Outside {
    var outside = Outside()
    let sequenceEnd = scan.carryCount + scan.sequenceCount
    for position in scan.carryCount..<sequenceEnd { outside.stacks[inputs[position]] = context.operands[position] }
    for position in sequenceEnd..<inputs.count { outside.fixed[inputs[position]] = context.operands[position] }
    if !residuals.isEmpty {
      var longer = scan
      longer.body = Region(builder.extract(outputs: outputs + residuals, boundary: inputs).graph)
      let results = try graph.results(of: graph.add(longer, Operands(context.operands)))
      for (value, stack) in zip(residuals, results[outputs.count...]) { outside.stacks[value] = stack }
    }
    if !hoisted.isEmpty {
      let fixed = Array(inputs[sequenceEnd...])
      let once = builder.extract(outputs: hoisted, boundary: fixed).graph
      let found = try graph.inline(once, operands: Array(context.operands[sequenceEnd...]))
      for (value, result) in zip(hoisted, found) { outside.fixed[value] = result }
    }
    return outside
  }

  /// Records the scan that goes backwards; returns the cotangents of all operands.
  func recordBackward(
    _ context: PullbackContext, _ outside: Outside, in graph: inout GraphBuilder
  ) throws(GraphError) -> [Value?] {
    let stacks = residuals + inputs[scan.carryCount...].filter { usedInputs.contains($0) && outside.stacks[$0] != nil }
    let arriving = cotangents.indices.filter { usedInputs.contains(cotangents[$0]) }
    let fixed = hoisted + inputs.filter { usedInputs.contains($0) && outside.fixed[$0] != nil }
    let elements = stacks + arriving.map { cotangents[$0] }
    let carry = carryCotangents + sums.map(\.carry)
    // What is kept may be a cotangent of elements as well, or a value that the forward scan keeps.
    let more = kept.filter { !sequenceResults.contains($0) && outside.stacks[$0] == nil }
    let outputs = carryResults + sums.map(\.next) + sequenceResults + more
    var operands = try graph.orZeros(
      carried.map { context.cotangents[$0] }, types: carried.map { scan.body.graph.outputTypes[$0] })
    for sum in sums { operands.append(try graph.zeros(builder.type(sum.carry))) }
    operands += stacks.map { outside.stacks[$0]! } + arriving.map { context.cotangents[stacked[$0]]! }
    operands += fixed.map { outside.fixed[$0]! }
    var results: [Value] = []
    if !outputs.isEmpty {
      let body = builder.extract(outputs: outputs, boundary: carry + elements + fixed).graph
      let backward = Scan(
        body: Region(body), length: scan.length, carryCount: carry.count, sequenceCount: elements.count,
        isReversed: !scan.isReversed)
      results = try graph.results(of: graph.add(backward, Operands(operands)))
    }
    var found = [Value?](repeating: nil, count: inputs.count)
    for (index, position) in carried.enumerated() { found[position] = results[index] }
    for (index, sum) in sums.enumerated() { found[sum.position] = results[carried.count + index] }
    var known = outside.stacks
    for (index, value) in (sequenceResults + more).enumerated() { known[value] = results[carry.count + index] }
    for (index, position) in sequences.enumerated() { found[position] = results[carry.count + index] }
    for (position, total) in totals { found[position] = try record(total, known, in: &graph) }
    return found
  }

  /// Records a sum over all steps, from the stacked factors.
  private func record(
    _ total: Total, _ stacks: [Value: Value], in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    switch total {
    case .product(let contract, let a, let b):
      return try graph.add(contract.summingLeadingAxis, Operands(stacks[a]!, stacks[b]!))
    case .view(let node, let inner):
      let operand = try record(inner, stacks, in: &graph)
      return graph.append(copying: node) { _ in operand }
    case .sum(let first, let second):
      return try graph.add(record(first, stacks, in: &graph), record(second, stacks, in: &graph))
    }
  }
}

extension Contract {
  /// The same of operands with one more leading axis, summed over that as well.
  fileprivate var summingLeadingAxis: Contract {
    func shifted(_ axes: AxisList, adding first: [Int] = []) -> AxisList { AxisList(first + axes.map { $0 + 1 }) }
    return Contract(
      leftBatch: shifted(leftBatch), rightBatch: shifted(rightBatch),
      leftContracted: shifted(leftContracted, adding: [0]), rightContracted: shifted(rightContracted, adding: [0]))
  }
}
