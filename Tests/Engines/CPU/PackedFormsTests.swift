import MartletCPU
import MartletGraph
import MartletKernels
import Testing

// Inside a suite that runs one test at a time, because tests change the instruction set for all.
extension ExecutionTests {
  /// Weights that are kept packed from run to run: nobody may see anything of it but the time.
  @Suite struct PackedFormsTests {
    /// A product, a convolution by minimal filtering, one by patches and one of single places, each large enough to pack.
    private struct Net {
      let graph: Graph
      let data: [ReferenceTensor]
      /// The inputs that are weights.
      static let weights = 1...4

      init() throws {
        var sketch = Sketch(seed: 3)
        let x = sketch.input(.float32, [2, 20, 20, 64])
        let shapes: [Shape] = [[3, 3, 64, 48], [5, 5, 64, 40], [1, 1, 64, 400], [64, 450]]
        let weights = shapes.map { sketch.input(.float32, $0) }
        var b = sketch.builder
        var outputs: [Value] = []
        for index in 0..<3 {
          let size = shapes[index][0]
          let padding: Shape = [size / 2, size / 2]
          let convolve = Convolve(strides: [1, 1], dilations: [1, 1], paddingLow: padding, paddingHigh: padding)
          outputs.append(try b.add(convolve, Operands(x, weights[index])))
        }
        let rows = try b.add(Reshape(to: [800, 64]), Operands(x))
        outputs.append(
          try b.add(
            Contract(leftBatch: [], rightBatch: [], leftContracted: [1], rightContracted: [0]),
            Operands(rows, weights[3])))
        sketch.builder = b
        graph = sketch.graph(outputs)
        data = sketch.data
      }

      func executable(_ engine: CPUEngine) throws -> any Executable {
        try engine.compile(Program(graph: graph, isDonated: data.map { _ in false }))
      }

      func buffers(_ engine: CPUEngine) throws -> [Buffer] { try data.map { try filled($0, engine) } }
    }

    private static func bits(_ buffers: [Buffer]) -> [[UInt8]] { buffers.map { [UInt8]($0.bytes) } }

    /// What a run gives that never met the weights before.
    private static func fresh(_ net: Net, _ buffers: [Buffer]) throws -> [[UInt8]] {
      let engine = CPUEngine(cacheBudget: 0)
      let copies = try buffers.map { buffer in
        let copy = try engine.allocate(byteCount: buffer.byteCount)
        copy.bytes.copyMemory(from: UnsafeRawBufferPointer(buffer.bytes))
        return copy
      }
      return bits(try net.executable(engine).run(inputs: copies, scalars: []))
    }

    @Test func `every run has the same bits, and all memory comes back`() throws {
      let net = try Net()
      let engine = CPUEngine(cacheBudget: 1 << 28)
      do {
        let buffers = try net.buffers(engine)
        let executable = try net.executable(engine)
        let expected = try PackedFormsTests.fresh(net, buffers)
        var packed: [Int] = []
        for _ in 0..<5 {
          #expect(PackedFormsTests.bits(try executable.run(inputs: buffers, scalars: [])) == expected)
          packed.append(engine.pool.statistics.packedBytes)
        }
        // Most buffers are read once or twice, so that is when nothing is kept.
        #expect(packed[0] == 0 && packed[1] == 0 && packed[4] == packed[2])
        let weightBytes = Net.weights.reduce(0) { $0 + buffers[$1].byteCount }
        #expect(packed[2] >= weightBytes)
      }
      #expect(engine.pool.statistics.packedBytes == 0)
      #expect(engine.pool.statistics.liveBuffers == 0 && engine.pool.statistics.liveBytes == 0)
    }

    @Test func `no more than a quarter of the budget is kept packed`() throws {
      let net = try Net()
      let engine = CPUEngine(cacheBudget: 520 << 10)
      let buffers = try net.buffers(engine)
      let expected = try PackedFormsTests.fresh(net, buffers)
      for _ in 0..<4 {
        #expect(PackedFormsTests.bits(try net.executable(engine).run(inputs: buffers, scalars: [])) == expected)
      }
      let packedBytes = withExtendedLifetime(buffers) { engine.pool.statistics.packedBytes }
      #expect((1...130 << 10).contains(packedBytes))
    }

