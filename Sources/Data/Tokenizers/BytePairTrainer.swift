import MartletFormats

extension PretrainedTokenizer {
  /// Learns a byte-level byte-pair tokenizer, of the kind that GPT-2 has.
  ///
  /// Again and again the pair of tokens that occurs most often becomes a token; of equally frequent ones that with the
  /// lower tokens. The first tokens are the special ones, then the 256 bytes. The same texts always give the same tokenizer,
  /// and it is the one that the library *tokenizers* learns.
  ///
  /// - Parameters:
  ///   - texts: What to learn from.
  ///   - vocabularySize: Tokens wanted; fewer come out when no pair is frequent enough.
  ///   - minimumFrequency: How often a pair must occur.
  ///   - specialTokens: Tokens that stand in texts as they are, such as `<|endoftext|>`.
  ///   - pattern: The regular expression whose matches are the words.
  /// - Throws: ``DataError`` if the pattern is not understood or the vocabulary cannot hold all bytes.
  public static func trainedBytePairs(
    on texts: some Sequence<String>, vocabularySize: Int, minimumFrequency: Int = 2, specialTokens: [String] = [],
    pattern: String? = nil
  ) throws -> PretrainedTokenizer {
    guard vocabularySize >= 256 + specialTokens.count else {
      throw DataError(
        "a vocabulary of \(vocabularySize) cannot hold 256 bytes and \(specialTokens.count) special tokens")
    }
    let expression = try RegularExpression(pattern ?? WordSplitter.gpt2Pattern)
    var training = BytePairTrainer(firstToken: specialTokens.count)
    for text in texts {
      let bytes = Array(text.utf8)
      for match in try expression.matches(in: bytes, range: 0..<bytes.count) { training.add(bytes[match]) }
    }
    training.train(to: vocabularySize, minimumFrequency: minimumFrequency)
    return try PretrainedTokenizer(json: training.json(specialTokens: specialTokens, pattern: pattern))
  }
}

/// Counts pairs of tokens in words, and joins the most frequent.
struct BytePairTrainer {
  private struct Pair: Hashable {
    var left, right: Int32
  }

  private let firstToken: Int
  /// Words, and how often each came, in the order in which they were first seen.
  private var counts: [ArraySlice<UInt8>: Int] = [:]
  private var words: [(tokens: [Int32], count: Int)] = []
  private var pairs: [Pair: Int] = [:]
  private var places: [Pair: Set<Int32>] = [:]
  /// Spellings of the tokens behind the special ones.
  private var spellings: [[UInt8]] = []
  private var merges: [Pair] = []
  private var heap = Heap<CountedPair>()

  init(firstToken: Int) { self.firstToken = firstToken }

  mutating func add(_ word: ArraySlice<UInt8>) {
    // A slice would keep its whole text alive.
    if counts[word] != nil { counts[word]! += 1 } else { counts[ArraySlice(Array(word))] = 1 }
  }

  mutating func train(to vocabularySize: Int, minimumFrequency: Int) {
    // Bytes in the order of the characters that spell them, as the reference has its alphabet.
    let order = (0..<256).sorted { ByteSpelling.scalars[$0] < ByteSpelling.scalars[$1] }
    spellings = order.map { [UInt8($0)] }
    var tokens = [Int32](repeating: 0, count: 256)
    for (i, byte) in order.enumerated() { tokens[byte] = Int32(firstToken + i) }
    words = counts.map { (tokens: $0.key.map { tokens[Int($0)] }, count: $0.value) }
    counts = [:]
    for index in words.indices { countPairs(of: index, times: 1) }
    for (pair, count) in pairs { heap.push(CountedPair(count: count, left: pair.left, right: pair.right)) }
    var known: [[UInt8]: Int32] = [:]
    for (i, spelling) in spellings.enumerated() { known[spelling] = Int32(firstToken + i) }
    while firstToken + spellings.count < vocabularySize, let top = heap.pop() {
      let (count, left, right) = (top.count, top.left, top.right)
      let pair = Pair(left: left, right: right)
      let current = pairs[pair] ?? 0
      if count != current {
        // The count has changed since it was put on the heap; its present one is or will be there.
        if current > 0, count > current { heap.push(CountedPair(count: current, left: left, right: right)) }
        continue
      }
      guard current >= max(minimumFrequency, 1) else { break }
      let joined = spellings[Int(left) - firstToken] + spellings[Int(right) - firstToken]
      let token = known[joined] ?? Int32(firstToken + spellings.count)
      if known[joined] == nil {
        known[joined] = token
        spellings.append(joined)
      }
      merges.append(pair)
      join(pair, into: token)
    }
  }

  private mutating func join(_ pair: Pair, into token: Int32) {
    var changed: Set<Pair> = []
    for place in places.removeValue(forKey: pair) ?? [] {
      let index = Int(place)
      changed.formUnion(countPairs(of: index, times: -1))
      words[index].tokens = words[index].tokens.joining(.init(pair.left, pair.right), into: token)
      changed.formUnion(countPairs(of: index, times: 1))
    }
    pairs[pair] = nil
    for pair in changed {
      if let count = pairs[pair], count > 0 { heap.push(CountedPair(count: count, left: pair.left, right: pair.right)) }
    }
  }

  @discardableResult
  private mutating func countPairs(of index: Int, times sign: Int) -> Set<Pair> {
    let (tokens, count) = words[index]
    var seen: Set<Pair> = []
    for (left, right) in zip(tokens, tokens.dropFirst()) {
      let pair = Pair(left: left, right: right)
      pairs[pair, default: 0] += sign * count
      if sign > 0 { places[pair, default: []].insert(Int32(index)) }
      seen.insert(pair)
    }
    return seen
  }

  /// The tokenizer as a `tokenizer.json`.
  func json(specialTokens: [String], pattern: String?) -> JSON {
    var vocabulary = JSONObject()
    for (i, token) in specialTokens.enumerated() { vocabulary[token] = .integer(i) }
    func text(_ token: Int32) -> String {
      String(decoding: ByteSpelling.spelling(of: spellings[Int(token) - firstToken]), as: UTF8.self)
    }
    for i in spellings.indices { vocabulary[text(Int32(firstToken + i))] = .integer(firstToken + i) }
    let added = specialTokens.enumerated().map { i, token in
      [
        "id": .integer(i), "content": .string(token), "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true,
      ] as JSON
    }
    let byteLevel: JSON = ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true]
    var splitter = byteLevel
    if let pattern {
      splitter["use_regex"] = false
      splitter = [
        "type": "Sequence",
        "pretokenizers": [
          ["type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated", "invert": false], splitter,
        ],
      ]
    }
    return [
      "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": .array(added), "normalizer": nil,
      "pre_tokenizer": splitter, "post_processor": byteLevel, "decoder": byteLevel,
      "model": [
        "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil, "end_of_word_suffix": nil,
        "fuse_unk": false, "byte_fallback": false, "ignore_merges": false, "vocab": .object(vocabulary),
        "merges": .array(merges.map { .array([.string(text($0.left)), .string(text($0.right))]) }),
      ],
    ]
  }
}

/// A pair and how often it stands, the most frequent first, then that with the lower tokens.
private struct CountedPair: Comparable {
  let count: Int
  let left, right: Int32

  static func < (x: CountedPair, y: CountedPair) -> Bool {
    (y.count, x.left, x.right) < (x.count, y.left, y.right)
  }
}
