import MartletGraph
import Testing

/// What a test records: values from values.
typealias Body = (inout GraphBuilder, [Value]) throws -> [Value]

/// Numbers for tests, the same on every machine.
struct Numbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  /// The next number in -1..<1.
  mutating func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) * 0x1p-52 - 1
  }

  mutating func tensor(_ shape: Shape) -> ReferenceTensor {
    ReferenceTensor(TensorType(.float64, shape), rounding: (0..<shape.elementCount).map { _ in next() })
  }
}

func doubleTensor(_ shape: Shape, _ values: [Double]) -> ReferenceTensor {
  ReferenceTensor(TensorType(.float64, shape), rounding: values)
}

func integerTensor(_ shape: Shape, _ values: [Int64], _ dtype: DType = .int64) -> ReferenceTensor {
  ReferenceTensor(TensorType(dtype, shape), wrapping: values)
}

/// The graph that `body` records for inputs of the given types.
func record(_ types: [TensorType], _ body: Body) throws -> Graph {
  var builder = GraphBuilder()
  let inputs = types.map { builder.input($0) }
  let outputs = try body(&builder, inputs)
  return builder.graph(inputs: inputs, outputs: outputs)
}

func run(_ graph: Graph, _ inputs: [ReferenceTensor]) throws -> [ReferenceTensor] {
  var interpreter = Interpreter()
  return try interpreter.run(graph, inputs: inputs)
}

func run(_ inputs: [ReferenceTensor], _ body: Body) throws -> [ReferenceTensor] {
  try run(record(inputs.map(\.type), body), inputs)
}

/// Compares the reverse rule with central differences, the forward rule with the reverse rule, and the reverse rule of
/// the derivative with differences of the derivative.
///
/// Float 64 with steps of 1e-5 leaves errors of about 1e-10; 1e-6 tells them from mistakes.
func checkDerivatives(
  _ inputs: [ReferenceTensor], order: Int = 2, _ body: Body, sourceLocation: Testing.SourceLocation = #_sourceLocation
) throws {
  try checkDerivatives(record(inputs.map(\.type), body), inputs, order: order, sourceLocation)
}

private func checkDerivatives(
  _ graph: Graph, _ inputs: [ReferenceTensor], order: Int, _ sourceLocation: Testing.SourceLocation
) throws {
  var numbers = Numbers(seed: 11)
  let sources = inputs.indices.filter { inputs[$0].type.dtype.isFloatingPoint }
  let outputs = graph.outputTypes.indices.filter { graph.outputTypes[$0].dtype.isFloatingPoint }
  let cotangents = outputs.map { numbers.tensor(graph.outputTypes[$0].shape) }
  let gradientGraph = try graph.gradient(needed: sources)
  let gradients = try run(gradientGraph, inputs + cotangents)

  func weighted(_ inputs: [ReferenceTensor]) throws -> Double {
    let results = try run(graph, inputs)
    return zip(outputs, cotangents).reduce(0) { $0 + dot(results[$1.0], $1.1) }
  }
  let step = 1e-5
  for (source, gradient) in zip(sources, gradients) {
    for element in 0..<inputs[source].type.elementCount {
      var (up, down) = (inputs, inputs)
      up[source] = inputs[source].adding(step, at: element)
      down[source] = inputs[source].adding(-step, at: element)
      let expected = try (weighted(up) - weighted(down)) / (2 * step)
      let found = gradient.doubles[element]
      #expect(
        abs(found - expected) <= 1e-6 * max(1, abs(expected)), "input \(source), element \(element), order \(order)",
        sourceLocation: sourceLocation)
    }
  }

  let tangents = sources.map { numbers.tensor(inputs[$0].type.shape) }
  let pushed = try run(graph.tangent(given: sources), inputs + tangents)
  let forward = zip(pushed, cotangents).reduce(0) { $0 + dot($1.0, $1.1) }
  let reverse = zip(gradients, tangents).reduce(0) { $0 + dot($1.0, $1.1) }
  #expect(
    abs(forward - reverse) <= 1e-9 * max(1, abs(reverse)), "forward, order \(order)", sourceLocation: sourceLocation)
  if order > 1 { try checkDerivatives(gradientGraph, inputs + cotangents, order: order - 1, sourceLocation) }
}

