import ArgumentParser
import MartletZoo

/// `martlet info`.
struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the structure of a model: layers, shapes, parameters, operations, memory.")

  @Option(help: "The folder of the run.", completion: .directory)
  var model: String

  @OptionGroup var engine: EngineOptions

  func run() throws {
    engine.apply()
    let info = try TrainedModel(run: model).info()
    print(engine.json ? info.json.serialized() : info.description)
  }
}
