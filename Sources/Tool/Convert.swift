import ArgumentParser
import MartletFormats

/// `martlet convert A B`.
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write weights in another format.",
    discussion: """
      From safetensors, GGUF, PyTorch, npz, npy or an index of shards; to the format that the new name's ending stands for \
      (.safetensors, .gguf, .pt, .npz, .npy). Quantized tensors are read as float32.
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
    var conversion = WeightConversion()
    conversion.elementType = type.flatMap { WeightConversion.ElementType(named: $0) }
    conversion.shardSize = shardSize.map { $0 << 20 }
    if let rename { conversion.rules = NameRules.families.first { $0.name == rename }!.rules }
    if let architecture { conversion.metadata = [("general.architecture", .string(architecture))] }
    let summary = try conversion.convert(WeightFile(path: source), to: destination)
    if json {
      let result: JSON = [
        "format": .string(summary.format.rawValue), "tensors": .integer(summary.tensorCount),
        "bytes": .integer(summary.sizeInBytes), "files": .array(summary.paths.map { .string($0) }),
      ]
      print(result.serialized())
    } else {
      print("\(summary.tensorCount) tensors in \(summary.paths.joined(separator: ", "))")
    }
  }
}
