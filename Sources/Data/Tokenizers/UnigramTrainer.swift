import Martlet
import MartletFormats

extension PretrainedTokenizer {
  /// Learns a unigram tokenizer, of the kind that T5 and XLM-R have.
  ///
  /// It begins with all parts of words that occur often, finds their probabilities by expectation and maximization, and
  /// drops in rounds those that the texts miss least. Texts are brought into the form NFKC, and spaces become U+2581.
  ///
  /// - Parameters:
  ///   - texts: What to learn from.
  ///   - vocabularySize: Tokens wanted, special ones included; all characters that occur are kept in any case.
  ///   - specialTokens: Tokens that stand in texts as they are; the first is the one for unknown characters.
  ///   - longestPiece: The most characters of a piece.
  ///   - shrinkingFactor: The part of the pieces that a round keeps.
  /// - Throws: ``DataError`` if the texts hold nothing.
  /// - Note: Kudo, *Subword Regularization* (2018). The first pieces come from counting all parts of all different words
  ///   instead of a suffix array; pieces then do not cross words, as by default there.
  public static func trainedUnigram(
    on texts: some Sequence<String>, vocabularySize: Int, specialTokens: [String] = ["<unk>"], longestPiece: Int = 16,
    shrinkingFactor: Double = 0.75
  ) throws -> PretrainedTokenizer {
    guard !specialTokens.isEmpty, vocabularySize > specialTokens.count, (0.1..<1).contains(shrinkingFactor) else {
      throw DataError("a unigram vocabulary needs a token for unknown characters and room for pieces")
    }
    var training = UnigramTrainer(longestPiece: max(1, longestPiece), shrinkingFactor: shrinkingFactor)
    for text in texts { training.add(text) }
    guard training.train(to: vocabularySize - specialTokens.count) else {
      throw DataError("the texts hold nothing to learn")
    }
    return try PretrainedTokenizer(json: training.json(specialTokens: specialTokens))
  }
}

/// Finds pieces and their probabilities.
struct UnigramTrainer {
  private let longestPiece: Int
  private let shrinkingFactor: Double
  private var counts: [[UInt8]: Int] = [:]
  private var words: [(bytes: [UInt8], count: Double)] = []
  private(set) var pieces: [(spelling: [UInt8], score: Double)] = []

  /// How many pieces to begin with, for each wanted, and in all.
  private static let seedFactor = 30
  private static let seedLimit = 1_000_000

  init(longestPiece: Int, shrinkingFactor: Double) {
    self.longestPiece = longestPiece
    self.shrinkingFactor = shrinkingFactor
  }

  mutating func add(_ text: String) {
    var aligned = AlignedText(Array(text.utf8), origin: 0)
    UnicodeNormalization.apply(.nfkc, to: &aligned)
    var word = SentencePieceNormalizer.space
    for scalar in aligned.scalars {
      if ScalarClasses(scalar).contains(.space) {
        flush(&word)
      } else {
        ValidUTF8.append(scalar, to: &word)
      }
    }
    flush(&word)
  }

  private mutating func flush(_ word: inout [UInt8]) {
    if word.count > SentencePieceNormalizer.space.count { counts[word, default: 0] += 1 }
    word = SentencePieceNormalizer.space
  }

  /// Trains; false if there is nothing to learn from.
  mutating func train(to size: Int) -> Bool {
    guard !counts.isEmpty else { return false }
    // A fixed order of words, so that sums of floats come out the same at every run.
    words = counts.map { ($0.key, Double($0.value)) }.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    counts = [:]
    seed(limit: min(size * UnigramTrainer.seedFactor + 1000, UnigramTrainer.seedLimit))
    let wanted = max(size, pieces.filter { isSingle($0.spelling) }.count)
    // A tenth more than wanted, so that the last cut chooses among settled probabilities.
    let almost = wanted + wanted / 10
    while true {
      for _ in 0..<2 { maximize(expectations()) }
      guard pieces.count > almost else { break }
      prune(to: max(almost, Int(Double(pieces.count) * shrinkingFactor)))
    }
    finish(wanted)
    return true
  }

