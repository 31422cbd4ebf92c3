import Martlet

extension OperatorTable {
  /// Recurrent layers.
  static let recurrence: [Operator] = [
    Operator("RNN", fixed: [4]) { call in
      try RecurrentLayer(&call, gates: 1, defaults: ["Tanh"]).results { layer, direction in
        layer.run(direction, states: 1) { states, x, functions in
          [functions[0](x + matmul(states[0], direction.recurrent))]
        }
      }
    },
    Operator("GRU", fixed: [4]) { call in
      let resetsAfter = try call.flag("linear_before_reset")
      return try RecurrentLayer(&call, gates: 3, defaults: ["Sigmoid", "Tanh"], sumsBiases: false)
        .results { layer, direction in
          layer.run(direction, states: 1) { states, x, functions in
            [gatedUnit(states[0], x, direction, functions, resetsAfter: resetsAfter)]
          }
        }
    },
    Operator("LSTM", fixed: [4]) { call in try longShortTermMemory(&call) },
    // Its weights have their matrices transposed.
    Operator("DynamicQuantizeLSTM", domain: "com.microsoft", fixed: [4, 8, 9, 10, 11]) { call in
      let weights = try [(1, 8, 9), (2, 10, 11)].map { matrix, scale, zero in
        let whole = try call.tensor(matrix, rank: 3).cast(to: .float32)
        func perGate(_ input: Int) throws -> Tensor {
          let numbers = try call.tensor(input).cast(to: .float32)
          return numbers.rank == 2
            ? numbers.expandingDimensions(at: 1) : numbers.reshaped(to: [numbers.elementCount, 1, 1])
        }
        return (whole - (try perGate(zero))) * (try perGate(scale))
      }
      try Interpreter.checkMistakes()
      return try longShortTermMemory(&call, weights: (weights[0].transposed(), weights[1].transposed())) { x in
        let (codes, scale, zero) = dynamicallyQuantized(x)
        return (codes - zero) * scale
      }
    },
  ]

  private static func longShortTermMemory(
    _ call: inout Call, weights: (sequence: Tensor, state: Tensor)? = nil,
    rounding: RecurrentLayer.Function? = nil
  ) throws -> [ONNXValue] {
    let couples = try call.flag("input_forget")
    let layer = try RecurrentLayer(
      &call, gates: 4, defaults: ["Sigmoid", "Tanh", "Tanh"], weights: weights, rounding: rounding)
    return try layer.results { layer, direction in
      layer.run(direction, states: 2) { states, x, functions in
        let h = rounding?(states[0]) ?? states[0]
        return longShortTermMemory([h, states[1]], x, direction, functions, couples: couples)
      }
    }
  }

  /// One step of a gated recurrent unit.
  ///
  /// - Note: Cho et al., *Learning phrase representations using RNN encoder–decoder*, EMNLP 2014.
  private static func gatedUnit(
    _ h: Tensor, _ x: Tensor, _ direction: RecurrentDirection, _ functions: [RecurrentLayer.Function],
    resetsAfter: Bool
  ) -> Tensor {
    let size = direction.hidden
    let gates = direction.recurrent.slice(1, from: 0, count: 2 * size)
    let candidate = direction.recurrent.slice(1, from: 2 * size, count: size)
    let (first, last) = (
      direction.recurrentBias.slice(0, from: 0, count: 2 * size),
      direction.recurrentBias.slice(0, from: 2 * size, count: size)
    )
    let both = functions[0](x.slice(1, from: 0, count: 2 * size) + matmul(h, gates) + first)
    let (update, reset) = (both.slice(1, from: 0, count: size), both.slice(1, from: size, count: size))
    let own = x.slice(1, from: 2 * size, count: size)
    let recurrent = resetsAfter ? reset * (matmul(h, candidate) + last) : matmul(reset * h, candidate) + last
    let fresh = functions[1](own + recurrent)
    return (1 - update) * fresh + update * h
  }

  /// One step of a long short-term memory, with peepholes if there are weights for them.
  ///
  /// - Note: Hochreiter and Schmidhuber, *Long short-term memory*, Neural Computation 9 (1997).
  private static func longShortTermMemory(
    _ states: [Tensor], _ x: Tensor, _ direction: RecurrentDirection, _ functions: [RecurrentLayer.Function],
    couples: Bool
  ) -> [Tensor] {
    let (h, c, size) = (states[0], states[1], direction.hidden)
    let gates = x + matmul(h, direction.recurrent)
    func gate(_ place: Int, _ memory: Tensor?) -> Tensor {
      let own = gates.slice(1, from: place * size, count: size)
      guard let memory, let peepholes = direction.peepholes else { return own }
      return own + memory * peepholes.slice(0, from: place * size, count: size)
    }
    let input = functions[0](gate(0, c))
    let forget = couples ? 1 - input : functions[0](gate(2, c))
    let memory = forget * c + input * functions[1](gate(3, nil))
    let output = functions[0](gate(1, memory))
    return [output * functions[2](memory), memory]
  }
}

