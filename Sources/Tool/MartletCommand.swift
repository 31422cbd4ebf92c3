import ArgumentParser

/// The `martlet` command: parses, calls the library, prints.
@main
struct MartletCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "martlet",
    abstract: "Train, measure and use models on this machine.",
    discussion: """
      Everything runs locally: no network, no telemetry.

      martlet train digits                       train a classifier of handwritten digits
      martlet predict --model RUN picture.png    say which digit a picture shows
      martlet train text                         train a small GPT on a novel
      martlet generate --model RUN               let it write
      """,
    version: "0.1.0",
    subcommands: [
      Train.self, Evaluate.self, Predict.self, Generate.self, Embed.self, Run.self, Info.self, Doctor.self, Bench.self,
      Inspect.self, Convert.self, Tokenize.self, ONNXTests.self,
    ])
}
