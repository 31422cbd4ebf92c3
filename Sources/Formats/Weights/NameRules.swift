import MartletGraph

/// Rules that turn the names of one file's tensors into those of a model.
///
/// A rule is two patterns. In the first, `{x}` stands for one component of a name (what is between two dots) and
/// `{x...}` for one or more; the second says where they go. The first rule that fits a name applies to it, once; names that no rule fits stay.
///
/// ```swift
/// let rules = NameRules([
///   NameRules.Rule("blk.{i}.attn_q.{part}", "layers.{i}.attention.query.{part}"),
///   NameRules.Rule("h.{i}.attn.c_attn.weight", "blocks.{i}.attention.weight", transposes: true),
///   NameRules.Rule(dropping: "{any...}.inv_freq"),
/// ])
/// ```
public struct NameRules: Sendable {
  /// One rule.
  public struct Rule: Sendable {
    let pattern: [Part]
    /// Nil to leave the tensor out.
    let replacement: [Part]?
    /// Whether rows and columns change places.
    public let transposes: Bool
    let text: (pattern: String, replacement: String?)

    /// A rule that renames.
    ///
    /// - Precondition: Placeholders of the replacement occur in the pattern, none twice there.
    public init(
      _ pattern: String, _ replacement: String, transposes: Bool = false, fileID: StaticString = #fileID,
      line: UInt = #line
    ) {
      self.pattern = Part.parsed(pattern)
      let parts = Part.parsed(replacement)
      let names = self.pattern.compactMap(\.placeholder)
      precondition(
        Set(names).count == names.count, "NameRules: \(pattern) has a placeholder twice at \(fileID):\(line)")
      for name in parts.compactMap(\.placeholder) where !names.contains(name) {
        preconditionFailure("NameRules: {\(name)} of \(replacement) is not in \(pattern) at \(fileID):\(line)")
      }
      self.replacement = parts
      self.transposes = transposes
      text = (pattern, replacement)
    }

    /// A rule that leaves a tensor out.
    public init(dropping pattern: String) {
      self.pattern = Part.parsed(pattern)
      replacement = nil
      transposes = false
      text = (pattern, nil)
    }
  }

  /// A component of a pattern.
  enum Part: Sendable, Hashable {
    case literal(Substring)
    case one(Substring)
    case many(Substring)

    var placeholder: Substring? {
      switch self {
      case .literal: nil
      case .one(let name), .many(let name): name
      }
    }

    static func parsed(_ pattern: String) -> [Part] {
      // The dots of "{x...}" are no separators.
      pattern.components(outsideBraces: ".").map { part in
        guard part.hasPrefix("{"), part.hasSuffix("}") else { return .literal(part) }
        let name = part.dropFirst().dropLast()
        return name.hasSuffix("...") ? .many(name.dropLast(3)) : .one(name)
      }
    }
  }

  /// The rules, in the order in which they are tried.
  public var rules: [Rule]

  /// Rules that are tried in order.
  public init(_ rules: [Rule]) { self.rules = rules }

  /// What becomes of a tensor.
  public enum Outcome: Sendable, Hashable {
    case named(String, transposed: Bool)
    case dropped
  }

  /// What becomes of the tensor called `name`.
  public func outcome(for name: String) -> Outcome {
    let components = name.split(separator: ".", omittingEmptySubsequences: false)
    for rule in rules {
      guard let bindings = NameRules.match(rule.pattern[...], components[...]) else { continue }
      guard let replacement = rule.replacement else { return .dropped }
      let parts = replacement.map { part -> String in
        switch part {
        case .literal(let text): return String(text)
        case .one(let name), .many(let name): return bindings[name]!.joined(separator: ".")
        }
      }
      return .named(parts.joined(separator: "."), transposed: rule.transposes)
    }
    return .named(name, transposed: false)
  }

  /// The rules that undo these.
  ///
  /// - Precondition: No rule drops, and each replacement has all placeholders of its pattern.
  public var inverted: NameRules {
    NameRules(
      rules.map { rule in
        guard let replacement = rule.text.replacement else {
          preconditionFailure("NameRules: dropping \(rule.text.pattern) cannot be undone")
        }
        return Rule(replacement, rule.text.pattern, transposes: rule.transposes)
      })
  }

  private static func match(_ pattern: ArraySlice<Part>, _ components: ArraySlice<Substring>) -> [Substring:
    ArraySlice<Substring>]?
  {
    guard let first = pattern.first else { return components.isEmpty ? [:] : nil }
    guard components.count >= pattern.count else { return nil }
    switch first {
    case .literal(let text):
      return components.first == text ? match(pattern.dropFirst(), components.dropFirst()) : nil
    case .one(let name):
      guard var rest = match(pattern.dropFirst(), components.dropFirst()) else { return nil }
      rest[name] = components.prefix(1)
      return rest
    case .many(let name):
      // The shortest run that lets the rest fit; patterns have one of these, so this stays quick.
      for count in 1...(components.count - pattern.count + 1) {
        if var rest = match(pattern.dropFirst(), components.dropFirst(count)) {
          rest[name] = components.prefix(count)
          return rest
        }
      }
      return nil
    }
  }
}

extension NameRules {
  /// The file's tensors under their new names, in the file's order: old name, and whether it is transposed.
  ///
  /// - Throws: `FormatError` of kind `duplicate` if two tensors get the same name.
  public func renamed(
    _ names: [String], file: String
  ) throws(FormatError) -> [(name: String, original: String, transposed: Bool)] {
    var result: [(name: String, original: String, transposed: Bool)] = []
    var originals: [String: String] = [:]
    for original in names {
      guard case .named(let name, let transposed) = outcome(for: original) else { continue }
      if let other = originals.updateValue(original, forKey: name) {
        throw FormatError(
          .duplicate, file: file,
          "and \(FormatError.quoted(other)) are both renamed to \(FormatError.quoted(name))", tensor: original)
      }
      result.append((name, original, transposed))
    }
    return result
  }
}

extension String {
  fileprivate func components(outsideBraces separator: Character) -> [Substring] {
    var result: [Substring] = []
    var start = startIndex
    var depth = 0
    for index in indices {
      switch self[index] {
      case "{": depth += 1
      case "}": depth -= 1
      case separator where depth == 0:
        result.append(self[start..<index])
        start = self.index(after: index)
      default: break
      }
    }
    return result + [self[start...]]
  }
}

extension StoredTensor {
  /// Rows and columns exchanged.
  ///
  /// - Precondition: Two dimensions.
  public func transposed() -> StoredTensor {
    precondition(shape.rank == 2, "transposed: \(shape) is no matrix")
    let (rows, columns, width) = (shape[0], shape[1], dtype.sizeInBytes)
    let result = [UInt8](unsafeUninitializedCapacity: bytes.count) { target, initialized in
      bytes.withUnsafeBytes { source in
        for row in 0..<rows {
          for column in 0..<columns {
            let (from, to) = ((row * columns + column) * width, (column * rows + row) * width)
            for k in 0..<width { target.initializeElement(at: to + k, to: source[from + k]) }
          }
        }
      }
      initialized = bytes.count
    }
    return StoredTensor(dtype: dtype, shape: [columns, rows], bytes: SharedBytes(result))
  }
}
