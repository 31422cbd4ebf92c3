extension BytePairTokenizer {
  /// Learns merges from a text: again and again the most frequent pair of tokens becomes a token.
  ///
  /// Of pairs that are equally frequent, the one with the lower tokens comes first, so the same text always gives the same
  /// tokenizer. Training ends early when no pair occurs twice.
  ///
  /// - Parameters:
  ///   - text: What to learn from.
  ///   - vocabularySize: Tokens wanted, the 256 bytes included.
  /// - Precondition: `vocabularySize` is at least 256.
  /// - Complexity: O(bytes) for counting words, then for each merge the words that hold it and all pairs there are.
  public static func trained(on text: String, vocabularySize: Int) -> BytePairTokenizer {
    precondition(vocabularySize >= 256, "BytePairTokenizer: a vocabulary of \(vocabularySize) cannot hold all bytes")
    var training = BytePairTraining(Array(text.utf8))
    var merges: [Pair] = []
    while 256 + merges.count < vocabularySize, let pair = training.mostFrequent() {
      training.merge(pair, into: Int32(256 + merges.count))
      merges.append(pair)
    }
    // Merges come in an order in which each is valid, and none twice; spelling lengths were held below the limit.
    return try! BytePairTokenizer(merges: merges)
  }
}

/// Counts of pairs, kept up to date while pairs are joined.
private struct BytePairTraining {
  typealias Pair = BytePairTokenizer.Pair

  private var words: [(tokens: [Int32], count: Int)] = []
  private var counts: [Pair: Int] = [:]
  /// Words in which a pair occurs, or did once.
  private var places: [Pair: Set<Int>] = [:]
  private var lengths = [Int](repeating: 1, count: 256)

  init(_ bytes: [UInt8]) {
    var occurrences: [ArraySlice<UInt8>: Int] = [:]
    forEachWord(in: bytes) { occurrences[bytes[$0], default: 0] += 1 }
    for (word, count) in occurrences where word.count > 1 {
      words.append((word.map { Int32($0) }, count))
    }
    for index in words.indices { addPairs(of: index, times: 1) }
  }

  /// The pair to join next; nil if none occurs twice.
  func mostFrequent() -> Pair? {
    var best: (pair: Pair, count: Int)?
    for (pair, count) in counts where count > 1 {
      if let best, (count, best.pair.left, best.pair.right) <= (best.count, pair.left, pair.right) { continue }
      guard lengths[Int(pair.left)] + lengths[Int(pair.right)] <= BytePairTokenizer.maximumSpelling else { continue }
      best = (pair, count)
    }
    return best?.pair
  }

  mutating func merge(_ pair: Pair, into token: Int32) {
    lengths.append(lengths[Int(pair.left)] + lengths[Int(pair.right)])
    for index in places.removeValue(forKey: pair) ?? [] {
      addPairs(of: index, times: -1)
      words[index].tokens = words[index].tokens.joining(pair, into: token)
      addPairs(of: index, times: 1)
    }
  }

  private mutating func addPairs(of index: Int, times sign: Int) {
    let (tokens, count) = words[index]
    for (left, right) in zip(tokens, tokens.dropFirst()) {
      let pair = Pair(left, right)
      let total = counts[pair, default: 0] + sign * count
      counts[pair] = total == 0 ? nil : total
      if sign > 0 { places[pair, default: []].insert(index) }
    }
  }
}
