extension JSON {
  /// How many arrays and objects may stand inside one another.
  public static let maximumDepth = 128

  /// Parses a text that is one JSON value.
  ///
  /// - Parameters:
  ///   - bytes: The text in UTF-8, without byte order mark.
  ///   - allowsDuplicateKeys: Whether a name may occur twice in an object; the last one then counts.
  ///   - file: The name for error messages.
  /// - Throws: `FormatError` with the position of the first character at fault.
  /// - Note: Values take several times the room of their text, so the caller should limit the size of texts from
  ///   strangers.
  public init(
    parsing bytes: SharedBytes, allowsDuplicateKeys: Bool = false, file: String = "JSON"
  ) throws(FormatError) {
    self = try bytes.withSpan { (text) throws(FormatError) in
      var parser = JSONParser(scanner: JSONScanner(file: file), allowsDuplicateKeys: allowsDuplicateKeys)
      return try parser.document(text)
    }
  }

  /// Parses a string that is one JSON value.
  public init(
    parsing text: String, allowsDuplicateKeys: Bool = false, file: String = "JSON"
  ) throws(FormatError) {
    try self.init(parsing: SharedBytes(Array(text.utf8)), allowsDuplicateKeys: allowsDuplicateKeys, file: file)
  }

  /// Parses the file at `path`.
  public init(path: String, allowsDuplicateKeys: Bool = false) throws(FormatError) {
    let bytes = SharedBytes(try FileSystem.read(path))
    try self.init(parsing: bytes, allowsDuplicateKeys: allowsDuplicateKeys, file: path)
  }
}

private struct JSONParser {
  var scanner: JSONScanner
  let allowsDuplicateKeys: Bool
  private var depth = 0

  init(scanner: JSONScanner, allowsDuplicateKeys: Bool) {
    self.scanner = scanner
    self.allowsDuplicateKeys = allowsDuplicateKeys
  }

  mutating func document(_ text: Span<UInt8>) throws(FormatError) -> JSON {
    let result = try value(text)
    guard scanner.peek(text) == nil else { throw scanner.unexpected(text, wanted: "the end") }
    return result
  }

  private mutating func value(_ text: Span<UInt8>) throws(FormatError) -> JSON {
    switch scanner.peek(text) ?? 0 {
    case .openBrace: return try nested(text) { (parser, text) throws(FormatError) in try parser.object(text) }
    case .openBracket: return try nested(text) { (parser, text) throws(FormatError) in try parser.array(text) }
    case .quote: return .string(try scanner.string(text))
    case 0x2D, 0x30...0x39:
      switch try scanner.number(text) {
      case .integer(let value): return .integer(value)
      case .real(let value): return .number(value)
      }
    default: break
    }
    if scanner.word("true", text) { return .bool(true) }
    if scanner.word("false", text) { return .bool(false) }
    if scanner.word("null", text) { return .null }
    throw scanner.unexpected(text, wanted: "a value")
  }

  private mutating func nested(
    _ text: Span<UInt8>, _ body: (inout JSONParser, Span<UInt8>) throws(FormatError) -> JSON
  ) throws(FormatError) -> JSON {
    guard depth < JSON.maximumDepth else {
      throw scanner.error(.limit, "JSON is nested more than \(JSON.maximumDepth) deep")
    }
    depth += 1
    defer { depth -= 1 }
    return try body(&self, text)
  }

  private mutating func array(_ text: Span<UInt8>) throws(FormatError) -> JSON {
    try scanner.expect(.openBracket, text)
    var elements: [JSON] = []
    if scanner.take(.closeBracket, text) { return .array(elements) }
    repeat { elements.append(try value(text)) } while scanner.take(.comma, text)
    guard scanner.take(.closeBracket, text) else { throw scanner.unexpected(text, wanted: "\",\" or \"]\"") }
    return .array(elements)
  }

  private mutating func object(_ text: Span<UInt8>) throws(FormatError) -> JSON {
    try scanner.expect(.openBrace, text)
    var object = JSONObject()
    if scanner.take(.closeBrace, text) { return .object(object) }
    repeat {
      scanner.skipSpace(text)
      let start = scanner.position
      let key = try scanner.string(text)
      let known = object.index(of: key)
      guard allowsDuplicateKeys || known == nil else {
        throw scanner.error(.duplicate, "JSON object has \(FormatError.quoted(key)) twice", at: start)
      }
      try scanner.expect(.colon, text)
      object.set(key, to: try value(text), at: known)
    } while scanner.take(.comma, text)
    guard scanner.take(.closeBrace, text) else { throw scanner.unexpected(text, wanted: "\",\" or \"}\"") }
    return .object(object)
  }
}