/// Compares a batch with a loop over the examples, for every choice of operands that carry examples.
func checkBatching(
  _ examples: [[ReferenceTensor]], _ body: Body, sourceLocation: Testing.SourceLocation = #_sourceLocation
) throws {
  let graph = try record(examples[0].map(\.type), body)
  for choice in 1..<(1 << examples[0].count) {
    let flags = examples[0].indices.map { choice >> $0 & 1 == 1 }
    let inputs = flags.indices.map { index in
      flags[index] ? stacked(examples.map { $0[index] }) : examples[0][index]
    }
    var builder = GraphBuilder()
    let values = inputs.map { builder.input($0.type) }
    let batch = try builder.batched(graph, operands: values, isBatched: flags, size: examples.count)
    let found = try run(builder.graph(inputs: values, outputs: batch.results), inputs)
    for (number, example) in examples.enumerated() {
      let own = flags.indices.map { flags[$0] ? example[$0] : examples[0][$0] }
      for (index, expected) in try run(graph, own).enumerated() {
        let result = batch.isBatched[index] ? found[index].example(number) : found[index]
        #expect(result.type == expected.type, "operands \(flags)", sourceLocation: sourceLocation)
        let isNear = zip(result.doubles, expected.doubles).allSatisfy { abs($0 - $1) <= 1e-12 * max(1, abs($1)) }
        #expect(isNear, "operands \(flags), example \(number)", sourceLocation: sourceLocation)
      }
    }
  }
}

/// Turns around, in every operand that has it, each index that the result has; the result must turn around with it.
func checkIndexing(
  _ operation: some PrimitiveRules, _ operands: [ReferenceTensor],
  sourceLocation: Testing.SourceLocation = #_sourceLocation
) throws {
  let types = operands.map(\.type)
  let type = try operation.resultType(types[...])
  let structure = try #require(operation.indexing(types[...], result: type), sourceLocation: sourceLocation)
  #expect(structure.operands.map(\.count) == types.map(\.rank), sourceLocation: sourceLocation)
  #expect(structure.result.count == type.rank, sourceLocation: sourceLocation)
  var count = OperationCount()
  let result = try operation.evaluate(operands, result: type, count: &count)[0]
  for (axis, loop) in structure.result.enumerated() {
    guard let loop else { continue }
    let turned = zip(operands, structure.operands).map { operand, loops in
      loops.firstIndex(of: loop).map { operand.turned(along: $0) } ?? operand
    }
    let found = try operation.evaluate(turned, result: type, count: &count)[0]
    #expect(found.doubles == result.turned(along: axis).doubles, "index \(loop)", sourceLocation: sourceLocation)
  }
}

private func dot(_ a: ReferenceTensor, _ b: ReferenceTensor) -> Double {
  zip(a.doubles, b.doubles).reduce(0) { $0 + $1.0 * $1.1 }
}

func stacked(_ tensors: [ReferenceTensor]) -> ReferenceTensor {
  let type = TensorType(tensors[0].type.dtype, Shape([tensors.count] + tensors[0].type.shape))
  return type.dtype.isFloatingPoint
    ? ReferenceTensor(type, rounding: tensors.flatMap(\.doubles))
    : ReferenceTensor(type, wrapping: tensors.flatMap(\.integers))
}

extension ReferenceTensor {
  func adding(_ step: Double, at element: Int) -> ReferenceTensor {
    var values = doubles
    values[element] += step
    return ReferenceTensor(type, rounding: values)
  }

  func example(_ number: Int) -> ReferenceTensor {
    let inner = TensorType(type.dtype, Shape(type.shape.dropFirst()))
    let range = (number * inner.elementCount)..<((number + 1) * inner.elementCount)
    return type.dtype.isFloatingPoint
      ? ReferenceTensor(inner, rounding: Array(doubles[range]))
      : ReferenceTensor(inner, wrapping: Array(integers[range]))
  }

  /// The elements in the opposite order along `axis`.
  func turned(along axis: Int) -> ReferenceTensor {
    let inner = type.shape[(axis + 1)...].reduce(1, *)
    let size = type.shape[axis]
    let positions = (0..<type.elementCount).map { position in
      let i = position / inner % size
      return position + (size - 1 - 2 * i) * inner
    }
    return type.dtype.isFloatingPoint
      ? ReferenceTensor(type, rounding: positions.map { doubles[$0] })
      : ReferenceTensor(type, wrapping: positions.map { integers[$0] })
  }
}