/// The weights of one direction of a recurrent layer.
struct RecurrentDirection {
  /// `[hidden, gates · hidden]`.
  let recurrent: Tensor
  /// What the sequence contributes, biases included: `[length, batch, gates · hidden]`.
  let sequence: Tensor
  /// The recurrent biases `[gates · hidden]`, where they are not part of `sequence`.
  let recurrentBias: Tensor
  /// `[3 · hidden]`: for the input, output and forget gates.
  let peepholes: Tensor?
  /// `[batch, hidden]` each.
  let initial: [Tensor]
  let hidden: Int
  let isReversed: Bool
  let functions: [RecurrentLayer.Function]
}

/// What the recurrent operators have in common.
struct RecurrentLayer {
  typealias Function = @Sendable (Tensor) -> Tensor

  private let directions: [RecurrentDirection]
  /// Whether each step counts for each example, `[length, batch, 1]`; nil if all do.
  private let isValid: Tensor?
  private let isBatchFirst: Bool

  /// - Parameters:
  ///   - weights: Those of the sequence and of the state, where the node does not have them as such.
  ///   - rounding: What happens to the sequence before it is multiplied with weights.
  init(
    _ call: inout Call, gates: Int, defaults: [String], sumsBiases: Bool = true,
    weights given: (sequence: Tensor, state: Tensor)? = nil, rounding: Function? = nil
  ) throws {
    isBatchFirst = try call.flag("layout")
    let x = isBatchFirst ? try call.tensor(0, rank: 3).swappingAxes(0, 1) : try call.tensor(0, rank: 3)
    let weights = try given?.sequence ?? call.tensor(1, rank: 3)
    let recurrent = try given?.state ?? call.tensor(2, rank: 3)
    let hidden = recurrent.shape[2]
    let reversals = try RecurrentLayer.reversals(call)
    let count = reversals.count
    guard hidden > 0, weights.shape == [count, gates * hidden, x.shape[2]],
      recurrent.shape == [count, gates * hidden, hidden], x.shape[0] > 0
    else {
      throw ONNXError(.mismatch, "weights \(weights.shape) and \(recurrent.shape) do not fit \(x.shape)")
    }
    let bias = try call.optionalTensor(3) ?? Tensor.zeros([count, 2 * gates * hidden], dtype: x.dtype)
    guard bias.shape == [count, 2 * gates * hidden] else { throw ONNXError(.mismatch, "biases \(bias.shape)") }
    isValid = try RecurrentLayer.validity(call, x)
    let functions = try RecurrentFunctions(call, count: count * defaults.count, defaults: defaults)
    let peepholes = gates == 4 ? try call.optionalTensor(7) : nil
    if let peepholes, peepholes.shape != [count, 3 * hidden] {
      throw ONNXError(.mismatch, "peepholes \(peepholes.shape)")
    }
    let shape: Shape = [count, x.shape[1], hidden]
    let isBatchFirst = isBatchFirst
    let states = try (gates == 4 ? [5, 6] : [5]).map { input in
      try RecurrentLayer.initialState(call, input, shape, dtype: x.dtype, isBatchFirst: isBatchFirst)
    }
    directions = reversals.enumerated().map { place, isReversed in
      let matrix = weights.slice(0, from: place, count: 1).squeezed(axes: 0).transposed()
      let own = bias.slice(0, from: place, count: 1).squeezed(axes: 0)
      let (inner, outer) = (
        own.slice(0, from: 0, count: gates * hidden), own.slice(0, from: gates * hidden, count: gates * hidden)
      )
      return RecurrentDirection(
        recurrent: recurrent.slice(0, from: place, count: 1).squeezed(axes: 0).transposed(),
        sequence: matmul(rounding?(x) ?? x, matrix) + (sumsBiases ? inner + outer : inner), recurrentBias: outer,
        peepholes: peepholes?.slice(0, from: place, count: 1).squeezed(axes: 0),
        initial: states.map { $0.slice(0, from: place, count: 1).squeezed(axes: 0) }, hidden: hidden,
        isReversed: isReversed, functions: functions.of(place))
    }
  }

  /// Whether each direction goes from the end to the start.
  private static func reversals(_ call: Call) throws -> [Bool] {
    let name = try call.string("direction", default: "forward")
    switch name {
    case "forward": return [false]
    case "reverse": return [true]
    case "bidirectional": return [false, true]
    default: throw call.unknown("direction", name)
    }
  }

  /// The state of all directions before the first step.
  private static func initialState(
    _ call: Call, _ input: Int, _ shape: Shape, dtype: DType, isBatchFirst: Bool
  ) throws -> Tensor {
    guard let given = try call.optionalTensor(input) else { return Tensor.zeros(shape, dtype: dtype) }
    let state = isBatchFirst ? given.swappingAxes(0, 1) : given
    guard state.shape == shape else { throw ONNXError(.mismatch, "an initial state \(given.shape) for \(shape)") }
    return state
  }

