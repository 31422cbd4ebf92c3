import ArgumentParser
import MartletFormats
import MartletZoo

/// `martlet convert A B`; `martlet convert RUN MODEL.onnx`.
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write weights in another format, or a trained model as ONNX.",
    discussion: """
      From safetensors, GGUF, PyTorch, npz, npy or an index of shards; to the format that the new name's ending stands for \
      (.safetensors, .gguf, .pt, .npz, .npy). Quantized tensors are read as float32.

      A run's folder and a name that ends in .onnx give the trained model in ONNX, for any batch size.
      """)

  @Argument(help: "The file to read.", completion: .file())
  var source: String

  @Argument(help: "The file to write.", completion: .file())
  var destination: String

  @Option(
    help: "Element type of floating-point tensors: float32, float16, bfloat16, float64; for GGUF also Q8_0, Q4_0, Q4_K."
  )
  var type: String?

  @Option(help: "Rename tensors: \(NameRules.families.map(\.name).joined(separator: ", ")).")
  var rename: String?

  @Option(help: "Cut safetensors into files of at most so many MiB, with an index.")
  var shardSize: Int?

  @Option(help: "The model architecture that a GGUF file names.")
  var architecture: String?

  @Flag(help: "Print JSON on standard output and nothing else.")
  var json = false

  func validate() throws {
    if let type, WeightConversion.ElementType(named: type) == nil {
      throw ValidationError("There is no element type '\(type)' to convert to.")
    }
    if let rename, !NameRules.families.contains(where: { $0.name == rename }) {
      throw ValidationError("There are no rules '\(rename)'.")
    }
    if let shardSize, shardSize < 1 || shardSize > 1 << 40 { throw ValidationError("--shard-size must be at least 1.") }
  }

  func run() throws {
    if destination.hasSuffix(".onnx") {
      let model = try TrainedModel(run: source).onnx()
      try model.write(to: destination)
      let size = FileSystem.status(destination)?.size ?? 0
      return report("onnx", tensors: model.constantNames.count, size, [destination])
    }
    var conversion = WeightConversion()
    conversion.elementType = type.flatMap { WeightConversion.ElementType(named: $0) }
    conversion.shardSize = shardSize.map { $0 << 20 }
    if let rename { conversion.rules = NameRules.families.first { $0.name == rename }!.rules }
    if let architecture { conversion.metadata = [("general.architecture", .string(architecture))] }
    let summary = try conversion.convert(WeightFile(path: source), to: destination)
    report(summary.format.rawValue, tensors: summary.tensorCount, summary.sizeInBytes, summary.paths)
  }

  private func report(_ format: String, tensors: Int, _ size: Int, _ paths: [String]) {
    guard json else { return print("\(tensors) tensors in \(paths.joined(separator: ", "))") }
    let result: JSON = [
      "format": .string(format), "tensors": .integer(tensors), "bytes": .integer(size),
      "files": .array(paths.map { .string($0) }),
    ]
    print(result.serialized())
  }
}