  private func isSingle(_ spelling: [UInt8]) -> Bool { ValidUTF8.length(spelling[0]) == spelling.count }

  /// All characters, and the most frequent parts of words, weighed by their length.
  private mutating func seed(limit: Int) {
    var found: [ArraySlice<UInt8>: Double] = [:]
    for (bytes, count) in words {
      var start = 0
      while start < bytes.count {
        var (end, characters) = (start, 0)
        while end < bytes.count, characters < longestPiece {
          end += ValidUTF8.length(bytes[end])
          characters += 1
          found[bytes[start..<end], default: 0] += count
        }
        start += ValidUTF8.length(bytes[start])
      }
    }
    var single: [(spelling: [UInt8], weight: Double)] = []
    var longer: [(spelling: [UInt8], weight: Double)] = []
    for (slice, count) in found {
      let spelling = Array(slice)
      let characters = spelling.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
      if characters == 1 {
        single.append((spelling, count))
      } else if count > 1 {
        longer.append((spelling, count * Double(characters)))
      }
    }
    func isBefore(_ a: (spelling: [UInt8], weight: Double), _ b: (spelling: [UInt8], weight: Double)) -> Bool {
      a.weight == b.weight ? a.spelling.lexicographicallyPrecedes(b.spelling) : a.weight > b.weight
    }
    let seeds = single.sorted(by: isBefore) + longer.sorted(by: isBefore).prefix(max(0, limit - single.count))
    let total = Math.log(seeds.reduce(0) { $0 + $1.weight })
    pieces = seeds.map { ($0.spelling, Math.log($0.weight) - total) }
  }

  private func trie(without left: Int? = nil) -> ByteTrie {
    var trie = ByteTrie()
    for (i, piece) in pieces.enumerated() where i != left { trie.insert(piece.spelling, Int32(i)) }
    trie.finish()
    return trie
  }

  /// How often each piece is expected to be used, over all ways to cut each word.
  private func expectations() -> [Double] {
    let trie = trie()
    var result = [Double](repeating: 0, count: pieces.count)
    for (bytes, count) in words { forwardBackward(bytes, count, trie, &result) }
    return result
  }

  private func forwardBackward(_ bytes: [UInt8], _ count: Double, _ trie: ByteTrie, _ result: inout [Double]) {
    let none = -Double.infinity
    var forward = [Double](repeating: none, count: bytes.count + 1)
    var backward = forward
    forward[0] = 0
    backward[bytes.count] = 0
    var edges: [(start: Int, end: Int, piece: Int)] = []
    bytes.withUnsafeBufferPointer { text in
      for start in 0..<bytes.count where forward[start] > none {
        trie.forEachPrefix(text, from: start) { piece, length in
          edges.append((start, start + length, Int(piece)))
          forward[start + length] = UnigramTrainer.logSum(
            forward[start + length], forward[start] + pieces[Int(piece)].score)
        }
      }
    }
    for edge in edges.reversed() where backward[edge.end] > none {
      backward[edge.start] = UnigramTrainer.logSum(backward[edge.start], backward[edge.end] + pieces[edge.piece].score)
    }
    let total = forward[bytes.count]
    guard total > none else { return }
    for edge in edges where backward[edge.end] > none {
      result[edge.piece] +=
        count * Math.exp(forward[edge.start] + pieces[edge.piece].score + backward[edge.end] - total)
    }
  }

  private static func logSum(_ a: Double, _ b: Double) -> Double {
    let (low, high) = (min(a, b), max(a, b))
    return low == -.infinity ? high : high + Math.log(1 + Math.exp(low - high))
  }

  /// New probabilities from expected counts; pieces that are hardly used go.
  private mutating func maximize(_ counts: [Double]) {
    var kept: [(spelling: [UInt8], count: Double)] = []
    for (piece, count) in zip(pieces, counts) where count >= 0.5 || isSingle(piece.spelling) {
      kept.append((piece.spelling, max(count, 0.5)))
    }
    // The digamma function in place of the logarithm favors few pieces, as a sparse prior would.
    let total = Math.digamma(kept.reduce(0) { $0 + $1.count })
    pieces = kept.map { ($0.spelling, Math.digamma($0.count) - total) }
  }

