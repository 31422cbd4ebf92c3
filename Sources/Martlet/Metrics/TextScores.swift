/// How many changes turn what was said into what should have been: the source of word and character error rates.
public struct ErrorRate: Metric {
  private var changes = 0
  private var length = 0

  public init() {}

  /// Adds a sequence of words, characters or tokens.
  public mutating func update<Token: Equatable>(prediction: [Token], reference: [Token]) {
    changes += editDistance(prediction, reference)
    length += reference.count
  }

  /// Adds a text, word by word: words are what white space separates.
  public mutating func update(words prediction: String, reference: String) {
    update(
      prediction: prediction.split(whereSeparator: \.isWhitespace),
      reference: reference.split(whereSeparator: \.isWhitespace))
  }

  /// Adds a text, character by character, white space included.
  public mutating func update(characters prediction: String, reference: String) {
    update(prediction: Array(prediction), reference: Array(reference))
  }

  /// Changes over the length of the references; NaN without references.
  public var value: Double { Double(changes) / Double(length) }
  public mutating func merge(_ other: ErrorRate) {
    changes += other.changes
    length += other.length
  }
  public mutating func reset() { self = ErrorRate() }
}

/// The least number of insertions, deletions and replacements that turn one sequence into another.
///
/// - Complexity: The product of the lengths in time, the second length in memory.
/// - Note: Levenshtein, *Soviet Physics Doklady* 10 (1966).
public func editDistance<Token: Equatable>(_ a: [Token], _ b: [Token]) -> Int {
  var row = Array(0...b.count)
  for (i, token) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, other) in b.enumerated() {
      let change = diagonal + (token == other ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = Swift.min(change, Swift.min(row[j], diagonal) + 1)
    }
  }
  return row[b.count]
}

/// How many runs of words a translation shares with its references, for the whole corpus; 0...100.
///
/// - Note: Papineni et al., *BLEU: a method for automatic evaluation of machine translation*, ACL 2002; where a length
///   has no match its precision is halved again and again, as sacreBLEU's `exp` smoothing has it.
public struct BLEU: Metric {
  /// The longest runs that count.
  public let order: Int
  private var matches, totals: [Int]
  private var length = 0
  private var referenceLength = 0

  /// - Parameter order: The longest runs that count.
  /// - Precondition: Between 1 and 100.
  public init(order: Int = 4, fileID: StaticString = #fileID, line: UInt = #line) {
    let order = checkedCount(order, 1...100, "BLEU", "order", fileID, line)
    self.order = order
    matches = Array(repeating: 0, count: order)
    totals = matches
  }

  /// Adds a sentence of words with one or more references.
  public mutating func update(prediction: [String], references: [[String]]) {
    length += prediction.count
    // The reference whose length is nearest, the shorter of two.
    referenceLength +=
      references.map(\.count).min {
        let (a, b) = (Swift.abs($0 - prediction.count), Swift.abs($1 - prediction.count))
        return a != b ? a < b : $0 < $1
      } ?? 0
    for size in 1...order {
      let found = runs(prediction, size)
      let known = references.map { runs($0, size) }.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: Swift.max) }
      matches[size - 1] += found.reduce(0) { $0 + Swift.min($1.value, known[$1.key] ?? 0) }
      totals[size - 1] += Swift.max(prediction.count - size + 1, 0)
    }
  }

  /// The score; 0 without any match.
  public var value: Double {
    if matches[0] == 0 { return 0 }
    var (sum, smoothing) = (0.0, 1.0)
    for (match, total) in zip(matches, totals) {
      if total == 0 { return 0 }
      if match == 0 { smoothing *= 2 }
      sum += logarithm(of: match == 0 ? 1 / (smoothing * Double(total)) : Double(match) / Double(total))
    }
    let brevity = length < referenceLength ? 1 - Double(referenceLength) / Double(length) : 0
    return 100 * exponential(sum / Double(order) + brevity)
  }

  public mutating func merge(_ other: BLEU) {
    precondition(order == other.order, "BLEU: orders \(order) and \(other.order)")
    for index in matches.indices {
      matches[index] += other.matches[index]
      totals[index] += other.totals[index]
    }
    length += other.length
    referenceLength += other.referenceLength
  }
  public mutating func reset() { self = BLEU(order: order) }
}

/// How much of a reference a summary repeats: the mean over the summaries of runs, or of the longest common sequence.
///
/// - Note: Lin, *ROUGE: a package for automatic evaluation of summaries*, 2004. Words are compared as they are: lower
///   their case, and stem them, before.
public struct ROUGE: Metric {
  /// What is counted.
  public enum Kind: Sendable, Hashable, Codable {
    /// Runs of so many words (ROUGE-1, ROUGE-2).
    case runs(Int)
    /// The longest sequence of words that both have, gaps allowed (ROUGE-L).
    case longestCommonSequence
  }

  public let kind: Kind
  private var precisions = Mean()
  private var recalls = Mean()
  private var scores = Mean()

  /// - Precondition: Runs of at least one word.
  public init(_ kind: Kind, fileID: StaticString = #fileID, line: UInt = #line) {
    if case .runs(let size) = kind {
      self.kind = .runs(checkedCount(size, 1...Int.max, "ROUGE", "number of words in a run", fileID, line))
    } else {
      self.kind = kind
    }
  }

  /// Adds a summary and what it should say.
  public mutating func update(prediction: [String], reference: [String]) {
    let (shared, found, known): (Int, Int, Int)
    switch kind {
    case .runs(let size):
      let (a, b) = (runs(prediction, size), runs(reference, size))
      shared = a.reduce(0) { $0 + Swift.min($1.value, b[$1.key] ?? 0) }
      (found, known) = (Swift.max(prediction.count - size + 1, 0), Swift.max(reference.count - size + 1, 0))
    case .longestCommonSequence:
      (shared, found, known) = (commonLength(prediction, reference), prediction.count, reference.count)
    }
    let precision = found == 0 ? 0 : Double(shared) / Double(found)
    let recall = known == 0 ? 0 : Double(shared) / Double(known)
    precisions.update(precision)
    recalls.update(recall)
    scores.update(shared == 0 ? 0 : 2 * precision * recall / (precision + recall))
  }

  /// The mean share of the summary that is in the reference; NaN without summaries, as all of these.
  public var precision: Double { precisions.value }
  /// The mean share of the reference that is in the summary.
  public var recall: Double { recalls.value }
  /// The mean of the harmonic means.
  public var f1: Double { scores.value }

  public mutating func merge(_ other: ROUGE) {
    precisions.merge(other.precisions)
    recalls.merge(other.recalls)
    scores.merge(other.scores)
  }
  public mutating func reset() { self = ROUGE(kind) }
}

/// How often each run of `size` words occurs.
private func runs(_ words: [String], _ size: Int) -> [[String]: Int] {
  guard size > 0, words.count >= size else { return [:] }
  return (0...(words.count - size)).reduce(into: [:]) { $0[Array(words[$1..<($1 + size)]), default: 0] += 1 }
}

private func commonLength(_ a: [String], _ b: [String]) -> Int {
  var row = Array(repeating: 0, count: b.count + 1)
  for word in a {
    var diagonal = 0
    for (j, other) in b.enumerated() {
      let above = row[j + 1]
      row[j + 1] = word == other ? diagonal + 1 : Swift.max(above, row[j])
      diagonal = above
    }
  }
  return row[b.count]
}
