import ArgumentParser
import MartletFormats
import MartletONNX

/// `martlet inspect FILE…`.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what is in a file without loading it.",
    discussion: """
      Weights (safetensors, GGUF, PyTorch, npz, npy, indices of shards), ONNX models, tokenizers, TensorBoard events, TFRecord, PNG, JPEG, \
      WAV, JSON, JSON lines, CSV, IDX.
      """)

  @Argument(help: "Files.", completion: .file())
  var files: [String]

  @Flag(help: "Print JSON lines on standard output and nothing else.")
  var json = false

  func run() throws {
    for file in files {
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
