import ArgumentParser
import MartletProfiling
import MartletZoo

/// `martlet profile`.
struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Look at a recorded profile: where time, memory and operations go.",
    discussion: """
      martlet profile record gpt run.profile               record some steps of a workload
      martlet profile run.profile                          ask questions at a prompt
      martlet profile scope run.profile -max_depth 3       the tree of layers
      martlet profile op run.profile -order_by micros      kinds of operations, the slowest first
      martlet profile html run.profile page.html           one page for a browser

      Options are written with dashes or as tfprof has them: --max-depth, --max_depth, -max_depth.
      """,
    subcommands: [
      ProfileRecord.self, ProfilePromptCommand.self, ProfileScope.self, ProfileGraph.self, ProfileCode.self,
      ProfileOp.self,
      ProfileAdvise.self, ProfileMemory.self, ProfileRoofline.self, ProfilePredict.self, ProfileSteps.self,
      ProfileDiffCommand.self, ProfileFlame.self, ProfileHTML.self, ProfileCheckCommand.self,
    ], defaultSubcommand: ProfilePromptCommand.self)
}

/// `martlet profile record WORKLOAD FILE`.
struct ProfileRecord: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record", abstract: "Record a workload of martlet bench, to be looked at later.")

  @Argument(help: "The workload.", completion: .list(Workloads.names))
  var workload: String

  @Argument(help: "Where to put the profile.", completion: .file())
  var file: String

  @OptionGroup var recording: RecordingOptions

  func run() throws { try recording.record(workload).save(to: file) }
}

/// `martlet profile PROFILE`: the prompt.
struct ProfilePromptCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prompt", abstract: "Ask questions at a prompt. This is what happens without a command.")

  @OptionGroup var file: ProfileFile
  @OptionGroup var options: ProfileViewOptions

  func run() throws {
    var prompt = ProfilePrompt(try file.load(), options: try options.values())
    let editor = LineEditor(historyPath: LineEditor.defaultHistoryPath)
    if LineEditor.isTerminal { print(ProfilePrompt.help, terminator: "") }
    while !prompt.isDone,
      let line = editor.line(prompt: "martlet> ", complete: { [prompt] in prompt.completions(of: $0) })
    {
      print(prompt.answer(line), terminator: "")
    }
  }
}
