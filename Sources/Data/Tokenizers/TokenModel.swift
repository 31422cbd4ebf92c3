/// How words become tokens.
enum TokenModel: Sendable {
  case pairs(PairModel)
  case wordPiece(WordPieceModel)
  case unigram(UnigramModel)
  case words(WordModel)

  /// The tokens of a word, appended to the scratch memory's list.
  func encode(_ word: UnsafeBufferPointer<UInt8>, into scratch: EncodingScratch) throws(DataError) {
    switch self {
    case .pairs(let model): try model.encode(word, into: scratch)
    case .wordPiece(let model): try model.encode(word, into: scratch)
    case .unigram(let model): try model.encode(word, into: scratch)
    case .words(let model): try model.encode(word, into: scratch)
    }
  }
}

/// Memory that encoding uses again and again; one thread at a time has it.
///
/// Nothing here is read while something else changes it, so that the check for that, a fifth of the time of encoding, is
/// left out.
final class EncodingScratch {
  /// Tokens of the words so far, and where in its word each begins and ends.
  @exclusivity(unchecked) var tokens: [Int32] = []
  @exclusivity(unchecked) var starts: [Int32] = []
  @exclusivity(unchecked) var ends: [Int32] = []

  @exclusivity(unchecked) var regex = RegexScratch()
  @exclusivity(unchecked) var symbols: [Int32] = []
  @exclusivity(unchecked) var widths: [Int32] = []
  @exclusivity(unchecked) var ranks: [UInt64] = []
  /// The best way to each place of a text.
  @exclusivity(unchecked) var lattice: [UnigramModel.Arrival] = []
  @exclusivity(unchecked) private var cache = WordTokenCache()

  @inline(__always)
  func append(_ token: Int32, _ start: Int, _ end: Int) {
    tokens.append(token)
    starts.append(Int32(truncatingIfNeeded: start))
    ends.append(Int32(truncatingIfNeeded: end))
  }

  /// Takes back all tokens from the given one on.
  func removeTokens(from first: Int) {
    tokens.removeLast(tokens.count - first)
    starts.removeLast(starts.count - first)
    ends.removeLast(ends.count - first)
  }

  func removeAllTokens() {
    tokens.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }

  /// Appends the tokens of a word that was encoded before; false if it is not known.
  @inline(__always)
  func appendKnown(_ word: UnsafeBufferPointer<UInt8>) -> Bool {
    guard word.count <= WordTokenCache.longestWord, let range = cache.range(word) else { return false }
    if range.count == 1 {
      append(cache.tokens[range.lowerBound], Int(cache.starts[range.lowerBound]), Int(cache.ends[range.lowerBound]))
    } else {
      tokens.append(contentsOf: cache.tokens[range])
      starts.append(contentsOf: cache.starts[range])
      ends.append(contentsOf: cache.ends[range])
    }
    return true
  }

  /// Keeps the tokens of a word, which are those from `first` on.
  func keep(_ word: UnsafeBufferPointer<UInt8>, from first: Int) {
    if word.count <= WordTokenCache.longestWord {
      cache.insert(word, tokens[first...], starts[first...], ends[first...])
    }
  }
}

/// Tokens of words that were encoded before; texts repeat most of theirs.
struct WordTokenCache {
  private var table = TokenTable(capacity: 1 << 12)
  private var places: [Int32] = [0]
  private(set) var tokens: [Int32] = []
  private(set) var starts: [Int32] = []
  private(set) var ends: [Int32] = []

  static let longestWord = 64
  private static let maximumWords = 1 << 16

  /// Where the tokens of a word are; nil if it is not known.
  @inline(__always)
  func range(_ word: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
    guard let entry = table.entry(word) else { return nil }
    return Int(places[entry])..<Int(places[entry + 1])
  }

  /// Keeps the tokens of a word.
  mutating func insert(
    _ word: UnsafeBufferPointer<UInt8>, _ newTokens: ArraySlice<Int32>, _ newStarts: ArraySlice<Int32>,
    _ newEnds: ArraySlice<Int32>
  ) {
    if table.count >= WordTokenCache.maximumWords { self = WordTokenCache() }
    guard table.insert(word, number: 0) else { return }
    tokens += newTokens
    starts += newStarts
    ends += newEnds
    places.append(Int32(tokens.count))
  }
}

/// A model that knows whole words only.
struct WordModel: Sendable {
  let table: TokenTable
  let unknown: Int32?

  func encode(_ word: UnsafeBufferPointer<UInt8>, into scratch: EncodingScratch) throws(DataError) {
    guard let token = table.number(word) ?? unknown else {
      throw DataError("the vocabulary has no \(String(decoding: word.prefix(40), as: UTF8.self).debugDescription)")
    }
    scratch.append(token, 0, word.count)
  }
}

/// WordPiece: from the left, always the longest piece that the vocabulary has.
///
/// - Note: Wu et al., *Google's Neural Machine Translation System* (2016); the greedy form of BERT.
struct WordPieceModel: Sendable {
  let table: TokenTable
  let unknown: Int32?
  let prefix: [UInt8]
  let longestWord: Int
  private let longestPiece: Int

  init(table: TokenTable, unknown: Int32?, prefix: [UInt8], longestWord: Int) {
    self.table = table
    self.unknown = unknown
    self.prefix = prefix
    self.longestWord = longestWord
    longestPiece = (0..<table.count).map { table.spelling($0).count }.max() ?? 0
  }

  func encode(_ word: UnsafeBufferPointer<UInt8>, into scratch: EncodingScratch) throws(DataError) {
    if scratch.appendKnown(word) { return }
    let first = scratch.tokens.count
    let characters = word.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
    if characters > longestWord || !pieces(word, scratch) {
      scratch.removeTokens(from: first)
      guard let unknown else { throw DataError("the vocabulary has no token for unknown words") }
      scratch.append(unknown, 0, word.count)
    }
    scratch.keep(word, from: first)
  }

  /// Appends the pieces; false if the word cannot be made of any.
  private func pieces(_ word: UnsafeBufferPointer<UInt8>, _ scratch: EncodingScratch) -> Bool {
    var candidate = prefix
    var start = 0
    while start < word.count {
      var end = min(word.count, start + longestPiece)
      var found: Int32?
      while end > start {
        let isBoundary = end == word.count || word[end] & 0xC0 != 0x80
        if isBoundary {
          let part = UnsafeBufferPointer(rebasing: word[start..<end])
          if start == 0 {
            found = table.number(part)
          } else {
            candidate.removeLast(candidate.count - prefix.count)
            candidate.append(contentsOf: part)
            found = candidate.withUnsafeBufferPointer { table.number($0) }
          }
          if found != nil { break }
        }
        end -= 1
      }
      guard let found else { return false }
      scratch.append(found, start, end)
      start = end
    }
    return true
  }
}
