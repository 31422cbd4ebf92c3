import Martlet

extension OperatorTable {
  /// Choices and loops.
  static let controlFlow: [Operator] = [
    Operator("If", fixed: [0]) { call in try chosen(&call) },
    Operator("Loop", fixed: [0]) { call in try looped(&call) },
    Operator("Scan", versions: 1...8) { call in try batchedScan(&call) },
    Operator("Scan", versions: 9...Int.max) { call in
      let count = call.inputCount
      return try ScanLoop(call, stateCount: count - (try call.int("num_scan_inputs"))).run(
        (0..<count).map { try call.value($0) })
    },
  ]

  /// Turns of a loop, which may have no end; a scan has as many as its input has slices.
  fileprivate static let turnLimit = (loop: 1 << 16, scan: 1 << 18)

  private static func chosen(_ call: inout Call) throws -> [ONNXValue] {
    let (yes, no) = (try call.graph("then_branch"), try call.graph("else_branch"))
    let predicate = try call.scalarInput(0)
    do {
      return try call.run(call.integers(0)[0] != 0 ? yes : no)
    } catch is ExecutionError {
      // Inside a region the choice is part of the program, if both branches give tensors of the same types.
      let node = call
      let results = try cond(predicate.tensor.cast(to: .bool)) {
        try tensors(node.run(yes))
      } else: {
        try tensors(node.run(no))
      }
      return results.map { ONNXValue($0) }
    }
  }

  private static func tensors(_ values: [ONNXValue]) throws -> [Tensor] {
    try values.map { value in
      guard let tensor = value.tensor else {
        throw ONNXError(.unsupported, "a choice of \(value.kind) inside a region")
      }
      return tensor
    }
  }

  private static func looped(_ call: inout Call) throws -> [ONNXValue] {
    let body = try call.graph("body")
    let limit = try call.optionalInteger(0)
    var isGoing = ONNXValue(Tensor(true)).marked(isConstant: true)
    if call.has(1) { isGoing = .tensor(try call.scalarInput(1)).marked(isConstant: try call.value(1).isConstant) }
    var carried = try stride(from: 2, to: call.inputCount, by: 1).map { try call.value($0) }
    guard body.inputs.count == carried.count + 2, body.outputs.count > carried.count else {
      throw ONNXError(.mismatch, "the body does not fit \(carried.count) values that are carried")
    }
    var collected = Array(repeating: [ONNXValue](), count: body.outputs.count - carried.count - 1)
    var turn = 0
    while turn < limit ?? .max {
      guard try call.integers(of: isGoing.numbers!)[0] != 0 else { break }
      guard turn < turnLimit.loop else { throw ONNXError(.limit, "the loop takes more than \(turnLimit.loop) turns") }
      let place = ONNXValue(Tensor(turn)).marked(isConstant: true)
      let results = try call.run(body, [place, isGoing] + carried)
      guard let next = results[0].numbers, next.tensor.elementCount == 1 else {
        throw ONNXError(.mismatch, "the body does not say whether to go on")
      }
      isGoing = results[0]
      carried = Array(results[1..<(carried.count + 1)])
      for (output, value) in results[(carried.count + 1)...].enumerated() { collected[output].append(value) }
      turn += 1
    }
    return try carried + collected.map { try stacked($0, axis: 0) }
  }

  /// The results of all turns, one behind the other along a new axis; none give an empty vector.
  static func stacked(_ values: [ONNXValue], axis: Int) throws -> ONNXValue {
    guard let rank = values.first?.shape?.rank else { return ONNXValue(Tensor.zeros([0])) }
    let place = axis < 0 ? axis + rank + 1 : axis
    guard place >= 0, place <= rank else { throw ONNXError(.mismatch, "axis \(axis) is not in \(-rank - 1)...\(rank)") }
    return try concatenated(values.map { try $0.moved { $0.expandingDimensions(at: Axes(place)) } }, axis: place)
  }

