import MartletGraph

/// Runs `body` once for each element of the leading dimension of `sequences`, passing `carry` along.
///
/// A loop of known length inside the program: recorded once however many steps it has, and differentiable in both
/// modes. Parameters and ``State`` may be used inside; a state that changes is carried from step to step.
///
/// - Parameters:
///   - carry: The initial values of what passes from step to step.
///   - sequences: Tensors `[length, …]`.
///   - isReversed: Whether the last element comes first; results keep the order of the sequences.
///   - body: Takes the carry and the elements of one step; gives the next carry (same types) and the step's results.
/// - Returns: The last carry, and the results of all steps `[length, …]`.
public func scan(
  _ carry: [Tensor], over sequences: [Tensor], isReversed: Bool = false, fileID: StaticString = #fileID,
  line: UInt = #line, _ body: (_ carry: [Tensor], _ elements: [Tensor]) throws -> (carry: [Tensor], results: [Tensor])
) rethrows -> (carry: [Tensor], results: [Tensor]) {
  let location = SourceLocation(fileID, line)
  guard let length = sequences.first?.shape.first, sequences.allSatisfy({ $0.shape.first == length }) else {
    let message = "the sequences need one common leading dimension, not \(sequences.map(\.shape))"
    _ = stop(GraphError("scan", message), at: location)
    return (carry, [])
  }
  let recorder = Recorder.current
  let elementTypes = sequences.map { TensorType($0.dtype, Shape($0.shape.dropFirst())) }
  var resultCount = 0
  let recorded = try recorder.recordRegion("scan", inputs: carry.map(\.type) + elementTypes) { inputs in
    let (next, results) = try body(Array(inputs.prefix(carry.count)), Array(inputs.dropFirst(carry.count)))
    resultCount = results.count
    return next + results
  }
  return recorder.recordScan(
    recorded, carry: carry, sequences: sequences, length: length, resultCount: resultCount, isReversed: isReversed,
    at: location)
}

extension Recorder {
  /// Lays out the operands as ``Scan`` wants them: variables that the body changes are part of the carry.
  fileprivate func recordScan(
    _ recorded: RecordedRegion, carry: [Tensor], sequences: [Tensor], length: Int, resultCount: Int, isReversed: Bool,
    at location: SourceLocation
  ) -> (carry: [Tensor], results: [Tensor]) {
    var graph = recorded.region.graph
    let (own, elements) = (carry.count, sequences.count)
    let variables = recorded.variables.count
    let inputs = graph.inputs
    graph.inputs = Array(inputs[..<own])
    graph.inputs += inputs[(own + elements)..<(own + elements + variables)]
    graph.inputs += inputs[own..<(own + elements)]
    graph.inputs += inputs[(own + elements + variables)...]
    let outputs = graph.outputs
    graph.outputs = Array(outputs[..<own])
    graph.outputs += outputs[(own + resultCount)...]
    graph.outputs += outputs[own..<(own + resultCount)]
    let operation = Scan(
      body: Region(graph), length: length, carryCount: own + variables, sequenceCount: elements,
      isReversed: isReversed)
    let held = recorded.variables.map(\.tensor)
    let results = Tensor.recordMany(operation, carry + held + sequences + recorded.captures, at: location)
    guard results.count == own + variables + resultCount else { return (carry, []) }
    for (variable, value) in zip(recorded.variables, results[own...]) { variable.tensor = value }
    return (Array(results[..<own]), Array(results[(own + variables)...]))
  }
}

