import MartletFormats
import MartletGraph
import Testing

struct WeightFileTests {
  static let floats = ["a": Sample.tensor("float32"), "b": Sample.tensor("float16", shape: [4, 64])]

  @Test(arguments: ["safetensors", "gguf", "pt", "npz"], ["safetensors", "gguf", "pt", "npz"])
  func `every format becomes every other and keeps its bits`(from: String, to: String) throws {
    let scratch = try Scratch()
    let (first, second, third) = (scratch.file("a.safetensors"), scratch.file("b.\(from)"), scratch.file("c.\(to)"))
    try SafetensorsWriter.write(WeightFileTests.floats, to: first)
    let conversion = WeightConversion()
    try conversion.convert(WeightFile(path: first), to: second)
    let summary = try conversion.convert(WeightFile(path: second), to: third)
    #expect(summary.tensorCount == 2)
    let file = try WeightFile(path: third)
    #expect(file.format == WeightFormat(path: third))
    #expect(Set(file.names) == ["a", "b"])
    for (name, tensor) in WeightFileTests.floats { #expect(isSame(try file.tensor(name), tensor), "\(name)") }
  }

  @Test func `entries say what is there without reading it`() throws {
    let entry = try #require(try WeightFile(path: Fixture.weights("quantized.gguf"))["Q6_K"])
    #expect(entry.typeName == "Q6_K")
    #expect(entry.dtype == .float32)
    #expect(entry.dimensions == [3, 512])
    #expect(entry.sizeInBytes == 6 * 210)
    let deflated = try WeightFile(path: Fixture.format("deflated.npz"))
    #expect(deflated["int16"]?.dimensions == [2, 3, 4])
    #expect(deflated["int16"]?.sizeInBytes == 48)
    #expect(try WeightFile(path: Fixture.format("int8.npy")).names == ["int8"])
  }

  @Test func `elements are converted and quantized where that makes sense`() throws {
    let scratch = try Scratch()
    let source = scratch.file("a.safetensors")
    let matrix = StoredTensor((0..<512).map { Float($0) / 100 }, shape: [8, 64])
    try SafetensorsWriter.write(
      ["matrix": matrix, "vector": Sample.tensor("float32", shape: [64]), "count": Sample.tensor("int32", shape: [3])],
      to: source)
    var conversion = WeightConversion()
    conversion.elementType = .init(named: "q8_0")
    conversion.metadata = [("general.architecture", .string("llama"))]
    try conversion.convert(WeightFile(path: source), to: scratch.file("b.gguf"))
    let file = try GGUFFile(path: scratch.file("b.gguf"))
    #expect(file["matrix"]?.type == .q8_0)
    #expect(file["vector"]?.type == .f32)
    #expect(file["count"]?.type == .i32)
    #expect(file.value("general.architecture") == .string("llama"))
    conversion.elementType = .init(named: "BF16")
    try conversion.convert(WeightFile(path: source), to: scratch.file("c.safetensors"))
    #expect(try SafetensorsFile(path: scratch.file("c.safetensors"))["matrix"]?.typeName == "BF16")
    conversion.elementType = .init(named: "Q4_K")
    let error = formatError { () throws(FormatError) in
      try conversion.convert(WeightFile(path: source), to: scratch.file("d.npz"))
    }
    #expect(error?.message == "cannot hold Q4_K; only GGUF files can")
    #expect(WeightConversion.ElementType(named: "Q6_K") == nil)
    #expect(WeightConversion.ElementType(named: "int8") == nil)
  }

  @Test func `shards are written with their index, and opened by it`() throws {
    let scratch = try Scratch()
    let source = scratch.file("a.safetensors")
    try SafetensorsWriter.write(Sample.all, to: source)
    var conversion = WeightConversion()
    conversion.shardSize = 200
    let summary = try conversion.convert(WeightFile(path: source), to: scratch.file("m.safetensors"))
    #expect(summary.paths.count > 3)
    let index = scratch.file("m.safetensors.index.json")
    #expect(summary.paths.last == index)
    let file = try WeightFile(path: index)
    #expect(file.format == .index)
    #expect(Set(file.names) == Set(Sample.names))
    for (name, tensor) in Sample.all { #expect(isSame(try file.tensor(name), tensor), "\(name)") }
  }

  @Test func `an index that disagrees with its shards lists every difference`() throws {
    let scratch = try Scratch()
    try SafetensorsWriter.write(
      ["a": Sample.tensor("int8"), "b": Sample.tensor("int8")], to: scratch.file("s.safetensors"))
    func failure(_ map: String) throws -> FormatError? {
      let index = scratch.file("x.index.json")
      try AtomicFile.write("{\"weight_map\": {\(map)}}", to: index)
      return formatError { () throws(FormatError) in _ = try WeightFile(path: index) }
    }
    let error = try failure(#""a": "s.safetensors", "c": "s.safetensors", "d": "s.safetensors""#)
    #expect(
      error?.message == "does not agree with its shards: \"b\" is in s.safetensors against the index; "
        + "\"c\" is not in s.safetensors; \"d\" is not in s.safetensors")
    for name in ["../s.safetensors", "/etc/passwd", "a/b", "..", ".", "", "a\\\\b", "a\\u0000"] {
      #expect(try failure("\"a\": \"\(name)\"")?.message.contains("no plain file name") == true, "\(name)")
    }
    #expect(try failure(#""a": "no.safetensors""#)?.kind == .system)
    #expect(try failure(#""a": 1"#)?.kind == .malformed)
  }

  @Test func `a split GGUF file is opened by its first part`() throws {
    let scratch = try Scratch()
    let tensor = Sample.tensor("float32")
    for i in 0..<3 {
      try GGUFWriter.write(
        [(GGUFWriter.Plan(name: "t\(i)", type: .f32, shape: tensor.shape), tensor)],
        metadata: [
          ("split.no", .uint16(UInt16(i))), ("split.count", .uint16(3)), ("split.tensors.count", .int32(3)),
        ], to: scratch.file("m-0000\(i + 1)-of-00003.gguf"))
    }
    let file = try WeightFile(path: scratch.file("m-00001-of-00003.gguf"))
    #expect(file.names == ["t0", "t1", "t2"])
    #expect(isSame(try file.tensor("t2"), tensor))
    let error = formatError { () throws(FormatError) in
      _ = try WeightFile(path: scratch.file("m-00002-of-00003.gguf"))
    }
    #expect(error?.kind == .unsupported)
  }
}

struct NameRulesTests {
  @Test func `placeholders stand for one component or for several`() {
    let rules = NameRules([
      NameRules.Rule("blk.{i}.attn_q.{part}", "layers.{i}.query.{part}"),
      NameRules.Rule(dropping: "{any...}.inv_freq"),
      NameRules.Rule("{rest...}.gamma", "{rest...}.weight"),
      NameRules.Rule("old.{rest...}", "new.{rest...}", layout: .transposed),
      NameRules.Rule("layer_{i}.qkv", parts: ["blocks.{i}.query", "blocks.{i}.key"]),
    ])
    func named(_ name: String) -> [String] { rules.targets(of: name).map(\.name) }
    #expect(named("layer_12.qkv") == ["blocks.12.query", "blocks.12.key"])
    #expect(named("layer_.qkv") == ["layer_.qkv"])
    #expect(named("blk.11.attn_q.bias") == ["layers.11.query.bias"])
    #expect(named("blk.11.attn_q") == ["blk.11.attn_q"])
    #expect(named("a.b.inv_freq") == [])
    #expect(named("inv_freq") == ["inv_freq"])
    #expect(named("a.b.gamma") == ["a.b.weight"])
    #expect(rules.targets(of: "old.x.y").map(\.layout) == [.transposed])
  }

  @Test func `two tensors never get one name`() {
    let rules = NameRules([NameRules.Rule("{x}.gamma", "{x}.weight")])
    let error = formatError { () throws(FormatError) in
      _ = try rules.renamed(["n.weight", "n.gamma"], file: "f")
    }
    #expect(error?.kind == .duplicate)
  }

  @Test(arguments: ["llama-from-gguf", "gpt2-from-gguf", "bert-from-gguf"])
  func `the tables for GGUF can be undone`(family: String) throws {
    let rules = NameRules.families.first { $0.name == family }!.rules
    let kept = NameRules(
      rules.rules.filter { rule in !rules.targets(of: "rope_freqs.weight").isEmpty || !isDrop(rule) })
    for name in ["token_embd.weight", "blk.3.ffn_up.weight", "blk.0.attn_output.bias"] {
      let target = try #require(kept.targets(of: name).first)
      guard target.name != name else {
        if family == "llama-from-gguf", name.hasSuffix("bias") { continue }
        Issue.record("\(name) is not renamed")
        continue
      }
      let back = try #require(kept.inverted.targets(of: target.name).first)
      #expect(back.name == name && back.layout == target.layout)
    }
  }

  private func isDrop(_ rule: NameRules.Rule) -> Bool {
    NameRules([rule]).targets(of: "rope_freqs.weight").isEmpty
  }

  @Test func `rotations paired and unpaired again are where they were`() throws {
    let tensor = StoredTensor((0..<24).map { Int32($0) }, shape: [8, 3])
    let paired = tensor.pairingRotations(heads: 2)
    #expect(try paired.values(as: Int32.self).prefix(6) == [0, 1, 2, 6, 7, 8])
    #expect(isSame(paired.unpairingRotations(heads: 2), tensor))
    #expect(try tensor.transposed().values(as: Int32.self).prefix(4) == [0, 3, 6, 9])
  }
}
