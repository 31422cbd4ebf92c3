import ArgumentParser
import MartletZoo

/// `martlet evaluate --model RUN`.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a trained model on its test data, or on other data.")

  @Option(help: "The folder of the run.", completion: .directory)
  var model: String

  @Option(parsing: .upToNextOption, help: "Data to measure on. (default: what the run tested on)", completion: .file())
  var data: [String] = []

  @OptionGroup var engine: EngineOptions

  func run() throws {
    engine.apply()
    let result = try TrainedModel(run: model).evaluate(data: data)
    print(engine.json ? result.json.serialized() : result.description)
  }
}
