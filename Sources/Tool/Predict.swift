import ArgumentParser
import MartletFormats
import MartletZoo

/// `martlet predict --model RUN FILE…`.
struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what pictures show.",
    discussion:
      "Pictures may have any size, dark on light or light on dark: PNG, and JPEG where a decoder is installed.")

  @Option(help: "The folder of the run.", completion: .directory)
  var model: String

  @Argument(help: "Pictures.", completion: .file())
  var files: [String]

  @OptionGroup var engine: EngineOptions

  func run() throws {
    engine.apply()
    let model = try TrainedDigits(run: model)
    for prediction in try model.predict(files: files) {
      print(engine.json ? prediction.json.serialized() : prediction.description)
    }
  }
}
