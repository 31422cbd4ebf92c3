import MartletCPU
import MartletGraph
import Testing

/// A program under construction, with data for its inputs.
struct Sketch {
  var builder = GraphBuilder()
  var inputs: [Value] = []
  var data: [ReferenceTensor] = []
  var random: Dice

  init(seed: UInt64 = 1) { random = Dice(seed: seed) }

  /// An input that holds the given values.
  mutating func input(_ tensor: ReferenceTensor) -> Value {
    let value = builder.append(Input(), Operands(), type: tensor.type)
    inputs.append(value)
    data.append(tensor)
    return value
  }

  /// An input of small numbers: halves between -4 and 4, integers between -5 and 5 (0 to 9 if unsigned).
  mutating func input(_ dtype: DType, _ shape: Shape) -> Value {
    let type = TensorType(dtype, shape)
    if dtype.isFloatingPoint {
      return input(
        ReferenceTensor(type, rounding: (0..<type.elementCount).map { _ in Double(random.below(17)) / 2 - 4 }))
    }
    let low = dtype.isSigned && dtype != .bool ? -5 : 0
    let high = dtype == .bool ? 2 : 10
    return input(ReferenceTensor(type, wrapping: (0..<type.elementCount).map { _ in Int64(low + random.below(high)) }))
  }

  func graph(_ outputs: [Value]) -> Graph { Graph(nodes: builder.nodes, inputs: inputs, outputs: outputs) }
}

/// A small generator whose numbers depend on the seed only.
struct Dice {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_F491_4F6C_DD1D
  }

  /// A number from 0 up to and without `bound`.
  mutating func below(_ bound: Int) -> Int { Int(next() >> 33) % bound }

  mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }
}

/// Runs a graph on an engine, with tensors for buffers.
func run(
  _ graph: Graph, _ data: [ReferenceTensor], on engine: some Engine, donated: [Bool]? = nil
) throws -> [ReferenceTensor] {
  let program = Program(graph: graph, isDonated: donated ?? data.map { _ in false })
  let executable = try engine.compile(program)
  var buffers: [Buffer] = []
  for tensor in data {
    let buffer = try engine.allocate(byteCount: tensor.type.sizeInBytes)
    tensor.write(to: buffer.bytes)
    buffers.append(buffer)
  }
  let scalars = program.scalars.map { value -> UInt64 in
    guard case .scalar(let scalar) = graph[value].primitive else { return 0 }
    return scalar.literal.bits
  }
  let outputs = try executable.run(inputs: buffers, scalars: scalars)
  return zip(outputs, graph.outputTypes).map { buffer, type in
    ReferenceTensor(type, reading: UnsafeRawBufferPointer(buffer.bytes))
  }
}

/// How far a result may be from the reference, relative to the larger of 1 and the value.
func tolerance(_ dtype: DType) -> Double {
  switch dtype {
  case .float64: 1e-12
  // A handful of operations, each within two units in the last place.
  case .float32: 4e-6
  case .float16: 1e-2
  case .bfloat16: 6e-2
  default: 0
  }
}

/// Whether two tensors agree; the first difference if not.
func difference(_ a: ReferenceTensor, _ b: ReferenceTensor, _ allowed: Double) -> String? {
  if a.type != b.type { return "types \(a.type) and \(b.type)" }
  if !a.type.dtype.isFloatingPoint {
    guard let i = zip(a.integers, b.integers).enumerated().first(where: { $0.element.0 != $0.element.1 }) else {
      return nil
    }
    return "\(a.type) at \(i.offset): \(i.element.0), expected \(i.element.1)"
  }
  for (i, (x, y)) in zip(a.doubles, b.doubles).enumerated() {
    if x == y || x.isNaN && y.isNaN { continue }
    if !(abs(x - y) <= allowed * max(1, abs(y))) { return "\(a.type) at \(i): \(x), expected \(y)" }
  }
  return nil
}

/// Expects that the CPU engine and the reference engine agree on every output.
func expectAgreement(
  _ sketch: Sketch, _ outputs: [Value], scale: Double = 1, _ comment: String = "",
  sourceLocation: Testing.SourceLocation = #_sourceLocation
) throws {
  let graph = sketch.graph(outputs)
  let found = try run(graph, sketch.data, on: CPUEngine.shared)
  let expected = try run(graph, sketch.data, on: ReferenceEngine())
  for (index, (a, b)) in zip(found, expected).enumerated() {
    let problem = difference(a, b, tolerance(a.type.dtype) * scale)
    #expect(problem == nil, "output \(index) \(comment)", sourceLocation: sourceLocation)
  }
}
