import ArgumentParser
import MartletZoo

/// `martlet doctor`.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what this machine can do: processors, instruction sets, caches, measured speed, engines.")

  @OptionGroup var engine: EngineOptions

  func run() throws {
    engine.apply()
    let machine = Machine.measured()
    print(engine.json ? machine.json.serialized() : machine.description)
  }
}
