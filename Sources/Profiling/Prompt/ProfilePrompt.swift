/// The interactive profiler without its terminal: takes lines, gives text.
public struct ProfilePrompt: Sendable {
  /// What is looked at.
  public let profile: Profile
  /// What `set` changed.
  public private(set) var options: ProfileOptions
  /// Whether `quit` was said.
  public private(set) var isDone = false

  /// A prompt for a profile.
  public init(_ profile: Profile, options: ProfileOptions = ProfileOptions()) {
    (self.profile, self.options) = (profile, options)
  }

  /// Carries out a line and gives what it prints; an empty line prints the options.
  public mutating func answer(_ line: String) -> String {
    let words = ProfilePrompt.words(line)
    guard let first = words.first else { return options.description }
    do {
      guard let command = ProfileCommandName(rawValue: first == "exit" ? "quit" : first) else {
        let known = ProfileCommandName.allCases.map(\.rawValue).joined(separator: ", ")
        throw ProfileError(.unknownName, first, "there is no such command; there are \(known)")
      }
      return try run(command, Array(words.dropFirst()))
    } catch {
      return "\(error)\n"
    }
  }

  private mutating func run(_ command: ProfileCommandName, _ words: [String]) throws -> String {
    switch command {
    case .help: return ProfilePrompt.help
    case .quit:
      isDone = true
      return ""
    case .set:
      if words.isEmpty { options = ProfileOptions() } else { try options.set(from: words) }
      return options.description
    case .scope, .graph, .code, .op:
      var changed = options
      try changed.set(from: words)
      var text = ""
      let note = try profile.view(ViewKind(rawValue: command.rawValue)!, changed).write { text += $0 }
      return text + (note.map { $0 + "\n" } ?? "")
    default:
      // Words behind a command that is no view are its own, up to the first option.
      let own = words.prefix { !$0.hasPrefix("-") }
      var changed = options
      try changed.set(from: Array(words.dropFirst(own.count)))
      return try profile.report(command, Array(own), changed)
    }
  }

  /// What a line may be completed to at its end: whole lines.
  public func completions(of line: String) -> [String] {
    let start = line.lastIndex { $0 == " " || $0 == "," || $0 == "=" }.map { line.index(after: $0) } ?? line.startIndex
    let (before, word) = (line[..<start], line[start...])
    let names = candidates(behind: before, for: word)
    return names.filter { $0.hasPrefix(word) }.map { before + $0 }
  }

  private func candidates(behind before: Substring, for word: Substring) -> [String] {
    let words = before.split { $0 == " " || $0 == "=" }
    guard let command = words.first else { return ProfileCommandName.allCases.map(\.rawValue) }
    if word.hasPrefix("-") {
      let dashes = String(word.prefix { $0 == "-" })
      return ProfileOptions.names.map { dashes + $0 }
    }
    switch words.last?.drop(while: { $0 == "-" }).replacingDashes() ?? "" {
    case "order_by": return ProfileOrder.allCases.map(\.description)
    case let option where option == "select" || words.dropLast().last?.hasSuffix("select") == true:
      return ProfileColumn.allCases.map(\.rawValue)
    case "output":
      return ["none", "stdout"] + ["file", "timeline", "pprof", "json", "csv", "html"].map { $0 + ":outfile=" }
    case "account_displayed_op_only": return ["true", "false"]
    case "account_type_regexes":
      return Set(profile.programs.flatMap { $0.operations.flatMap { [$0.type] + $0.userTypes } }).sorted()
    default: return command == "advise" ? AdviceChecker.allCases.map(\.rawValue) : []
    }
  }

  /// The list of commands.
  public static let help: String = {
    var text = "Commands; options may follow views, such as: scope -max_depth 3 -select micros,bytes\n"
    for command in ProfileCommandName.allCases {
      text += "  " + command.rawValue.filled(toWidth: 10) + command.documentation + "\n"
    }
    return text + "An empty line prints the options.\n"
  }()

  /// Splits at spaces outside of quotes.
  static func words(_ line: String) -> [String] {
    var words: [String] = []
    var word = ""
    var quote: Character?
    var isWord = false
    for character in line {
      if let open = quote {
        if character == open { quote = nil } else { word.append(character) }
      } else if character == "\"" || character == "'" {
        (quote, isWord) = (character, true)
      } else if character == " " || character == "\t" {
        if isWord { words.append(word) }
        (word, isWord) = ("", false)
      } else {
        word.append(character)
        isWord = true
      }
    }
    if isWord { words.append(word) }
    return words
  }
}
