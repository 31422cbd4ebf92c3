/// Rules that turn the names of one file's tensors into those of a model, and say how their elements are rearranged.
///
/// A rule is two patterns. In the first, `{x}` stands for one component of a name (what is between two dots), or for the
/// rest of one (`layer_{x}`), and `{x...}` for one or more components; the second says where they go. The first rule that
/// fits a name applies to it, once; names that no rule fits stay.
///
/// ```swift
/// let rules = NameRules([
///   NameRules.Rule("blk.{i}.attn_q.{part}", "layers.{i}.attention.query.{part}"),
///   NameRules.Rule("h.{i}.attn.c_attn.weight", "blocks.{i}.attention.weight", layout: .transposed),
///   NameRules.Rule("h.{i}.qkv", parts: ["blocks.{i}.query", "blocks.{i}.key", "blocks.{i}.value"]),
///   NameRules.Rule(dropping: "{any...}.inv_freq"),
/// ])
/// ```
public struct NameRules: Sendable {
  /// The rules, in the order in which they are tried.
  public var rules: [Rule]
  /// Tables that are applied, one after the other, to what these rules give.
  private var later: [[Rule]] = []

  /// Rules that are tried in order.
  public init(_ rules: [Rule]) { self.rules = rules }

  /// These rules, and then others for the names that these give.
  public func followed(by next: NameRules) -> NameRules {
    var result = self
    result.later += [next.rules] + next.later
    return result
  }

  /// What becomes of a tensor: a name of the model, and how the elements get there.
  public struct Target: Sendable, Hashable {
    public let name: String
    public let layout: WeightLayout
  }

  /// What becomes of the tensor called `name`: usually one tensor; none if it is left out, several if it is divided.
  public func targets(of name: String) -> [Target] {
    ([rules] + later).reduce([Target(name: name, layout: .same)]) { targets, table in
      targets.flatMap { target in
        NameRules.targets(of: target.name, in: table).map {
          Target(name: $0.name, layout: target.layout.followed(by: $0.layout))
        }
      }
    }
  }

  private static func targets(of name: String, in rules: [Rule]) -> [Target] {
    let components = name.split(separator: ".", omittingEmptySubsequences: false)
    for rule in rules {
      guard let bindings = Pattern.match(rule.pattern.parts[...], components[...]) else { continue }
      return rule.targets.map { Target(name: $0.pattern.filled(with: bindings), layout: $0.layout) }
    }
    return [Target(name: name, layout: .same)]
  }

  /// The rules that undo these.
  ///
  /// - Precondition: No rule drops or divides, each replacement has all placeholders of its pattern, and no others follow.
  public var inverted: NameRules {
    precondition(later.isEmpty, "NameRules: rules in several stages cannot be undone")
    return NameRules(
      rules.map { rule in
        guard rule.targets.count == 1, let (replacement, layout) = rule.targets.first else {
          preconditionFailure("NameRules: dropping or dividing \(rule.pattern.text) cannot be undone")
        }
        return Rule(replacement.text, rule.pattern.text, layout: layout.inverted)
      })
  }
}

extension NameRules {
  /// One rule.
  public struct Rule: Sendable {
    let pattern: Pattern
    /// Empty to leave the tensor out.
    let targets: [(pattern: Pattern, layout: WeightLayout)]

    /// A rule that renames.
    ///
    /// - Parameter layout: How the elements are rearranged.
    /// - Precondition: Placeholders of the replacement occur in the pattern, none twice there.
    public init(
      _ pattern: String, _ replacement: String, layout: WeightLayout = .same, fileID: StaticString = #fileID,
      line: UInt = #line
    ) {
      self.init(Pattern(pattern), [(Pattern(replacement), layout)], fileID, line)
    }

    /// A rule that divides a tensor along its first axis into equal parts.
    ///
    /// - Parameters:
    ///   - parts: The names of the parts, in their order.
    ///   - layout: How the elements of each part are rearranged then.
    /// - Precondition: Placeholders of the parts occur in the pattern, none twice there.
    public init(
      _ pattern: String, parts: [String], layout: WeightLayout = .same, fileID: StaticString = #fileID,
      line: UInt = #line
    ) {
      let targets = parts.enumerated().map { index, part in
        (Pattern(part), WeightLayout.part(index, of: parts.count).followed(by: layout))
      }
      self.init(Pattern(pattern), targets, fileID, line)
    }

    /// A rule that leaves a tensor out.
    public init(dropping pattern: String) {
      self.pattern = Pattern(pattern)
      targets = []
    }

    private init(
      _ pattern: Pattern, _ targets: [(Pattern, WeightLayout)], _ fileID: StaticString, _ line: UInt
    ) {
      let names = pattern.parts.compactMap(\.placeholder)
      precondition(
        Set(names).count == names.count, "NameRules: \(pattern.text) has a placeholder twice at \(fileID):\(line)")
      for (target, _) in targets {
        for name in target.parts.compactMap(\.placeholder) where !names.contains(name) {
          preconditionFailure("NameRules: {\(name)} of \(target.text) is not in \(pattern.text) at \(fileID):\(line)")
        }
      }
      self.pattern = pattern
      self.targets = targets
    }
  }
}

extension NameRules {
  /// A tensor of a file under the name that it gets.
  public struct Renamed: Sendable, Hashable {
    /// The name in the model.
    public let name: String
    /// The name in the file.
    public let original: String
    /// How the elements are rearranged.
    public let layout: WeightLayout
  }

  /// The file's tensors under their new names, in the file's order.
  ///
  /// - Throws: `FormatError` of kind `duplicate` if two tensors get the same name.
  public func renamed(_ names: [String], file: String) throws(FormatError) -> [Renamed] {
    var result: [Renamed] = []
    var originals: [String: String] = [:]
    for original in names {
      for target in targets(of: original) {
        if let other = originals.updateValue(original, forKey: target.name) {
          throw FormatError(
            .duplicate, file: file,
            "and \(FormatError.quoted(other)) are both renamed to \(FormatError.quoted(target.name))", tensor: original)
        }
        result.append(Renamed(name: target.name, original: original, layout: target.layout))
      }
    }
    return result
  }
}
