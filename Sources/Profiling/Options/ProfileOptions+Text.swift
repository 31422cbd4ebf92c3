/// Options as words of a command line.
extension ProfileOptions {
  /// The names of all options, in the order in which they are printed.
  public static let names = [
    "max_depth", "min_bytes", "min_peak_bytes", "min_residual_bytes", "min_output_bytes", "min_micros",
    "min_accelerator_micros", "min_cpu_micros", "min_params", "min_float_ops", "min_occurrence", "step", "order_by",
    "account_type_regexes", "start_name_regexes", "trim_name_regexes", "show_name_regexes", "hide_name_regexes",
    "account_displayed_op_only", "select", "output",
  ]

  private static let numbers: [String: WritableKeyPath<ProfileOptions, Int> & Sendable] = [
    "max_depth": \.maximumDepth, "min_bytes": \.minimumBytes, "min_peak_bytes": \.minimumPeakBytes,
    "min_residual_bytes": \.minimumResidualBytes, "min_output_bytes": \.minimumOutputBytes,
    "min_micros": \.minimumMicroseconds, "min_accelerator_micros": \.minimumAcceleratorMicroseconds,
    "min_cpu_micros": \.minimumCPUMicroseconds, "min_params": \.minimumParameters,
    "min_float_ops": \.minimumFloatOperations, "min_occurrence": \.minimumOccurrence, "step": \.step,
  ]

  private static let lists: [String: WritableKeyPath<ProfileOptions, [String]> & Sendable] = [
    "account_type_regexes": \.accountedTypes, "start_name_regexes": \.startNames, "trim_name_regexes": \.trimNames,
    "show_name_regexes": \.showNames, "hide_name_regexes": \.hideNames,
  ]

  /// Sets an option by its name; dashes and underscores are the same.
  ///
  /// - Throws: ``ProfileError`` naming the option, and what it may be.
  public mutating func set(_ option: String, to text: String) throws(ProfileError) {
    let name = option.drop { $0 == "-" }.replacingDashes()
    if let path = ProfileOptions.numbers[name] {
      guard let number = Int(text) else {
        throw ProfileError(.badValue, name, "\"\(text)\" is not a whole number")
      }
      let least = name == "step" ? -1 : 0
      guard number >= least else { throw ProfileError(.badValue, name, "\(number) is less than \(least)") }
      self[keyPath: path] = number
    } else if let path = ProfileOptions.lists[name] {
      let expressions = ProfileOptions.list(text)
      _ = try NameFilter(expressions, option: name)
      self[keyPath: path] = expressions
    } else {
      try setOther(name, to: text)
    }
  }

  private mutating func setOther(_ name: String, to text: String) throws(ProfileError) {
    switch name {
    case "order_by": order = try ProfileOrder(option: name, text: text)
    case "account_displayed_op_only":
      switch text.lowercased() {
      case "true", "yes", "1": accountsDisplayedOnly = true
      case "false", "no", "0": accountsDisplayedOnly = false
      default: throw ProfileError(.badValue, name, "\"\(text)\" is neither true nor false")
      }
    case "select":
      var chosen: Set<ProfileColumn> = []
      for part in ProfileOptions.list(text) { chosen.insert(try ProfileColumn(option: name, text: part)) }
      guard !chosen.isEmpty else { throw ProfileError(.badValue, name, "names no column") }
      columns = chosen
    case "output": output = try ProfileOutput(text)
    default:
      let known = ProfileOptions.names.joined(separator: ", ")
      throw ProfileError(.unknownName, name, "there is no such option; there are \(known)")
    }
  }

  /// Splits at commas outside of braces and brackets, because `a{1,2}` and `[,;]` are one expression.
  static func list(_ text: String) -> [String] {
    var parts = [""]
    var depth = 0
    var isEscaped = false
    for character in text {
      if isEscaped {
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == "{" || character == "[" {
        depth += 1
      } else if character == "}" || character == "]" {
        depth = max(0, depth - 1)
      } else if character == ",", depth == 0 {
        parts.append("")
        continue
      }
      parts[parts.count - 1].append(character)
    }
    return parts.map { String($0.drop { $0 == " " }) }.filter { !$0.isEmpty }
  }

  /// Sets options from words such as `-max_depth 5`, `--max-depth=5` or `max_depth=5`.
  ///
  /// A word that names the option about displayed nodes alone turns it on.
  public mutating func set(from words: [String]) throws(ProfileError) {
    var position = 0
    while position < words.count {
      let word = words[position]
      position += 1
      if let equals = word.firstIndex(of: "=") {
        try set(String(word[..<equals]), to: String(word[word.index(after: equals)...]))
        continue
      }
      let hasValue = position < words.count && !ProfileOptions.isOption(words[position])
      if !hasValue, word.drop(while: { $0 == "-" }).replacingDashes() == "account_displayed_op_only" {
        accountsDisplayedOnly = true
        continue
      }
      guard hasValue else { throw ProfileError(.badValue, word, "needs a value") }
      try set(word, to: words[position])
      position += 1
    }
  }

  /// Whether a word is the name of an option rather than a negative number or expression.
  private static func isOption(_ word: String) -> Bool {
    word.hasPrefix("-") && names.contains(word.drop { $0 == "-" }.replacingDashes().prefix { $0 != "=" }.description)
  }

  /// The value of an option as text that ``set(_:to:)`` reads; nil if there is no such option.
  public func text(of option: String) -> String? {
    if let path = ProfileOptions.numbers[option] { return String(self[keyPath: path]) }
    if let path = ProfileOptions.lists[option] { return self[keyPath: path].joined(separator: ",") }
    switch option {
    case "order_by": return order.description
    case "account_displayed_op_only": return String(accountsDisplayedOnly)
    case "select":
      return ProfileColumn.allCases.filter { columns.contains($0) }.map(\.rawValue).joined(separator: ",")
    case "output": return output.description
    default: return nil
    }
  }
}

extension ProfileOptions: CustomStringConvertible {
  /// All options, one a line, as the prompt prints them.
  public var description: String {
    ProfileOptions.names.map { name in
      let option = "-" + name
      let padding = String(repeating: " ", count: max(1, 28 - option.count))
      return option + padding + (text(of: name) ?? "") + "\n"
    }.joined()
  }
}
