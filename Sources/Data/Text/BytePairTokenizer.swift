import MartletFormats
import Synchronization

/// Byte-pair encoding: tokens are bytes, and pairs of tokens that were frequent when it was trained.
///
/// Every text can be encoded, and decoding gives back exactly its bytes. Merges never cross the borders between words,
/// where a word takes the space before it along.
///
/// - Note: Sennrich, Haddow and Birch, *Neural machine translation of rare words with subword units* (2016), on bytes.
public struct BytePairTokenizer: Tokenizer {
  /// The pairs that were joined, in order: pair *i* became token 256 + *i*.
  public let merges: [Pair]

  /// Two tokens, one behind the other.
  public struct Pair: Hashable, Sendable {
    public var left, right: Int32

    /// A pair.
    public init(_ left: Int32, _ right: Int32) {
      self.left = left
      self.right = right
    }
  }

  private let ranks: [Pair: Int32]
  private let spellings: [[UInt8]]
  private let cache = WordCache()

  /// A tokenizer with the given merges.
  ///
  /// - Throws: ``DataError`` if a pair names a token that does not exist at its turn, or comes twice.
  public init(merges: [Pair]) throws {
    var ranks: [Pair: Int32] = [:]
    var spellings = (0..<256).map { [UInt8($0)] }
    for (i, pair) in merges.enumerated() {
      let (left, right) = (try checkedToken(pair.left, count: 256 + i), try checkedToken(pair.right, count: 256 + i))
      guard ranks.updateValue(Int32(i), forKey: pair) == nil else {
        throw DataError("merge \(i), tokens \(left) and \(right), is in the list twice")
      }
      // Doubling at every merge would spell 2⁴⁰ bytes after forty lines of a hostile file.
      guard spellings[left].count + spellings[right].count <= BytePairTokenizer.maximumSpelling else {
        throw DataError("merge \(i) spells more than \(BytePairTokenizer.maximumSpelling) bytes")
      }
      spellings.append(spellings[left] + spellings[right])
    }
    self.merges = merges
    self.ranks = ranks
    self.spellings = spellings
  }

  static let maximumSpelling = 1 << 12

  public var vocabularySize: Int { spellings.count }

  /// The bytes that a token stands for.
  ///
  /// - Precondition: `token` is in `0..<vocabularySize`.
  public func spelling(of token: Int32) -> [UInt8] { spellings[Int(token)] }

  public func encode(_ text: String) -> [Int32] {
    var tokens: [Int32] = []
    let bytes = Array(text.utf8)
    forEachWord(in: bytes) { tokens += encode(word: bytes[$0]) }
    return tokens
  }

  public func decode(_ tokens: [Int32]) throws -> String {
    var bytes: [UInt8] = []
    for token in tokens { bytes += spellings[try checkedToken(token, count: spellings.count)] }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Joins the pair of lowest rank until none is left.
  private func encode(word: ArraySlice<UInt8>) -> [Int32] {
    if word.count == 1 { return [Int32(word.first!)] }
    if let known = cache[word] { return known }
    var tokens = word.map { Int32($0) }
    while let rank = zip(tokens, tokens.dropFirst()).compactMap({ ranks[Pair($0, $1)] }).min() {
      tokens = tokens.joining(merges[Int(rank)], into: 256 + rank)
    }
    cache[word] = tokens
    return tokens
  }
}

extension BytePairTokenizer {
  /// Writes the merges as a JSON file.
  public func save(to path: String) throws {
    let pairs = merges.map { JSON.array([.integer(Int($0.left)), .integer(Int($0.right))]) }
    let json: JSON = ["type": "byte pairs", "version": 1, "merges": .array(pairs)]
    try AtomicFile.write(json.serialized() + "\n", to: path)
  }

  /// Reads a tokenizer that was saved.
  ///
  /// - Throws: `FormatError` or ``DataError`` if the file is something else, or its merges make no sense.
  public init(path: String) throws {
    let json = try JSON(path: path)
    guard json["type"]?.stringValue == "byte pairs", let pairs = json["merges"]?.arrayValue else {
      throw FormatError(.malformed, file: path, "is no byte-pair tokenizer")
    }
    guard json["version"] == 1 else { throw FormatError(.unsupported, file: path, "is of another version than 1") }
    let merges = try pairs.enumerated().map { i, pair in
      guard pair.arrayValue?.count == 2, let left = pair[0]?.intValue, let right = pair[1]?.intValue,
        let left = Int32(exactly: left), let right = Int32(exactly: right)
      else { throw FormatError(.malformed, file: path, "merge \(i) is not a pair of tokens") }
      return Pair(left, right)
    }
    do {
      try self.init(merges: merges)
    } catch var error as DataError {
      error.file = path
      throw error
    }
  }
}

extension [Int32] {
  /// The tokens with every occurrence of a pair replaced, from the left.
  func joining(_ pair: BytePairTokenizer.Pair, into token: Int32) -> [Int32] {
    var result: [Int32] = []
    result.reserveCapacity(count)
    var i = 0
    while i < count {
      let isPair = i + 1 < count && self[i] == pair.left && self[i + 1] == pair.right
      result.append(isPair ? token : self[i])
      i += isPair ? 2 : 1
    }
    return result
  }
}

/// Words that were encoded before; texts repeat most of theirs.
private final class WordCache: Sendable {
  private let words = Mutex<[ArraySlice<UInt8>: [Int32]]>([:])

  subscript(word: ArraySlice<UInt8>) -> [Int32]? {
    get { words.withLock { $0[word] } }
    set {
      words.withLock { words in
        if words.count > 1 << 16 { words = [:] }
        // A slice would keep the whole text alive.
        words[ArraySlice(Array(word))] = newValue
      }
    }
  }
}
