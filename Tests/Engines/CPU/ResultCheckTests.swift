import MartletCPU
import MartletGraph
import Testing

/// The comparison of some runs with the reference interpreter.
@Suite struct ResultCheckTests {
  @Test func `a wrong operation is named with its line and both values`() throws {
    var sketch = Sketch()
    let x = sketch.input(.float32, [2, 3])
    let line: UInt = #line + 1
    sketch.builder.location = SourceLocation(#fileID, #line)
    let y = try sketch.builder.unary(.tanh, x)
    sketch.builder.location = SourceLocation(#fileID, #line)
    let z = try sketch.builder.add(y, y)
    let message = try #require(complaint(of: sketch, [z], FaultyEngine { $0.name == "tanh" }))
    #expect(message.contains("ends in add, float32 [2, 3], with"), "\(message)")
    #expect(message.contains("where the reference has"), "\(message)")
    #expect(message.contains("the first to differ is tanh"), "\(message)")
    #expect(message.hasSuffix("ResultCheckTests.swift:\(line)"), "\(message)")
  }

  @Test(arguments: [DType.float32, .float64, .int32, .bool, .bfloat16])
  func `one wrong element of any type is found`(dtype: DType) throws {
    var sketch = Sketch(seed: 5)
    let x = sketch.input(dtype, [3, 4])
    let y = try sketch.builder.transpose(x, [1, 0])
    #expect(complaint(of: sketch, [y], FaultyEngine { $0.name == "transpose" }) != nil)
    #expect(complaint(of: sketch, [y], CPUEngine()) == nil)
  }

  @Test func `what rounding may turn over is no difference`() throws {
    // 0.1 + 0.2 - 0.3 in float 32 is a rounding error, whose sign the engine may get otherwise.
    var sketch = Sketch()
    let x = sketch.input(ReferenceTensor(TensorType(.float32, [1]), rounding: [0.7]))
    let sine = try sketch.builder.unary(.sin, x)
    let difference = try sketch.builder.subtract(
      sketch.builder.multiply(sine, sine), sketch.builder.multiply(sine, sine))
    let shifted = try sketch.builder.add(difference, sketch.builder.unary(.sin, x))
    let isLess = try sketch.builder.compare(.less, shifted, sine)
    #expect(complaint(of: sketch, [isLess], FaultyEngine { $0.name == "less" }) == nil)
    #expect(complaint(of: sketch, [sine], FaultyEngine { $0.name == "sin" }) != nil)
  }

  @Test func `donated inputs are compared as they were before`() throws {
    var sketch = Sketch(seed: 3)
    let (x, y) = (sketch.input(.float32, [1000]), sketch.input(.float32, [1000]))
    let sum = try sketch.builder.add(x, y)
    let engine = CPUEngine(check: .always)
    let found = try run(sketch.graph([sum]), sketch.data, on: engine, donated: [true, true])
    let expected = try run(sketch.graph([sum]), sketch.data, on: ReferenceEngine())
    #expect(difference(found[0], expected[0], 0) == nil)
  }

  @Test func `a probability chooses about that part of the runs, the same ones every time`() {
    let check = ResultCheck(probability: 0.05, seed: 9)
    let chosen = (0..<10_000).filter { check.chooses(run: $0) }
    #expect((400...600).contains(chosen.count), "\(chosen.count)")
    #expect(chosen == (0..<10_000).filter { check.chooses(run: $0) })
    #expect(chosen != (0..<10_000).filter { ResultCheck(probability: 0.05).chooses(run: $0) })
  }

  @Test func `large programs and those with the user's operations are left out`() throws {
    var sketch = Sketch()
    let x = sketch.input(.float32, [100])
    let y = try sketch.builder.unary(.exp, x)
    let graph = sketch.graph([y])
    #expect(ResultCheck(probability: 1, operationLimit: 1000).covers(graph))
    #expect(!ResultCheck(probability: 1, operationLimit: 50).covers(graph))
    let own = CustomOperation(
      name: "own", resultType: { types throws(GraphError) in types[0] }, compute: { _, _, _ in })
    let z = try sketch.builder.add(Custom(own), Operands(y))
    #expect(!ResultCheck.always.covers(sketch.graph([z])))
  }

  @Test(arguments: [("1", 1.0), ("0.01", 0.01), ("7", 1), ("0", nil), ("x", nil), (nil, nil)] as [(String?, Double?)])
  func `the environment says what to compare`(text: String?, probability: Double?) {
    #expect(ResultCheck.parsed(text)?.probability == probability)
  }

  /// What the check says about a program on an engine; nil if nothing.
  private func complaint(of sketch: Sketch, _ outputs: [Value], _ engine: any Engine) -> String? {
    do {
      _ = try run(sketch.graph(outputs), sketch.data, on: CheckingEngine(engine: engine))
      return nil
    } catch {
      return "\(error)"
    }
  }
}

/// Compares every run of another engine.
private struct CheckingEngine: Engine {
  let engine: any Engine
  var name: String { "checking \(engine.name)" }

  func compile(_ program: Program) throws(GraphError) -> any Executable {
    CheckedProgram(try engine.compile(program), program, .always, engine: engine)
  }

  func allocate(byteCount: Int) throws(ExecutionError) -> Buffer { try engine.allocate(byteCount: byteCount) }
}

/// The interpreter, with a fault: the last element of some operation's results is wrong.
private struct FaultyEngine: Engine {
  let isWrong: @Sendable (any PrimitiveRules) -> Bool
  let name = "faulty"

  init(_ isWrong: @escaping @Sendable (any PrimitiveRules) -> Bool) { self.isWrong = isWrong }

  func compile(_ program: Program) throws(GraphError) -> any Executable {
    FaultyProgram(program: program, isWrong: isWrong)
  }

  func allocate(byteCount: Int) throws(ExecutionError) -> Buffer { try CPUEngine.shared.allocate(byteCount: byteCount) }
}

private struct FaultyProgram: Executable {
  let program: Program
  let isWrong: @Sendable (any PrimitiveRules) -> Bool

  func run(inputs: [Buffer], scalars: [UInt64]) throws(ExecutionError) -> [Buffer] {
    let graph = program.graph
    let tensors = zip(inputs, graph.inputTypes).map { ReferenceTensor($1, reading: .init($0.bytes)) }
    let literals = zip(program.scalars, scalars).map { Literal(dtype: graph[$0].type.dtype, bits: $1) }
    var interpreter = Interpreter()
    interpreter.observer = { position, results in
      if isWrong(graph.nodes[position].primitive.rules) { results[0].spoilLastElement() }
    }
    var outputs: [Buffer] = []
    for tensor in try interpreter.run(graph, inputs: tensors, scalars: literals) {
      outputs.append(try CPUEngine.shared.allocate(byteCount: tensor.type.sizeInBytes))
      tensor.write(to: outputs.last!.bytes)
    }
    return outputs
  }
}

extension ReferenceTensor {
  fileprivate mutating func spoilLastElement() {
    switch elements {
    case .floating(var values):
      values[values.count - 1] += 1
      elements = .floating(values)
    case .integer(var values):
      values[values.count - 1] = type.dtype == .bool ? 1 - values[values.count - 1] : values[values.count - 1] + 1
      elements = .integer(values)
    }
  }
}
