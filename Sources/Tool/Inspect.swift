import ArgumentParser
import MartletFormats
import MartletONNX

/// `martlet inspect FILE…`.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what is in a file without loading it.",
    discussion: """
      Weights (safetensors, GGUF, PyTorch, npz, npy, indices of shards), ONNX models, tokenizers, TensorBoard events, TFRecord, PNG, JPEG, \
      WAV, Parquet, JSON, JSON lines, CSV, IDX.

      --time opens and reads files of weights again and again, and says how long that takes.
      """)

  @Argument(help: "Files.", completion: .file())
  var files: [String]

  @Flag(help: "Print JSON lines on standard output and nothing else.")
  var json = false

  @Flag(help: "Time opening and reading weights instead.")
  var time = false

  func run() throws {
    for file in files {
      if time {
        let speed = try LoadingSpeed(path: file)
        print(json ? speed.json.serialized() : speed.description)
        continue
      }
      if ONNXSummary.recognizes(path: file) {
        let summary = try ONNXSummary(path: file)
        print(json ? summary.json.serialized() : summary.description)
        continue
      }
      let summary = try FileSummary(path: file)
      print(json ? summary.json.serialized() : summary.description)
    }
  }
}