    @Test func `donated weights that are overwritten in place are packed anew`() throws {
      let net = try Net()
      let engine = CPUEngine(cacheBudget: 1 << 28)
      var buffers = try net.buffers(engine)
      let executable = try net.executable(engine)
      for round in 0..<3 {
        let expected = try PackedFormsTests.fresh(net, buffers)
        for _ in 0..<4 {
          #expect(PackedFormsTests.bits(try executable.run(inputs: buffers, scalars: [])) == expected, "\(round)")
        }
        #expect(engine.pool.statistics.packedBytes > 0)
        for index in Net.weights {
          var sketch = Sketch()
          let weight = sketch.input(net.data[index])
          let changed = try sketch.builder.add(sketch.builder.multiply(weight, weight), weight)
          let update = try engine.compile(Program(graph: sketch.graph([changed]), isDonated: [true]))
          let old = buffers[index]
          buffers[index] = try update.run(inputs: [old], scalars: [])[0]
          #expect(buffers[index] === old, "in place")
        }
        #expect(engine.pool.statistics.packedBytes == 0)
      }
    }

    @Test func `other weights at the address of freed ones are packed anew`() throws {
      let net = try Net()
      let engine = CPUEngine(cacheBudget: 1 << 28)
      let executable = try net.executable(engine)
      var buffers = try net.buffers(engine)
      for _ in 0..<4 { _ = try executable.run(inputs: buffers, scalars: []) }
      for index in Net.weights {
        let (address, byteCount) = (buffers[index].address, buffers[index].byteCount)
        buffers[index] = buffers[0]
        var others: [Buffer] = []
        // The pool gives the block that came back last, which may be the packed form's.
        for _ in 0..<3 where others.last?.address != address {
          others.append(try engine.allocate(byteCount: byteCount))
        }
        let reused = try #require(others.last)
        #expect(reused.address == address)
        let values = reused.bytes.bindMemory(to: Float.self)
        for i in values.indices { values[i] = Float(i % 23) - 11 }
        buffers[index] = reused
      }
      let expected = try PackedFormsTests.fresh(net, buffers)
      for _ in 0..<4 {
        #expect(PackedFormsTests.bits(try executable.run(inputs: buffers, scalars: [])) == expected)
      }
    }

    @Test func `threads that meet the same weights at once get the same bits`() async throws {
      let net = try Net()
      let engine = CPUEngine(cacheBudget: 1 << 28)
      for _ in 0..<5 {
        let buffers = try net.buffers(engine)
        let executable = try net.executable(engine)
        let expected = try PackedFormsTests.fresh(net, buffers)
        try await withThrowingTaskGroup(of: Bool.self) { group in
          for _ in 0..<4 {
            group.addTask {
              try (0..<4).allSatisfy { _ in
                PackedFormsTests.bits(try executable.run(inputs: buffers, scalars: [])) == expected
              }
            }
          }
          for try await isRight in group { #expect(isRight) }
        }
      }
      #expect(engine.pool.statistics.liveBytes == 0)
    }

    @Test func `each instruction set packs for itself`() throws {
      defer { martlet_set_isa(martlet_detected_isa()) }
      let net = try Net()
      let engine = CPUEngine(cacheBudget: 1 << 28)
      let buffers = try net.buffers(engine)
      let executable = try net.executable(engine)
      for isa in [MARTLET_ISA_SCALAR, MARTLET_ISA_AVX2, MARTLET_ISA_SCALAR] {
        martlet_set_isa(isa)
        let expected = try PackedFormsTests.fresh(net, buffers)
        for _ in 0..<4 {
          #expect(PackedFormsTests.bits(try executable.run(inputs: buffers, scalars: [])) == expected)
        }
      }
    }
  }
}

/// A buffer that holds a tensor.
private func filled(_ tensor: ReferenceTensor, _ engine: CPUEngine) throws -> Buffer {
  let buffer = try engine.allocate(byteCount: tensor.type.sizeInBytes)
  tensor.write(to: buffer.bytes)
  return buffer
}
