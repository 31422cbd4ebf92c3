public import MartletData
import MartletFormats

/// A text as tokens: a part to train on and a part to measure on.
public struct TextCorpus: Sendable {
  /// What turns text into tokens.
  public let tokenizer: TextTokenizer
  /// The tokens to train on, and those held out.
  public let training, heldOut: [Int32]

  /// Tokenizes two texts; characters that the vocabulary lacks are left out before anything else.
  public init(training: String, heldOut: String, tokenizer: TextTokenizer) {
    self.tokenizer = tokenizer
    self.training = tokenizer.encodeKnown(training)
    self.heldOut = tokenizer.encodeKnown(heldOut)
  }

  /// The texts of files, one behind the other, of which the last tenth is held out; the novels of the package if there
  /// are none.
  ///
  /// - Throws: `FormatError` if a file cannot be read.
  public static func texts(of files: [String]) throws -> (training: String, heldOut: String) {
    if files.isEmpty { return try TextSamples.load() }
    let text = try files.map(TextFile.read).joined(separator: "\n").unicodeScalars
    let cut = text.index(text.startIndex, offsetBy: text.count - text.count / 10)
    return (String(text[..<cut]), String(text[cut...]))
  }
}

/// How text becomes tokens: one for each character, or byte pairs.
public enum TextTokenizer: Sendable {
  case characters(CharacterVocabulary)
  case bytePairs(BytePairTokenizer)

  /// A vocabulary made of a text.
  ///
  /// - Parameter vocabularySize: Tokens of a byte-pair vocabulary, at least 256; nil takes one token a character.
  /// - Throws: `DataError` if the text is empty or the size too small.
  public init(of text: String, vocabularySize: Int? = nil) throws {
    guard !text.isEmpty else { throw DataError("there is no text to train on") }
    guard let vocabularySize else {
      self = .characters(CharacterVocabulary(of: text))
      return
    }
    guard vocabularySize >= 256 else {
      throw DataError("a byte-pair vocabulary has at least 256 tokens, not \(vocabularySize)")
    }
    self = .bytePairs(.trained(on: text, vocabularySize: vocabularySize))
  }

  /// The number of tokens.
  public var vocabularySize: Int { tokenizer.vocabularySize }

  /// The text of tokens.
  public func decode(_ tokens: [Int32]) throws -> String { try tokenizer.decode(tokens) }

  /// The tokens of a text.
  ///
  /// - Throws: `DataError` naming the first character that the vocabulary lacks.
  public func encode(_ text: String) throws -> [Int32] { try tokenizer.encode(text) }

  /// The tokens of what the vocabulary knows of a text.
  func encodeKnown(_ text: String) -> [Int32] {
    switch self {
    case .bytePairs(let tokenizer): return tokenizer.encode(text)
    case .characters(let vocabulary):
      let known = Dictionary(uniqueKeysWithValues: zip(vocabulary.scalars, Int32(0)...))
      return text.unicodeScalars.compactMap { known[$0] }
    }
  }

  private var tokenizer: any Tokenizer {
    switch self {
    case .characters(let vocabulary): vocabulary
    case .bytePairs(let tokenizer): tokenizer
    }
  }
}

extension TextTokenizer {
  /// Writes the vocabulary as a JSON file.
  func save(to path: String) throws {
    switch self {
    case .characters(let vocabulary): try vocabulary.save(to: path)
    case .bytePairs(let tokenizer): try tokenizer.save(to: path)
    }
  }

  /// Reads a vocabulary of either kind.
  init(path: String) throws {
    if try JSON(path: path)["type"]?.stringValue == "characters" {
      self = .characters(try CharacterVocabulary(path: path))
    } else {
      self = .bytePairs(try BytePairTokenizer(path: path))
    }
  }
}
