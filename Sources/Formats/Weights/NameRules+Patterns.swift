extension NameRules {
  /// The name of a tensor with placeholders.
  struct Pattern: Sendable {
    /// A component of a pattern.
    enum Part: Sendable, Hashable {
      case literal(Substring)
      /// What a component has behind `prefix`.
      case one(Substring, prefix: Substring)
      case many(Substring)

      var placeholder: Substring? {
        switch self {
        case .literal: nil
        case .one(let name, _), .many(let name): name
        }
      }
    }

    /// What placeholders stand for.
    typealias Bindings = [Substring: ArraySlice<Substring>]

    let text: String
    let parts: [Part]

    init(_ text: String) {
      self.text = text
      // The dots of "{x...}" are no separators.
      parts = text.components(outsideBraces: ".").map { part in
        guard let brace = part.firstIndex(of: "{"), part.hasSuffix("}") else { return .literal(part) }
        let name = part[brace...].dropFirst().dropLast()
        return name.hasSuffix("...") ? .many(name.dropLast(3)) : .one(name, prefix: part[..<brace])
      }
    }

    /// The pattern with placeholders replaced by what they stand for.
    func filled(with bindings: Bindings) -> String {
      parts.map { part -> String in
        switch part {
        case .literal(let text): String(text)
        case .one(let name, let prefix): prefix + bindings[name]!.joined(separator: ".")
        case .many(let name): bindings[name]!.joined(separator: ".")
        }
      }.joined(separator: ".")
    }

    /// What the placeholders of a pattern stand for in a name; nil if the name does not fit.
    static func match(_ pattern: ArraySlice<Part>, _ components: ArraySlice<Substring>) -> Bindings? {
      guard let first = pattern.first else { return components.isEmpty ? [:] : nil }
      guard components.count >= pattern.count, let component = components.first else { return nil }
      switch first {
      case .literal(let text):
        return component == text ? match(pattern.dropFirst(), components.dropFirst()) : nil
      case .one(let name, let prefix):
        guard component.hasPrefix(prefix), component.utf8.count > prefix.utf8.count || prefix.isEmpty,
          var rest = match(pattern.dropFirst(), components.dropFirst())
        else { return nil }
        rest[name] = [component.dropFirst(prefix.count)]
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