  private static func validity(_ call: Call, _ x: Tensor) throws -> Tensor? {
    guard let lengths = try call.optionalIntegers(4) else { return nil }
    guard lengths.count == x.shape[1], lengths.allSatisfy({ $0 >= 0 && $0 <= x.shape[0] }) else {
      throw ONNXError(.mismatch, "the lengths \(lengths) do not fit \(x.shape)")
    }
    if lengths.allSatisfy({ $0 == x.shape[0] }) { return nil }
    return Tensor.range(0..<x.shape[0]).reshaped(to: [x.shape[0], 1, 1]) .< Tensor(lengths, shape: [lengths.count, 1])
  }

  /// Runs one direction; `step` takes states, one element of the sequence and the functions, and gives new states.
  func run(
    _ direction: RecurrentDirection, states count: Int, _ step: ([Tensor], Tensor, [Function]) -> [Tensor]
  ) -> (sequence: Tensor, states: [Tensor]) {
    let sequences = [direction.sequence] + (isValid.map { [$0] } ?? [])
    let (last, results) = scan(direction.initial, over: sequences, isReversed: direction.isReversed) {
      carry, elements in
      let next = step(carry, elements[0], direction.functions)
      guard elements.count > 1 else { return (next, [next[0]]) }
      // Past its end an example keeps its state and gives zeros.
      let kept = zip(next, carry).map { select(elements[1].broadcast(to: $0.shape), $0, $1) }
      return (kept, [select(elements[1].broadcast(to: next[0].shape), next[0], 0)])
    }
    return (results.first ?? direction.sequence, last)
  }

  /// The results of all directions, in the order of dimensions that the node asks for.
  func results(
    _ body: (RecurrentLayer, RecurrentDirection) -> (sequence: Tensor, states: [Tensor])
  ) throws -> [ONNXValue] {
    let parts = directions.map { body(self, $0) }
    try Interpreter.checkMistakes()
    let sequence = Tensor(stacking: parts.map(\.sequence), axis: 1)
    let states = parts[0].states.indices.map { place in Tensor(stacking: parts.map { $0.states[place] }) }
    guard isBatchFirst else { return ([sequence] + states).map { ONNXValue($0) } }
    return ([sequence.transposed([2, 0, 1, 3])] + states.map { $0.swappingAxes(0, 1) }).map { ONNXValue($0) }
  }
}

/// The activation functions that a recurrent operator names.
private struct RecurrentFunctions {
  private let functions: [RecurrentLayer.Function]
  private let perDirection: Int

  init(_ call: Call, count: Int, defaults: [String]) throws {
    perDirection = defaults.count
    let repeated = Array(repeating: defaults, count: count / defaults.count).flatMap { $0 }
    let names = try call.optionalStrings("activations") ?? repeated
    guard names.count == count else { throw ONNXError(.mismatch, "\(names.count) activations instead of \(count)") }
    // Only functions that have a parameter take the next of the list.
    var alphas = (try call.optionalFloats("activation_alpha") ?? [])[...]
    var betas = (try call.optionalFloats("activation_beta") ?? [])[...]
    let clip = try call.optionalFloat("clip").map(\.magnitude)
    functions = try names.map { name in
      let function = try RecurrentFunctions.function(name, &alphas, &betas)
      guard let clip, !clip.isNaN else { return function }
      return { function($0.clipped(to: -clip...clip)) }
    }
  }

  func of(_ direction: Int) -> [RecurrentLayer.Function] {
    Array(functions[(direction * perDirection)..<((direction + 1) * perDirection)])
  }

  private static func function(
    _ name: String, _ alphas: inout ArraySlice<Double>, _ betas: inout ArraySlice<Double>
  ) throws -> RecurrentLayer.Function {
    switch name.lowercased() {
    case "tanh": return { tanh($0) }
    case "sigmoid": return { sigmoid($0) }
    case "relu": return { relu($0) }
    case "softsign": return { softsign($0) }
    case "softplus": return { softplus($0) }
    case "leakyrelu":
      let alpha = alphas.popFirst() ?? 0.01
      return { leakyReLU($0, negativeSlope: alpha) }
    case "thresholdedrelu":
      let alpha = alphas.popFirst() ?? 1
      return { threshold($0, above: alpha) }
    case "elu":
      let alpha = alphas.popFirst() ?? 1
      return { elu($0, alpha: alpha) }
    case "affine":
      let (alpha, beta) = (alphas.popFirst() ?? 1, betas.popFirst() ?? 0)
      return { $0 * alpha + beta }
    case "scaledtanh":
      let (alpha, beta) = (alphas.popFirst() ?? 1, betas.popFirst() ?? 1)
      return { tanh($0 * beta) * alpha }
    case "hardsigmoid":
      let (alpha, beta) = (alphas.popFirst() ?? 0.2, betas.popFirst() ?? 0.5)
      return { OperatorTable.linearClip($0, alpha, beta) }
    default: throw ONNXError(.unsupported, "the activation \"\(name)\" is not known")
    }
  }
}
