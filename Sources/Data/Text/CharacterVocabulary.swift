import MartletFormats

/// Each Unicode scalar of a text is a token: the smallest vocabulary that a text allows.
public struct CharacterVocabulary: Tokenizer, Hashable {
  /// What each token stands for.
  public let scalars: [Unicode.Scalar]
  private let tokens: [Unicode.Scalar: Int32]

  /// The scalars that occur in a text, in the order of their code points.
  public init(of text: String) { self.init(sorted: Set(text.unicodeScalars).sorted()) }

  private init(sorted scalars: [Unicode.Scalar]) {
    self.scalars = scalars
    tokens = Dictionary(uniqueKeysWithValues: zip(scalars, 0...))
  }

  public var vocabularySize: Int { scalars.count }

  public func encode(_ text: String) throws -> [Int32] {
    try text.unicodeScalars.map { scalar in
      guard let token = tokens[scalar] else {
        let code = String(scalar.value, radix: 16, uppercase: true)
        throw DataError("the vocabulary has no \(FormatError.quoted(String(scalar))) (U+\(code))")
      }
      return token
    }
  }

  public func decode(_ tokens: [Int32]) throws -> String {
    var text = String.UnicodeScalarView()
    for token in tokens { text.append(scalars[try checkedToken(token, count: scalars.count)]) }
    return String(text)
  }
}

extension CharacterVocabulary {
  /// Writes the vocabulary as a JSON file.
  public func save(to path: String) throws {
    let text = String(String.UnicodeScalarView(scalars))
    let json: JSON = ["type": "characters", "version": 1, "characters": .string(text)]
    try AtomicFile.write(json.serializedForReading(), to: path)
  }

  /// Reads a vocabulary that was saved.
  ///
  /// - Throws: `FormatError` if the file is something else.
  public init(path: String) throws {
    let json = try JSON(path: path)
    guard json["type"]?.stringValue == "characters", let text = json["characters"]?.stringValue else {
      throw FormatError(.malformed, file: path, "is no character vocabulary")
    }
    let scalars = Array(text.unicodeScalars)
    guard json["version"] == 1 else { throw FormatError(.unsupported, file: path, "is of another version than 1") }
    guard zip(scalars, scalars.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw FormatError(.malformed, file: path, "does not list characters in ascending order")
    }
    self.init(sorted: scalars)
  }
}
