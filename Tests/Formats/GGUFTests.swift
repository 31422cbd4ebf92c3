import MartletFormats
import MartletGraph
import Testing

struct GGUFTests {
  static let decoded = [
    "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "TQ1_0", "TQ2_0", "IQ4_NL",
    "IQ4_XS",
    "MXFP4",
  ]

  @Test(arguments: decoded)
  func `quantized elements are the numbers of the package gguf, bit for bit`(type: String) throws {
    let file = try GGUFFile(path: Fixture.weights("quantized.gguf"))
    let expected = try NpzFile(path: Fixture.weights("quantized_expected.npz"))
    #expect(file[type]?.type.description == type)
    #expect(isSame(try file.tensor(type), try expected.tensor(type)))
    #expect(try file.bytes(type).count == file[type]!.offsets.count)
  }

  static let metadata: [(key: String, value: GGUFValue)] = [
    ("general.architecture", .string("test")),
    ("test.u8", .uint8(200)), ("test.i8", .int8(-100)), ("test.u16", .uint16(60000)), ("test.i16", .int16(-30000)),
    ("test.u32", .uint32(4_000_000_000)), ("test.i32", .int32(-2_000_000_000)),
    ("test.u64", .uint64(1 << 63 + 1)), ("test.i64", .int64(-1 << 62)), ("test.f32", .float32(0.1)),
    ("test.f64", .float64(0.1)), ("test.bool", .bool(true)), ("test.text", .string("Martlet ü 🐦")),
    ("test.texts", .array(GGUFArray(["a", "日本", "c"]))),
    ("test.numbers", .array(GGUFArray([.int16(1), .int16(-2), .int16(3)]))),
    ("test.floats", .array(GGUFArray([.float32(0.5), .float32(-1.25)]))),
  ]

