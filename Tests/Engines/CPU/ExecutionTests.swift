import MartletCPU
import MartletGraph
import MartletKernels
import Testing

@Suite(.serialized) struct ExecutionTests {
  @Test func `errors carry the reference's sentence, the node and the line`() throws {
    func check(_ make: (inout Sketch) throws -> Value) throws {
      var sketch = Sketch()
      sketch.builder.location = SourceLocation("Model/Net.swift", 12)
      let y = try make(&sketch)
      let graph = sketch.graph([y])
      let found = #expect(throws: ExecutionError.self) { try run(graph, sketch.data, on: CPUEngine.shared) }
      let expected = #expect(throws: ExecutionError.self) { try run(graph, sketch.data, on: ReferenceEngine()) }
      #expect(found?.description == expected?.description)
      #expect(found?.node == expected?.node)
    }
    func integers(_ dtype: DType, _ shape: Shape, _ values: [Int64]) -> ReferenceTensor {
      ReferenceTensor(TensorType(dtype, shape), wrapping: values)
    }
    try check { sketch in
      let a = sketch.input(integers(.int32, [2, 2], [1, 2, 3, 4]))
      let b = sketch.input(integers(.int32, [2], [1, 0]))
      return try sketch.builder.add(sketch.builder.divide(a, b), a)
    }
    try check { sketch in
      let a = sketch.input(integers(.int8, [4], [1, 2, 0, 0]))
      let b = sketch.input(integers(.int8, [4], [-1, 3, 2, -2]))
      return try sketch.builder.binary(.power, a, b)
    }
    try check { sketch in
      let x = sketch.input(.float32, [5, 3])
      let at = sketch.input(integers(.int64, [2, 2], [0, 1, 7, 9]))
      return try sketch.builder.add(Gather(.axis(0)), Operands(x, at))
    }
    try check { sketch in
      let x = sketch.input(.float32, [5, 3])
      let at = sketch.input(integers(.int64, [2, 2], [4, 2, -6, 0]))
      let updates = sketch.input(.float32, [2])
      return try sketch.builder.add(Scatter(.points(batch: 0), .add), Operands(x, at, updates))
    }
    try check { sketch in
      let x = sketch.input(.float32, [5, 3])
      let start = sketch.input(integers(.int64, [2], [0, 2]))
      return try sketch.builder.add(DynamicSlice(sizes: [5, 2]), Operands(x, start))
    }
  }

  /// A step of training: products, their tiles, reductions over rows and columns, updates.
  private func training(_ sketch: inout Sketch) throws -> [Value] {
    let w = sketch.input(.float32, [300, 200])
    let bias = sketch.input(.float32, [200])
    let x = sketch.input(.float32, [130, 300])
    var b = sketch.builder
    defer { sketch.builder = b }
    let product = try b.add(
      Contract(leftBatch: [], rightBatch: [], leftContracted: [1], rightContracted: [0]), Operands(x, w))
    let h = try b.unary(.tanh, b.add(product, bias))
    let e = try b.unary(.exp, h)
    let p = try b.divide(e, b.insertingAxes([1], into: b.add(Reduce(.sum, axes: [1]), Operands(e))))
    let loss = try b.add(Reduce(.sum, axes: [0, 1]), Operands(b.multiply(p, h)))
    let gradients = try b.pullback(from: [loss], cotangents: [b.scalar(1, like: loss)], to: [w, bias])
    let rate = b.scalar(1e-3, like: loss)
    let newW = try b.subtract(w, b.multiply(gradients[0]!, rate))
    let newBias = try b.subtract(bias, b.multiply(gradients[1]!, rate))
    return [newW, newBias, loss, h]
  }

  @Test func `results have the same bits for any number of threads`() throws {
    var sketch = Sketch()
    let outputs = try training(&sketch)
    let graph = sketch.graph(outputs)
    defer { martlet_pool_set_threads(0) }
    var bits: [[UInt64]] = []
    for threads in 1...4 {
      martlet_pool_set_threads(threads)
      let results = try run(graph, sketch.data, on: CPUEngine.shared)
      bits.append(results.flatMap { $0.doubles.map(\.bitPattern) })
    }
    #expect(bits.allSatisfy { $0 == bits[0] })
  }

  @Test(arguments: [MARTLET_ISA_SCALAR, MARTLET_ISA_AVX2, MARTLET_ISA_AVX512].map(\.rawValue))
  func `every instruction set agrees with the reference`(isa: UInt32) throws {
    defer { martlet_set_isa(martlet_detected_isa()) }
    martlet_set_isa(martlet_isa(isa))
    var sketch = Sketch()
    let outputs = try training(&sketch)
    try expectAgreement(sketch, outputs, scale: 100)
  }

  @Test func `donated memory comes back with the result, and is left alone without donation`() throws {
    var sketch = Sketch()
    let outputs = try training(&sketch)
    let graph = sketch.graph(outputs)
    let engine = CPUEngine(cacheBudget: 1 << 28)
    for isDonated in [false, true] {
      let program = Program(graph: graph, isDonated: [isDonated, isDonated, false])
      let executable = try engine.compile(program)
      var buffers: [Buffer] = []
      for tensor in sketch.data {
        buffers.append(try engine.allocate(byteCount: tensor.type.sizeInBytes))
        tensor.write(to: buffers.last!.bytes)
      }
      let scalars = program.scalars.map { value -> UInt64 in
        if case .scalar(let scalar) = graph[value].primitive { scalar.literal.bits } else { 0 }
      }
      let results = try executable.run(inputs: buffers, scalars: scalars)
      #expect((results[0] === buffers[0]) == isDonated)
      let kept = ReferenceTensor(sketch.data[0].type, reading: UnsafeRawBufferPointer(buffers[0].bytes))
      #expect((difference(kept, sketch.data[0], 0) == nil) == !isDonated)
      let expected = try run(graph, sketch.data, on: ReferenceEngine())
      for (buffer, tensor) in zip(results, expected) {
        let found = ReferenceTensor(tensor.type, reading: UnsafeRawBufferPointer(buffer.bytes))
        #expect(difference(found, tensor, 1e-4) == nil)
      }
    }
    #expect(engine.pool.statistics.liveBuffers == 0)
    #expect(engine.pool.statistics.liveBytes == 0)
  }

