import MartletGraph

extension RuleChecks {
  func checkDerivatives() throws -> [String] {
    if order == 0 || !operands.contains(where: { $0.type.dtype == .float64 }) { return [] }
    let recording = try record()
    if !recording.program.outputs.contains(where: { recording.program.graph.type($0).dtype.isFloatingPoint }) {
      return []
    }
    var failures = try check(recording, "reverse")
    failures += try checkForward(recording)
    if order < 2 { return failures }
    // A derivative is a program of the operands and of what it is applied to, and has derivatives by both.
    failures += try check(gradient(of: recording), "reverse of reverse")
    failures += try check(tangent(of: recording), "reverse of forward")
    return failures
  }

  /// A program, values of its inputs, and what to differentiate by.
  private struct Recording {
    var program: ReferenceProgram
    var values: [ReferenceTensor]
    var sources: [Value] { program.inputs.filter { program.graph.type($0).dtype == .float64 } }
  }

  private func record() throws -> Recording {
    var program = ReferenceProgram(inputs: types)
    program.outputs = try program.apply(operation, program.inputs)
    return Recording(program: program, values: operands)
  }

  /// The program that pulls back cotangents, which become inputs.
  private func gradient(of recording: Recording) throws -> Recording {
    var next = recording
    let cotangents = recording.program.outputs.enumerated().map { index, output -> Value? in
      let type = recording.program.graph.type(output)
      if !type.dtype.isFloatingPoint { return nil }
      next.values.append(.random(type, seed: 11 + index))
      return next.program.addInput(type)
    }
    next.program.outputs = try next.program.pullback(cotangents, to: recording.sources).compactMap { $0 }
    return next
  }

  /// The program that pushes tangents forward, which become inputs; of the operation alone.
  private func tangent(of recording: Recording) throws -> Recording {
    var next = recording
    let operands = recording.program.inputs
    let tangents = operands.enumerated().map { index, operand -> Value? in
      let type = recording.program.graph.type(operand)
      if type.dtype != .float64 { return nil }
      next.values.append(.random(type, seed: 31 + index))
      return next.program.addInput(type)
    }
    let node = Value(operands.count)
    let context = PushforwardContext(operands: operands, result: node, tangents: tangents)
    next.program.outputs = try operation.pushforward(context, in: &next.program.graph).compactMap { $0 }
    return next
  }
}

// MARK: Comparison with numerical derivatives

extension RuleChecks {
  /// The gradient of a random combination of the outputs, element by element.
  private func check(_ recording: Recording, _ label: String) throws -> [String] {
    if recording.program.outputs.isEmpty { return [] }
    // As in `gradient(of:)`, but operands without a cotangent stay in the list: they must have derivative 0.
    var program = recording.program
    let weights = recording.program.outputs.enumerated().compactMap { index, output -> ReferenceTensor? in
      let type = program.graph.type(output)
      return type.dtype.isFloatingPoint ? .random(type, seed: 11 + index) : nil
    }
    let given = recording.program.outputs.map { output -> Value? in
      let type = program.graph.type(output)
      return type.dtype.isFloatingPoint ? program.addInput(type) : nil
    }
    let gradients = try program.pullback(given, to: recording.sources)
    program.outputs = gradients.compactMap { $0 }
    var computed = try program.run(recording.values + weights).makeIterator()
    var failures: [String] = []
    for (source, gradient) in zip(recording.sources, gradients) {
      let position = recording.program.inputs.firstIndex(of: source)!
      let type = program.graph.type(source)
      let stated = gradient == nil ? [Double](repeating: 0, count: type.elementCount) : computed.next()!.doubles
      if let gradient, program.graph.type(gradient) != type {
        failures.append("\(label): cotangent \(program.graph.type(gradient)) of operand \(position), \(type)")
        continue
      }
      failures += try compare(stated, recording, position, weights).map { "\(label): \($0)" }
    }
    return failures
  }

  private func compare(
    _ stated: [Double], _ recording: Recording, _ position: Int, _ cotangents: [ReferenceTensor]
  ) throws -> [String] {
    for element in stated.indices {
      let numerical = try RuleChecks.derivative { step in
        var values = recording.values
        values[position] = values[position].moved(element, by: step)
        return RuleChecks.combination(try recording.program.run(values), cotangents)
      }
      if !isClose(stated[element], numerical) {
        return ["operand \(position) element \(element): stated \(stated[element]), numerical \(numerical)"]
      }
    }
    return []
  }

  /// The tangent of every result along a random direction.
  private func checkForward(_ recording: Recording) throws -> [String] {
    let pushed = try tangent(of: recording)
    let directions = Array(pushed.values[recording.values.count...])
    let graph = pushed.program.graph
    let results = recording.program.outputs.filter { graph.type($0).dtype.isFloatingPoint }
    if pushed.program.outputs.isEmpty {
      return try checkConstant(recording, directions)
    }
    let stated = try pushed.program.run(pushed.values)
    if stated.map(\.type) != results.map({ graph.type($0) }) {
      return ["forward: tangents \(stated.map(\.type)) of \(results.map { graph.type($0) })"]
    }
    var failures: [String] = []
    for (index, tangent) in stated.enumerated() {
      for element in 0..<tangent.type.elementCount {
        let numerical = try numericalTangent(recording, directions, index, element)
        if !isClose(tangent.doubles[element], numerical) {
          failures.append("forward: result \(index) element \(element): \(tangent.doubles[element]), \(numerical)")
          break
        }
      }
    }
    return failures
  }

  private func checkConstant(_ recording: Recording, _ directions: [ReferenceTensor]) throws -> [String] {
    for element in 0..<recording.program.graph.type(recording.program.outputs[0]).elementCount {
      let numerical = try numericalTangent(recording, directions, 0, element)
      if !isClose(0, numerical) { return ["forward: no tangent, but element \(element) moves by \(numerical)"] }
    }
    return []
  }

  private func numericalTangent(
    _ recording: Recording, _ directions: [ReferenceTensor], _ index: Int, _ element: Int
  ) throws -> Double {
    try RuleChecks.derivative { step in
      var next = directions.makeIterator()
      let values = recording.values.map { value in
        value.type.dtype == .float64 ? value.moved(along: next.next()!, by: step) : value
      }
      let outputs = try recording.program.run(values).filter { $0.type.dtype.isFloatingPoint }
      return outputs[index].doubles[element]
    }
  }

  private func isClose(_ stated: Double, _ numerical: Double) -> Bool {
    abs(stated - numerical) <= tolerance * (1 + abs(numerical))
  }

  /// The derivative at 0 by central differences of fourth order, whose error is about 1e-12 for functions of the
  /// size and smoothness of ours.
  static func derivative(_ function: (Double) throws -> Double) rethrows -> Double {
    let h = 1e-3
    return try (8 * (function(h) - function(-h)) - (function(2 * h) - function(-2 * h))) / (12 * h)
  }

  /// The sum of all elements of the floating-point outputs, weighted.
  static func combination(_ outputs: [ReferenceTensor], _ weights: [ReferenceTensor]) -> Double {
    let outputs = outputs.filter { $0.type.dtype.isFloatingPoint }
    return zip(outputs, weights).reduce(0) { sum, pair in
      zip(pair.0.doubles, pair.1.doubles).reduce(sum) { $0 + $1.0 * $1.1 }
    }
  }
}