  @Test func `metadata of every type are read`() throws {
    let file = try GGUFFile(path: Fixture.weights("written.gguf"))
    #expect(file.version == 3)
    #expect(file.metadata.map(\.key) == GGUFTests.metadata.map(\.key))
    for (key, value) in GGUFTests.metadata { #expect(file.value(key) == value, "\(key)") }
    #expect(try file.value("test.texts")?.arrayValue?.strings() == ["a", "日本", "c"])
    #expect(try file.value("test.numbers")?.arrayValue?.integers() == [1, -2, 3])
    #expect(try file.value("test.floats")?.arrayValue?.doubles() == [0.5, -1.25])
    #expect(file.value("no") == nil)
  }

  @Test func `plain tensors share the file, and dimensions come outermost first`() throws {
    let file = try GGUFFile(path: Fixture.weights("written.gguf"))
    #expect(file["f.i32"]?.dimensions == [1, 2, 3])
    #expect(try file.tensor("f.i32").values(as: Int32.self) == [0, 1, 2, 3, 4, 5])
    #expect(try file.tensor("g.f64").values(as: Double.self) == [0, 0.25, 0.5, 0.75, 1])
    #expect(try file.tensor("c.bf16").dtype == .bfloat16)
  }

  @Test func `what is written is what the package gguf writes`() throws {
    let scratch = try Scratch()
    let values = try NpzFile(path: Fixture.weights("quantize_source.npz")).tensor("values")
    func plan(_ name: String, _ type: GGUFTensorType, _ tensor: StoredTensor) -> (GGUFWriter.Plan, StoredTensor) {
      (GGUFWriter.Plan(name: name, type: type, shape: tensor.shape), tensor)
    }
    let tensors = [
      plan("a.f32", .f32, values), plan("b.f16", .f16, values), plan("c.bf16", .bf16, values),
      plan("d.q8_0", .q8_0, values), plan("e.q4_0", .q4_0, values),
      plan("f.i32", .i32, StoredTensor((0..<6).map { Int32($0) }, shape: [1, 2, 3])),
      plan("g.f64", .f64, StoredTensor([0, 0.25, 0.5, 0.75, 1], shape: [5])),
    ]
    let path = scratch.file("written.gguf")
    try GGUFWriter.write(tensors.map { (plan: $0.0, tensor: $0.1) }, metadata: GGUFTests.metadata, to: path)
    #expect(try FileSystem.read(path) == FileSystem.read(Fixture.weights("written.gguf")))
    if let outputFolder {
      try FileSystem.createDirectory(outputFolder)
      try GGUFWriter.write(
        tensors.map { (plan: $0.0, tensor: $0.1) } + [plan("h.q4_K", .q4_K, values)].map { (plan: $0.0, tensor: $0.1) },
        metadata: GGUFTests.metadata + [("general.alignment", .uint32(64))], to: "\(outputFolder)/written.gguf")
    }
  }

  @Test func `Q4_K loses less than Q4_0, and at most half a step`() throws {
    var generator = SplitMix(state: 4)
    let values = (0..<4096).map { i in Float.random(in: -1...1, using: &generator) * (i < 2048 ? 1 : 0.01) + 0.2 }
    let tensor = StoredTensor(values, shape: [8, 512])
    func error(_ type: GGUFTensorType) throws -> Float {
      let scratch = try Scratch()
      let path = scratch.file("x.gguf")
      let plan = GGUFWriter.Plan(name: "x", type: type, shape: tensor.shape)
      try GGUFWriter.write([(plan, tensor)], metadata: [("general.architecture", .string("test"))], to: path)
      let back = try GGUFFile(path: path).tensor("x").values(as: Float.self)
      return zip(values, back).map { ($0 - $1) * ($0 - $1) }.reduce(0, +)
    }
    let (fine, coarse, eight) = (try error(.q4_K), try error(.q4_0), try error(.q8_0))
    #expect(fine < coarse * 0.8)
    #expect(eight < fine * 0.05)
    // A uniform error within a step of range / 15 has a variance of step² / 12; scales of six bits add a little.
    #expect(fine / 2048 < (2.0 / 15) * (2.0 / 15) / 12 * 1.3)
  }

  @Test func `shapes and values that cannot be written are refused by name`() throws {
    let scratch = try Scratch()
    let path = scratch.file("x.gguf")
    func failure(_ type: GGUFTensorType, _ tensor: StoredTensor) -> FormatError? {
      formatError { () throws(FormatError) in
        let plan = GGUFWriter.Plan(name: "x", type: type, shape: tensor.shape)
        try GGUFWriter.write([(plan, tensor)], metadata: [], to: path)
      }
    }
    #expect(failure(.q8_0, StoredTensor([Float](repeating: 0, count: 33), shape: [33]))?.kind == .mismatch)
    #expect(failure(.q8_0, StoredTensor([Float](repeating: .nan, count: 32), shape: [32]))?.kind == .mismatch)
    #expect(failure(.q6_K, StoredTensor([Float](repeating: 0, count: 256), shape: [256]))?.kind == .unsupported)
    #expect(failure(.f32, StoredTensor([Float](), shape: [0]))?.kind == .unsupported)
    #expect(failure(.f32, StoredTensor([Float](repeating: 0, count: 1), shape: [1, 1, 1, 1, 1]))?.kind == .unsupported)
    #expect(try FileSystem.contents(of: scratch.path).isEmpty)
  }
}

struct TensorConversionTests {
  @Test func `all 16-bit floats survive the way through float32`() throws {
    let bits = (0...UInt16.max).map { $0 }
    for dtype in [DType.float16, .bfloat16] {
      let tensor = StoredTensor(dtype: dtype, shape: [65536], bytes: StoredTensor(bits, shape: [65536]).bytes)
      let wide = try tensor.converted(to: .float32)
      let back = StoredTensor(dtype: .uint16, shape: [65536], bytes: try wide.converted(to: dtype).bytes)
      let floats: [Float] = try wide.values()
      for (i, value) in try back.values(as: UInt16.self).enumerated() where !floats[i].isNaN {
        #expect(value == bits[i], "\(dtype)")
      }
      if dtype == .float16 {
        #expect(zip(bits, floats).allSatisfy { Float(Float16(bitPattern: $0)).bitPattern == $1.bitPattern || $1.isNaN })
      }
    }
  }

  @Test func `doubles are rounded once`() throws {
    // 1 + 2^-11 lies between two halves; a hair more must go up, which rounding to float32 first would lose.
    let hair = 1 + 0x1p-11 + 0x1p-40
    let tensor = StoredTensor([1 + 0x1p-11, hair, -hair, 65519.999, 1e-8, 1e-300, .infinity], shape: [7])
    let halves = try tensor.converted(to: .float16).values(as: Float16.self)
    #expect(halves == [1, 1 + 0x1p-10, -1 - 0x1p-10, 65504, 0, 0, .infinity])
    let random = StoredTensor((0..<1000).map { Double($0) * 0.37 - 140 }, shape: [1000])
    let expected = try random.values(as: Double.self).map { Float16($0) }
    #expect(try random.converted(to: .float16).values(as: Float16.self) == expected)
  }

  @Test func `integers that do not fit are refused, Booleans and 64 bits are exact`() throws {
    let large = StoredTensor([UInt64.max, 3], shape: [2])
    #expect(formatError { () throws(FormatError) in _ = try large.converted(to: .int64) }?.kind == .mismatch)
    #expect(try large.converted(to: .bool).values(as: Bool.self) == [true, true])
    let nan = StoredTensor([Float.nan], shape: [1])
    #expect(formatError { () throws(FormatError) in _ = try nan.converted(to: .int32) }?.kind == .mismatch)
    #expect(try StoredTensor([Float(-2.9)], shape: [1]).converted(to: .int8).values(as: Int8.self) == [-2])
    #expect(try StoredTensor([Int.max], shape: [1]).converted(to: .uint64).values(as: UInt64.self) == [UInt64(Int.max)])
  }
}