  @Test func `an update whose old value is used afterwards does not overwrite it`() throws {
    var sketch = Sketch()
    let x = sketch.input(.float32, [8, 4])
    let a = try sketch.builder.unary(.tanh, x)
    let at = sketch.input(ReferenceTensor(TensorType(.int64, [2]), wrapping: [1, 5]))
    let updates = sketch.input(.float32, [2, 4])
    let b = try sketch.builder.add(Scatter(.axis(0), .set), Operands(a, at, updates))
    let c = try sketch.builder.add(a, b)
    let d = try sketch.builder.add(Scatter(.axis(0), .add), Operands(c, at, updates))
    try expectAgreement(sketch, [b, d])
  }

  @Test func `outputs may be inputs, scalars, views and each other`() throws {
    var sketch = Sketch()
    let x = sketch.input(.float32, [3, 4])
    let t = try sketch.builder.transpose(x, [1, 0])
    let two = sketch.builder.scalar(2, .float32)
    let y = try sketch.builder.multiply(x, two)
    let flat = try sketch.builder.reshape(y, to: [12])
    try expectAgreement(sketch, [x, x, t, two, y, y, flat])
  }

  @Test(arguments: [1, 3], [5, 40])
  func `a scan with matrices and its derivative agree with the reference`(length: Int, width: Int) throws {
    let product = Contract(leftBatch: [], rightBatch: [], leftContracted: [1], rightContracted: [0])
    var body = GraphBuilder()
    let state = body.append(Input(), Operands(), type: TensorType(.float32, [6, width]))
    let element = body.append(Input(), Operands(), type: TensorType(.float32, [6, width]))
    let weight = body.append(Input(), Operands(), type: TensorType(.float32, [width, width]))
    let next = try body.unary(.tanh, body.add(body.add(product, Operands(state, weight)), element))
    let region = Region(Graph(nodes: body.nodes, inputs: [state, element, weight], outputs: [next, next]))
    var sketch = Sketch()
    let operands = [
      sketch.input(.float32, [6, width]), sketch.input(.float32, [length, 6, width]),
      sketch.input(.float32, [width, width]),
    ]
    let scan = Scan(body: region, length: length, carryCount: 1, sequenceCount: 1)
    let loop = try sketch.builder.add(scan, Operands(operands))
    let outputs = try scan.resultTypes!.enumerated().map { index, type in
      try sketch.builder.add(Element(index, type: type), Operands(loop))
    }
    let cotangents = outputs.map { sketch.input(.float32, sketch.builder.shape($0)) }
    let found = try sketch.builder.pullback(from: outputs, cotangents: cotangents, to: operands)
    try expectAgreement(sketch, outputs + found.map { $0! }, scale: 100)
  }

  @Test func `loops and branches agree with the reference`() throws {
    var body = GraphBuilder()
    let carry = body.append(Input(), Operands(), type: TensorType(.float32, [4]))
    let element = body.append(Input(), Operands(), type: TensorType(.float32, [4]))
    let constant = body.append(Input(), Operands(), type: TensorType(.float32, [4]))
    let next = try body.unary(.tanh, body.add(body.multiply(carry, constant), element))
    let region = Region(Graph(nodes: body.nodes, inputs: [carry, element, constant], outputs: [next, carry]))
    for isReversed in [false, true] {
      var sketch = Sketch()
      let start = sketch.input(.float32, [4])
      let sequence = sketch.input(.float32, [6, 4])
      let scale = sketch.input(.float32, [4])
      let scan = Scan(body: region, length: 6, carryCount: 1, sequenceCount: 1, isReversed: isReversed)
      let loop = try sketch.builder.add(scan, Operands(start, sequence, scale))
      let types = scan.resultTypes!
      let last = try sketch.builder.add(Element(0, type: types[0]), Operands(loop))
      let all = try sketch.builder.add(Element(1, type: types[1]), Operands(loop))
      try expectAgreement(sketch, [last, all])
    }
    var test = GraphBuilder()
    let count = test.append(Input(), Operands(), type: TensorType(.int32, []))
    let below = try test.compare(.less, count, test.scalar(17, .int32))
    let condition = Region(Graph(nodes: test.nodes, inputs: [count], outputs: [below]))
    var turn = GraphBuilder()
    let value = turn.append(Input(), Operands(), type: TensorType(.int32, []))
    let more = try turn.add(turn.multiply(value, turn.scalar(2, .int32)), turn.scalar(1, .int32))
    let step = Region(Graph(nodes: turn.nodes, inputs: [value], outputs: [more]))
    for start in [1, 40] as [Int64] {
      var sketch = Sketch()
      let x = sketch.input(ReferenceTensor(TensorType(.int32, []), wrapping: [start]))
      let loop = try sketch.builder.add(WhileLoop(condition: condition, body: step, carryCount: 1), Operands(x))
      let flag = try sketch.builder.compare(.greater, x, sketch.builder.scalar(20, .int32))
      let branch = try sketch.builder.add(Conditional(ifTrue: step, ifFalse: step), Operands(flag, x))
      try expectAgreement(sketch, [loop, branch])
    }
  }
}
