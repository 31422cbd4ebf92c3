import Martlet
import MartletFormats
import MartletPretrained
import MartletZoo
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct PretrainedTextTests {
  @Test(arguments: ["gpt2", "gpt2-plain"])
  func `a GPT-2 computes and says what PyTorch does`(name: String) throws {
    try check(try GPT(pretrained: Fixture.path(name)), name)
  }

  @Test(arguments: ["llama3", "llama3/model.gguf", "llama-yarn", "llama-linear", "qwen2", "qwen3"])
  func `a Llama and its kin compute and say what PyTorch does`(name: String) throws {
    let model = try Llama(pretrained: Fixture.path(name))
    try check(model, String(name.prefix { $0 != "/" }))
  }

  private func check(_ model: some Layer & LanguageModel, _ name: String) throws {
    let expected = try Fixture.Expected(name)
    let tokens = try expected.tensor("tokens")
    expectClose(model(tokens), try expected.floats("logits"))
    let prompt = tokens[0].scalars(as: Int64.self).map { Int32($0) }
    let said = Array(Generation(of: model, after: prompt, sampling: Sampling(temperature: 0)).prefix(8))
    #expect(said == (try expected.tensor("said").scalars(as: Int64.self).map { Int32($0) }))
  }

  @Test func `a BERT computes what PyTorch does, also for texts that are filled up`() throws {
    let expected = try Fixture.Expected("bert")
    let model = try BERT(pretrained: Fixture.path("bert"))
    let (tokens, mask) = (try expected.tensor("tokens"), try expected.tensor("mask"))
    let vectors = model(tokens, mask: mask, segments: try expected.tensor("segments"))
    expectClose(vectors, try expected.floats("vectors"))
    expectClose(model.pooled(vectors), try expected.floats("pooled"))
  }

  @Test func `a model of 16-bit floats is loaded and computes nearly the same`() throws {
    let expected = try Fixture.Expected("qwen2")
    let model = try Llama(pretrained: Fixture.path("qwen2"), dtype: .bfloat16)
    let logits = model(try expected.tensor("tokens")).cast(to: .float32).scalars(as: Float.self)
    let differences = zip(logits, try expected.floats("logits")).map { abs($0 - $1) }
    // bfloat16 keeps 8 bits of numbers that go to 5 or so, through two layers.
    #expect(differences.reduce(0, +) / Float(differences.count) < 0.1)
  }
}

@Suite(.endsAtZero) struct PretrainedVisionTests {
  @Test func `vision transformers of both layouts compute what PyTorch does`() throws {
    try check(try VisionTransformer(pretrained: Fixture.path("vit")), "vit", [16])
    let path = Fixture.path("vit-torchvision/model.pth")
    try check(try VisionTransformer(torchvision: path, heads: 4), "vit-torchvision", [16])
  }

  @Test(arguments: ["resnet-basic", "resnet-bottleneck"])
  func `residual networks compute what PyTorch does`(name: String) throws {
    try check(try ResNet(torchvision: Fixture.path("\(name)/model.pth")), name, [40])
  }

  @Test func `a VGG computes what PyTorch does, for pictures of other sizes too`() throws {
    try check(try VGG(torchvision: Fixture.path("vgg/model.pth")), "vgg", [28, 40])
  }

  @Test func `a MobileNetV2 computes what PyTorch does`() throws {
    let stages = [
      MobileNetV2.Stage(expansion: 1, channels: 8, count: 1, stride: 1),
      MobileNetV2.Stage(expansion: 6, channels: 16, count: 2, stride: 2),
    ]
    let path = Fixture.path("mobilenet-v2/model.pth")
    try check(try MobileNetV2(torchvision: path, stages: stages), "mobilenet-v2", [32])
  }

  private func check(_ model: some Layer, _ name: String, _ sizes: [Int]) throws {
    let expected = try Fixture.Expected(name)
    for size in sizes {
      expectClose(model(try expected.tensor("images\(size)")), try expected.floats("logits\(size)"))
    }
  }
}

