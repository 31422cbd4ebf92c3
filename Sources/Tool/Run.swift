import ArgumentParser
import MartletONNX

/// `martlet run MODEL.onnx`.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a model in the format of ONNX on tensors in files.",
    discussion: "Inputs without a name go in order. Each result becomes NAME.npy.")

  @Argument(help: "The model.", completion: .file())
  var model: String

  @Option(help: "An input: NAME=FILE.npy or FILE.npy.", completion: .file())
  var input: [String] = []

  @Option(help: "Where to put the results.", completion: .directory)
  var outputDirectory: String

  @OptionGroup var engine: EngineOptions

  func run() throws {
    engine.apply()
    let result = try ONNXRun(model: model, inputs: input, outputDirectory: outputDirectory)
    print(engine.json ? result.json.serialized() : result.description)
  }
}
