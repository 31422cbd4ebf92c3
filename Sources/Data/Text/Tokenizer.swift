import MartletFormats

/// Turns text into numbers and back.
public protocol Tokenizer: Sendable {
  /// The number of tokens; each is in `0..<vocabularySize`.
  var vocabularySize: Int { get }

  /// The tokens of a text.
  ///
  /// - Throws: ``DataError`` if the text has something that no token stands for.
  func encode(_ text: String) throws -> [Int32]

  /// The text of tokens. Bytes that are no UTF-8, as when a sequence is cut inside a character, become `U+FFFD`.
  ///
  /// - Throws: ``DataError`` if there is no such token.
  func decode(_ tokens: [Int32]) throws -> String
}

/// Each byte of the text's UTF-8 is a token.
public struct ByteTokenizer: Tokenizer {
  /// A tokenizer; all are alike.
  public init() {}

  public var vocabularySize: Int { 256 }

  public func encode(_ text: String) -> [Int32] { text.utf8.map(Int32.init) }

  public func decode(_ tokens: [Int32]) throws -> String {
    String(decoding: try tokens.map { try UInt8(checkedToken($0, count: 256)) }, as: UTF8.self)
  }
}

/// The token as an index, or an error that names it.
func checkedToken(_ token: Int32, count: Int) throws -> Int {
  guard (0..<count).contains(Int(token)) else {
    throw DataError("token \(token) is outside the vocabulary (valid: 0..<\(count))")
  }
  return Int(token)
}

/// Reads text files.
public enum TextFile {
  /// The text of a file; a byte order mark is dropped.
  ///
  /// - Throws: `FormatError` if the file cannot be read, or with the place of the first byte that is not UTF-8.
  public static func read(_ path: String) throws -> String {
    let all = try FileSystem.read(path)
    let bytes = all.starts(with: [0xEF, 0xBB, 0xBF]) ? all[3...] : all[...]
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    throw FormatError(.malformed, file: path, "is not UTF-8", offset: firstBadByte(bytes))
  }

  private static func firstBadByte(_ bytes: ArraySlice<UInt8>) -> Int {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var offset = bytes.startIndex
    while case .scalarValue(let scalar) = decoder.decode(&iterator) { offset += UTF8.width(scalar) }
    return offset
  }
}
