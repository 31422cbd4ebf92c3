extension JSON {
  /// The value as JSON text, in one line; members in their order, numbers so that they read back exactly.
  ///
  /// JSON cannot write numbers that are not finite; they become the strings `"NaN"`, `"Infinity"` and `"-Infinity"`,
  /// which `doubleValue` reads.
  public func serialized() -> String {
    var text = ""
    write(into: &text, indentation: nil)
    return text
  }

  /// The value as JSON text over several lines, two spaces to a level, with a line feed at the end.
  public func serializedForReading() -> String {
    var text = ""
    write(into: &text, indentation: 0)
    return text + "\n"
  }

  private func write(into text: inout String, indentation: Int?) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .number(let value): text += JSON.text(of: value)
    case .string(let value): JSON.write(value, into: &text)
    case .array(let elements):
      JSON.write(elements, "[", "]", into: &text, indentation) { element, text, inner in
        element.write(into: &text, indentation: inner)
      }
    case .object(let object):
      JSON.write(object.members, "{", "}", into: &text, indentation) { member, text, inner in
        JSON.write(member.key, into: &text)
        text += inner == nil ? ":" : ": "
        member.value.write(into: &text, indentation: inner)
      }
    }
  }

  private static func write<Item>(
    _ items: [Item], _ open: String, _ close: String, into text: inout String, _ indentation: Int?,
    _ writeItem: (Item, inout String, Int?) -> Void
  ) {
    text += open
    let inner = indentation.map { $0 + 2 }
    for (i, item) in items.enumerated() {
      if i > 0 { text += "," }
      if let inner { text += "\n" + String(repeating: " ", count: inner) }
      writeItem(item, &text, inner)
    }
    if let indentation, !items.isEmpty { text += "\n" + String(repeating: " ", count: indentation) }
    text += close
  }

  private static func text(of value: Double) -> String {
    if value.isFinite { return value.description }
    return value.isNaN ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\""
  }

  /// Writes a string with its quotes; only what must be escaped is.
  static func write(_ string: String, into text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{8}": text += "\\b"
      case "\u{C}": text += "\\f"
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

extension JSON: CustomStringConvertible {
  /// The text that `serialized()` gives.
  public var description: String { serialized() }
}