/// Runs `body` while `condition` holds, inside the program.
///
/// The number of turns depends on values, so there is a forward derivative but no reverse one; use `scan` where the
/// number is known.
///
/// - Parameters:
///   - carry: The initial values of what passes from turn to turn; their types never change.
///   - condition: Gives one bool.
///   - body: Gives the next carry.
/// - Returns: The last carry.
public func whileLoop(
  _ carry: [Tensor], fileID: StaticString = #fileID, line: UInt = #line, while condition: ([Tensor]) -> Tensor,
  do body: ([Tensor]) throws -> [Tensor]
) rethrows -> [Tensor] {
  let location = SourceLocation(fileID, line)
  let recorder = Recorder.current
  let types = carry.map(\.type)
  let test = recorder.recordRegion("while", inputs: types) { [condition($0)] }
  let turn = try recorder.recordRegion("while", inputs: types, body)
  let shared = UnionOfInputs(first: test, second: turn, argumentCount: carry.count)
  // Variables that the body changes are carried; the condition sees them as well.
  let operation = WhileLoop(
    condition: Region(shared.graph(of: test, keepingVariableOutputs: false)),
    body: Region(shared.graph(of: turn, keepingVariableOutputs: true)),
    carryCount: carry.count + shared.variables.count)
  let held = shared.variables.map(\.tensor)
  let results = Tensor.recordMany(operation, carry + held + shared.captures, at: location)
  guard results.count == carry.count + held.count else { return carry }
  for (variable, value) in zip(shared.variables, results[carry.count...]) { variable.tensor = value }
  return Array(results[..<carry.count])
}

/// Runs one of two closures, inside the program, as `predicate` says.
///
/// Both are recorded, one runs. They give the same types. States that either changes are part of the result.
///
/// - Parameter predicate: One bool.
public func cond(
  _ predicate: Tensor, fileID: StaticString = #fileID, line: UInt = #line, then ifTrue: () throws -> [Tensor],
  else ifFalse: () throws -> [Tensor]
) rethrows -> [Tensor] {
  let location = SourceLocation(fileID, line)
  let recorder = Recorder.current
  let first = try recorder.recordRegion("cond", inputs: []) { _ in try ifTrue() }
  let second = try recorder.recordRegion("cond", inputs: []) { _ in try ifFalse() }
  let shared = UnionOfInputs(first: first, second: second, argumentCount: 0)
  let operation = Conditional(
    ifTrue: Region(shared.graph(of: first, keepingVariableOutputs: true)),
    ifFalse: Region(shared.graph(of: second, keepingVariableOutputs: true)))
  let held = shared.variables.map(\.tensor)
  let results = Tensor.recordMany(operation, [predicate] + held + shared.captures, at: location)
  guard results.count == first.resultCount + held.count else { return [] }
  for (variable, value) in zip(shared.variables, results[first.resultCount...]) { variable.tensor = value }
  return Array(results[..<first.resultCount])
}

/// Two regions that take the same operands: arguments, then the variables of both, then the captures of both.
private struct UnionOfInputs {
  var variables: [Variable] = []
  var captures: [Tensor] = []
  private var capturePositions: [[Int]] = []
  private var firstRegion: Region
  private let argumentCount: Int

  init(first: RecordedRegion, second: RecordedRegion, argumentCount: Int) {
    self.argumentCount = argumentCount
    firstRegion = first.region
    for region in [first, second] {
      for variable in region.variables where !variables.contains(where: { $0 === variable }) {
        variables.append(variable)
      }
      capturePositions.append(region.captures.indices.map { captures.count + $0 })
      captures += region.captures
    }
  }

  /// The region's graph with the inputs of both, and all variables among the outputs if asked.
  func graph(of recorded: RecordedRegion, keepingVariableOutputs: Bool) -> Graph {
    let source = recorded.region.graph
    var builder = GraphBuilder()
    let arguments = source.inputTypes.prefix(argumentCount).map { builder.input($0) }
    let held = variables.map { builder.input($0.type) }
    let outside = captures.map { builder.input($0.type) }
    let positions = capturePositions[recorded.region === firstRegion ? 0 : 1]
    let own = recorded.variables.map { variable in held[variables.firstIndex { $0 === variable }!] }
    // Checked when it was recorded, so recording it again cannot fail.
    let outputs = try! builder.inline(source, operands: arguments + own + positions.map { outside[$0] })
    var results = Array(outputs.prefix(recorded.resultCount))
    if keepingVariableOutputs {
      results += variables.enumerated().map { index, variable in
        recorded.variables.firstIndex { $0 === variable }.map { outputs[recorded.resultCount + $0] } ?? held[index]
      }
    }
    return Graph(nodes: builder.nodes, inputs: arguments + held + outside, outputs: results)
  }
}