@Suite(.endsAtZero) struct PretrainedErrorTests {
  @Test func `all tensors that are missing, unexpected or mis-shaped are in one error`() throws {
    let folder = try FileSystem.createTemporaryDirectory()
    defer { try? FileSystem.removeTree(folder) }
    try AtomicFile.write(try FileSystem.read("\(Fixture.path("qwen2"))/config.json"), to: "\(folder)/config.json")
    var tensors = try WeightFile(path: "\(Fixture.path("qwen2"))/model.safetensors").tensors()
    tensors["model.norm.weight"] = nil
    tensors["model.layers.0.self_attn.q_proj.bias"] = nil
    tensors["model.extra"] = StoredTensor([Float(0)], shape: [1])
    tensors["model.layers.1.mlp.up_proj.weight"] = StoredTensor([Float](repeating: 0, count: 64), shape: [2, 32])
    try SafetensorsWriter.write(tensors, to: "\(folder)/model.safetensors")
    let error = #expect(throws: WeightError.self) { try Llama(pretrained: folder) }
    #expect(
      error?.report.split(separator: "\n").sorted() == [
        "mis-shaped: blocks.1.expand.weight: file has float32 [32, 2], model has float32 [32, 48]",
        "missing: blocks.0.attention.query.bias", "missing: norm.scale", "unexpected: model.extra",
      ])
  }

  @Test(arguments: [
    (#"{"model_type": "llama"}"#, #"needs a number from 1 to 16777216 as "hidden_size", has nothing"#),
    (#"{"model_type": "mamba"}"#, #"asks for "model_type" "\"mamba\"", which is not computed here"#),
    (
      #"{"model_type": "llama", "hidden_size": 8, "num_attention_heads": 3, "num_key_value_heads": 2}"#,
      "has 3 heads of 2 elements for 2 of keys; they do not divide"
    ),
  ])
  func `settings that make no model of the kind throw`(config: String, message: String) throws {
    let folder = try FileSystem.createTemporaryDirectory()
    defer { try? FileSystem.removeTree(folder) }
    try AtomicFile.write(config, to: "\(folder)/config.json")
    let error = #expect(throws: FormatError.self) { try Llama(pretrained: folder) }
    #expect(error?.message == message)
  }

  @Test(arguments: [
    #"{"model_type": "llama", "hidden_size": 16777216, "num_attention_heads": 16777216, "head_dim": 16777216}"#,
    #"{"model_type": "qwen2", "hidden_size": 16777216, "num_attention_heads": 8388608, "vocab_size": 16777216,"#
      + #" "intermediate_size": 16777216, "num_hidden_layers": 3, "max_position_embeddings": 16777216}"#,
  ])
  func `settings of absurd sizes throw, and nothing of the kind is allocated`(config: String) throws {
    let folder = try FileSystem.createTemporaryDirectory()
    defer { try? FileSystem.removeTree(folder) }
    try AtomicFile.write(config, to: "\(folder)/config.json")
    try SafetensorsWriter.write(["a": StoredTensor([Float(0)], shape: [1])], to: "\(folder)/model.safetensors")
    #expect(throws: (any Error).self) { try Llama(pretrained: folder) }
  }

  @Test func `a picture model of absurd sizes throws`() throws {
    let folder = try FileSystem.createTemporaryDirectory()
    defer { try? FileSystem.removeTree(folder) }
    let config = #"{"model_type": "vit", "hidden_size": 16777216, "num_attention_heads": 16777216, "patch_size": 4096,"#
    try AtomicFile.write(
      config + #" "image_size": 4096, "intermediate_size": 16777216, "num_hidden_layers": 1}"#,
      to: "\(folder)/config.json")
    let tensors = ["classifier.bias": StoredTensor([Float(0)], shape: [1])]
    try SafetensorsWriter.write(tensors, to: "\(folder)/model.safetensors")
    #expect(throws: WeightError.self) { try VisionTransformer(pretrained: folder) }
  }

  @Test func `a file of another model is refused`() throws {
    let other = Fixture.path("vgg/model.pth")
    #expect(throws: FormatError.self) { try ResNet(torchvision: other) }
    #expect(throws: FormatError.self) { try MobileNetV2(torchvision: other) }
    #expect(throws: FormatError.self) { try VisionTransformer(torchvision: other) }
    #expect(throws: FormatError.self) { try VGG(torchvision: Fixture.path("vit-torchvision/model.pth")) }
    #expect(throws: FormatError.self) { try GPT(pretrained: Fixture.path("qwen2")) }
    #expect(throws: FormatError.self) { try Llama(pretrained: Fixture.path("gpt2-plain/pytorch_model.bin")) }
  }
}