  /// The first version of `Scan`, which runs each example of a batch for itself.
  private static func batchedScan(_ call: inout Call) throws -> [ONNXValue] {
    let loop = try ScanLoop(call, stateCount: call.inputCount - 1 - (try call.int("num_scan_inputs")))
    let inputs = try stride(from: 1, to: call.inputCount, by: 1).map { try call.tensor($0, rank: 1...) }
    let lengths = try call.optionalIntegers(0)
    guard let batch = inputs.first?.shape[0], batch > 0, inputs.allSatisfy({ $0.shape[0] == batch }),
      lengths.map({ $0.count == batch }) ?? true
    else { throw ONNXError(.mismatch, "the inputs are not of one batch") }
    let examples = try (0..<batch).map { place -> [Tensor] in
      var own = inputs.map { $0.slice(0, from: place, count: 1).squeezed(axes: 0) }
      if let lengths {
        for input in loop.stateCount..<own.count {
          guard own[input].rank > 0, lengths[place] >= 0, lengths[place] <= own[input].shape[0] else {
            throw ONNXError(.mismatch, "the length \(lengths[place]) does not fit \(own[input].shape)")
          }
          own[input] = own[input].slice(0, from: 0, count: lengths[place])
        }
      }
      return try loop.run(own.map { ONNXValue($0) }).map { value in
        guard let tensor = value.tensor else { throw ONNXError(.unsupported, "texts in a scan") }
        return tensor
      }
    }
    return examples[0].indices.map { output in ONNXValue(Tensor(stacking: examples.map { $0[output] })) }
  }
}

/// The loop of `Scan`: over the slices of some inputs, with a state.
private struct ScanLoop {
  let stateCount: Int
  private let call: Call
  private let body: GraphPlan
  private let inputAxes, inputDirections, outputAxes, outputDirections: [Int]

  init(_ call: Call, stateCount: Int) throws {
    self.call = call
    self.stateCount = stateCount
    body = try call.graph("body")
    let name = call.has("directions") ? "directions" : "scan_input_directions"
    inputDirections = try call.optionalInts(name) ?? []
    inputAxes = try call.optionalInts("scan_input_axes") ?? []
    outputAxes = try call.optionalInts("scan_output_axes") ?? []
    outputDirections = try call.optionalInts("scan_output_directions") ?? []
    guard stateCount >= 0, body.outputs.count >= stateCount else {
      throw ONNXError(.mismatch, "the body does not fit \(stateCount) states")
    }
  }

  func run(_ inputs: [ONNXValue]) throws -> [ONNXValue] {
    guard inputs.count == body.inputs.count, inputs.count > stateCount else {
      throw ONNXError(.mismatch, "a body of \(body.inputs.count) inputs gets \(inputs.count)")
    }
    var states = Array(inputs[..<stateCount])
    let sequences = Array(inputs[stateCount...])
    let axes = try sequences.enumerated().map { place, value in
      try call.axis(place < inputAxes.count ? inputAxes[place] : 0, rank: value.shape?.rank ?? 0)
    }
    let length = sequences[0].shape![axes[0]]
    guard zip(sequences, axes).allSatisfy({ $0.shape![$1] == length }) else {
      throw ONNXError(.mismatch, "the sequences are not of one length")
    }
    var collected = Array(repeating: [ONNXValue](), count: body.outputs.count - stateCount)
    guard length <= OperatorTable.turnLimit.scan else {
      throw ONNXError(.limit, "the scan takes more than \(OperatorTable.turnLimit.scan) turns")
    }
    for turn in 0..<length {
      let elements = try sequences.enumerated().map { place, value in
        let isReversed = place < inputDirections.count && inputDirections[place] != 0
        let position = isReversed ? length - 1 - turn : turn
        return try value.moved {
          $0.slice(axes[place], from: position, count: 1).squeezed(axes: Axes(axes[place]))
        }
      }
      let results = try call.run(body, states + elements)
      states = Array(results[..<stateCount])
      for (output, value) in results[stateCount...].enumerated() { collected[output].append(value) }
    }
    return try states
      + collected.enumerated().map { output, values in
        let isReversed = output < outputDirections.count && outputDirections[output] != 0
        let axis = output < outputAxes.count ? outputAxes[output] : 0
        return try OperatorTable.stacked(isReversed ? values.reversed() : values, axis: axis)
      }
  }
}
