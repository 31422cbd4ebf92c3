import Martlet
import MartletFormats
import MartletGraph
import MartletONNX
import MartletZoo
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes models with examples of what they compute, for Benchmarks/ONNX/check_export.py to compare with ONNX Runtime.
///
/// The script names the folder in `MARTLET_EXPORT_FOLDER`; without it there is nothing to write to.
@Suite(.enabled(if: getenv("MARTLET_EXPORT_FOLDER") != nil), .serialized)
struct ExportedExamples {
  static var folder: String { String(cString: getenv("MARTLET_EXPORT_FOLDER")) }

  @Test(arguments: 0..<50)
  func `random programs are written`(seed: Int) throws {
    let program = ExportBlocks.program(seed: UInt64(seed))
    try Self.write("random-\(seed)", program.function, note: program.names.joined(separator: ", "))
  }

  @Test(arguments: ExportBlocks.all.map(\.name))
  func `blocks are written`(name: String) throws {
    let block = ExportBlocks.all.first { $0.name == name }!
    try Self.write("block-\(name)", block.function, note: name)
  }

  @Test(arguments: ["mlp", "cnn", "resnet18", "gpt", "lstm", "deepfm", "unet", "resnet50-1", "softmax", "matmul"])
  func `models of the benchmarks are written`(name: String) throws {
    let workload = try #require(try Workloads.make(name) as? any ModelWorkload)
    let examples = [try workload.exampleInputs(), try workload.exampleInputs().map { $0[0..<1] }]
    try Self.write(name, of: workload.module ?? Sequential([]), examples) { workload.predict($0) }
  }

  @Test func `published models are written`() throws {
    var llama = LlamaConfiguration(
      vocabulary: 100, width: 64, hiddenWidth: 96, layers: 2, heads: 4, keyHeads: 2, context: 64)
    llama.rotaryScaling = .llama3(factor: 8, originalContext: 32)
    let tokens = [3, 2].map { Tensor.randomIntegers([$0, 20], in: 0..<100, seed: 1) }
    let models: [(String, any Module, ([Tensor]) -> [Tensor])] = [
      ("llama", Llama(llama)),
      ("gpt-bias", GPT(GPTConfiguration(layers: 2, heads: 2, width: 32, context: 20, vocabulary: 100, hasBias: true))),
    ].map { (name, model: any Layer) in (name, model, { [model($0[0])] }) }
    for (name, model, function) in models { try Self.write(name, of: model, tokens.map { [$0] }, function) }
    let bert = BERT(BERTConfiguration(vocabulary: 100, context: 32, width: 32, layers: 2, heads: 2))
    try Self.write("bert", of: bert, tokens.map { [$0, $0 .> 20] }) { [bert($0[0], mask: $0[1])] }
    let pictures = [2, 1].map { Tensor.normal([$0, 32, 32, 3], seed: 3) }
    let vit = VisionTransformer(.init(imageSize: 32, patchSize: 8, width: 32, layers: 2, heads: 2), classes: 10)
    try Self.write("vit", of: vit, pictures.map { [$0] }) { [vit($0[0])] }
    let mobile = MobileNetV2(classes: 10)
    try Self.write("mobilenet-v2", of: mobile, pictures.map { [$0] }) { [mobile($0[0])] }
  }

  private static func write(_ name: String, _ function: @escaping (Tensor) -> Tensor, note: String) throws {
    let examples = [2, 3].map { [Tensor.uniform([$0, 6, 8], in: -1...1, seed: UInt64($0))] }
    try write(name, of: nil, examples) { [function($0[0])] }
  }

  /// Writes the model, and inputs and outputs of each example under `0/input`, `0/output`, `1/input_0`, ….
  private static func write(
    _ name: String, of module: (any Module)?, _ examples: [[Tensor]], _ function: ([Tensor]) -> [Tensor]
  ) throws {
    let file = try ONNXExport().model(of: module, inputs: examples[0].map(\.type), function)
    try file.write(to: "\(folder)/\(name).onnx", weights: name == "cnn" ? .beside : .automatic)
    var tensors: [String: StoredTensor] = [:]
    for (index, inputs) in examples.enumerated() {
      for (role, values) in [("input", inputs), ("output", function(inputs))] {
        for (position, tensor) in values.enumerated() {
          tensors["\(index)/\(role)\(values.count == 1 ? "" : "_\(position)")"] = stored(tensor)
        }
      }
    }
    try SafetensorsWriter.write(tensors, to: "\(folder)/\(name).safetensors")
  }

  private static func stored(_ tensor: Tensor) -> StoredTensor {
    let bytes = tensor.withUnsafeBytes { [UInt8]($0) }
    return StoredTensor(dtype: tensor.dtype, shape: tensor.shape, bytes: SharedBytes(bytes))
  }
}
