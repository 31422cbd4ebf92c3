import ArgumentParser
import MartletProfiling

/// What the commands of the four views have in common.
protocol ProfileViewCommand: ParsableCommand {
  static var kind: ViewKind { get }
  var file: ProfileFile { get }
  var options: ProfileViewOptions { get }
}

extension ProfileViewCommand {
  func run() throws {
    let view = try file.load().view(Self.kind, try options.values())
    if let note = try view.write(print: { print($0, terminator: "") }) { print(note) }
  }
}

/// `martlet profile scope`.
struct ProfileScope: ProfileViewCommand {
  static let kind = ViewKind.scope
  static let configuration = CommandConfiguration(
    commandName: "scope", abstract: "Show the tree of layers and operations.")
  @OptionGroup var file: ProfileFile
  @OptionGroup var options: ProfileViewOptions
}

/// `martlet profile graph`.
struct ProfileGraph: ProfileViewCommand {
  static let kind = ViewKind.graph
  static let configuration = CommandConfiguration(
    commandName: "graph", abstract: "Show operations and those whose results they read.")
  @OptionGroup var file: ProfileFile
  @OptionGroup var options: ProfileViewOptions
}

/// `martlet profile code`.
struct ProfileCode: ProfileViewCommand {
  static let kind = ViewKind.code
  static let configuration = CommandConfiguration(
    commandName: "code", abstract: "Show the tree of calls, down to single lines.")
  @OptionGroup var file: ProfileFile
  @OptionGroup var options: ProfileViewOptions
}

/// `martlet profile op`.
struct ProfileOp: ProfileViewCommand {
  static let kind = ViewKind.op
  static let configuration = CommandConfiguration(commandName: "op", abstract: "Show kinds of operations.")
  @OptionGroup var file: ProfileFile
  @OptionGroup var options: ProfileViewOptions
}