  /// Drops the pieces whose loss costs the texts' likelihood least.
  private mutating func prune(to size: Int) {
    let trie = trie()
    var uses = [Double](repeating: 0, count: pieces.count)
    for (bytes, count) in words { for piece in best(bytes, trie, without: nil) { uses[piece] += count } }
    let total = uses.reduce(0, +)
    let logTotal = Math.log(total)
    var losses: [(piece: Int, loss: Double)] = []
    var kept = Set<Int>()
    for (i, piece) in pieces.enumerated() {
      guard !isSingle(piece.spelling) else {
        kept.insert(i)
        continue
      }
      let rest = best(piece.spelling, trie, without: i)
      guard uses[i] > 0, !rest.isEmpty else {
        if uses[i] > 0 { kept.insert(i) }
        continue
      }
      // What the words that use it would lose if they used the second best way.
      let logSum = Math.log(total + uses[i] * Double(rest.count - 1))
      let alternative = rest.reduce(0) { $0 + Math.log(uses[$1] + uses[i]) - logSum }
      losses.append((i, uses[i] / total * (Math.log(uses[i]) - logTotal - alternative)))
    }
    losses.sort { $0.loss == $1.loss ? $0.piece < $1.piece : $0.loss > $1.loss }
    for item in losses.prefix(max(0, size - kept.count)) { kept.insert(item.piece) }
    pieces = pieces.indices.filter { kept.contains($0) }.map { pieces[$0] }
  }

  /// The most likely way to cut a text; empty if there is none.
  private func best(_ bytes: [UInt8], _ trie: ByteTrie, without left: Int?) -> [Int] {
    var scores = [Double](repeating: -.infinity, count: bytes.count + 1)
    var steps = [(piece: Int, start: Int)](repeating: (-1, 0), count: bytes.count + 1)
    scores[0] = 0
    bytes.withUnsafeBufferPointer { text in
      for start in 0..<bytes.count where scores[start] > -.infinity {
        trie.forEachPrefix(text, from: start) { piece, length in
          guard Int(piece) != left else { return }
          let score = scores[start] + pieces[Int(piece)].score
          if score > scores[start + length] {
            scores[start + length] = score
            steps[start + length] = (Int(piece), start)
          }
        }
      }
    }
    guard scores[bytes.count] > -.infinity else { return [] }
    var result: [Int] = []
    var end = bytes.count
    while end > 0 {
      result.append(steps[end].piece)
      end = steps[end].start
    }
    return result
  }

  /// The most likely pieces, all characters among them, most likely first.
  private mutating func finish(_ size: Int) {
    let single = pieces.filter { isSingle($0.spelling) }
    let longer = pieces.filter { !isSingle($0.spelling) }.sorted {
      $0.score == $1.score ? $0.spelling.lexicographicallyPrecedes($1.spelling) : $0.score > $1.score
    }
    pieces = (single + longer.prefix(max(0, size - single.count))).sorted {
      $0.score == $1.score ? $0.spelling.lexicographicallyPrecedes($1.spelling) : $0.score > $1.score
    }
  }

  /// The tokenizer as a `tokenizer.json`.
  func json(specialTokens: [String]) -> JSON {
    let special = specialTokens.map { JSON.array([.string($0), .number(0)]) }
    let learned = pieces.map { JSON.array([.string(String(decoding: $0.spelling, as: UTF8.self)), .number($0.score)]) }
    let added = specialTokens.enumerated().map { i, token in
      [
        "id": .integer(i), "content": .string(token), "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true,
      ] as JSON
    }
    let metaspace: JSON = ["type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true]
    return [
      "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": .array(added),
      "normalizer": ["type": "NFKC"],
      "pre_tokenizer": ["type": "Sequence", "pretokenizers": [["type": "WhitespaceSplit"], metaspace]],
      "post_processor": nil, "decoder": metaspace,
      "model": ["type": "Unigram", "unk_id": 0, "vocab": .array(special + learned), "byte_fallback": false],
    ]
  }
}
