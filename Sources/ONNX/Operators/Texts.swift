import Martlet
import MartletData

extension OperatorTable {
  /// Functions of texts.
  static let texts: [Operator] = [
    Operator("StringConcat") { call in
      let (a, b) = (try call.strings(0), try call.strings(1))
      let shape = try broadcast(a.shape, b.shape, call)
      let (left, right) = (try a.broadcast(to: shape), try b.broadcast(to: shape))
      return [.strings(ONNXStrings(zip(left.elements, right.elements).map { $0 + $1 }, shape: shape))]
    },
    Operator("StringSplit") { call in
      let texts = try call.strings(0)
      let delimiter = try call.string("delimiter", default: "")
      let limit = try call.optionalInt("maxsplit") ?? .max
      let parts = texts.elements.map { split($0, delimiter, limit) }
      let width = parts.map(\.count).max() ?? 0
      let padded = parts.flatMap { $0 + Array(repeating: "", count: width - $0.count) }
      let shape = try call.shape(Array(texts.shape) + [width])
      return [.strings(ONNXStrings(padded, shape: shape)), ONNXValue(Tensor(parts.map(\.count), shape: texts.shape))]
    },
    Operator("StringNormalizer") { call in [.strings(try normalized(&call))] },
    Operator("RegexFullMatch") { call in
      let texts = try call.strings(0)
      let pattern = try call.string("pattern", default: "")
      do {
        return [ONNXValue(Tensor(try WholeMatch.flags(texts.elements, pattern: pattern), shape: texts.shape))]
      } catch {
        throw ONNXError(.unsupported, "\(error)")
      }
    },
    .one("TfIdfVectorizer") { call in try NGramCounter(call).counts(call) },
  ]

  /// The parts between delimiters; without one, between runs of white space, none of which is empty.
  private static func split(_ text: String, _ delimiter: String, _ limit: Int) -> [String] {
    if delimiter.isEmpty {
      let parts = text.unicodeScalars.split(maxSplits: max(limit, 0), omittingEmptySubsequences: true) {
        $0.properties.isWhitespace
      }
      return parts.enumerated().map { place, part in
        place == limit ? String(part.drop { $0.properties.isWhitespace }) : String(part)
      }
    }
    var parts: [String] = []
    var rest = Array(text.utf8)[...]
    let mark = Array(delimiter.utf8)
    while parts.count < limit, let range = rest.firstRange(of: mark) {
      parts.append(String(decoding: rest[..<range.lowerBound], as: UTF8.self))
      rest = rest[range.upperBound...]
    }
    return parts + [String(decoding: rest, as: UTF8.self)]
  }

  /// Texts without stop words, in lower or upper case.
  private static func normalized(_ call: inout Call) throws -> ONNXStrings {
    let texts = try call.strings(0)
    guard texts.shape.rank == 1 || (texts.shape.rank == 2 && texts.shape[0] == 1) else {
      throw ONNXError(.mismatch, "needs a vector or one row of texts, got \(texts.shape)")
    }
    let action = try call.string("case_change_action", default: "NONE")
    guard ["NONE", "LOWER", "UPPER"].contains(action) else { throw call.unknown("case_change_action", action) }
    let isSensitive = try call.flag("is_case_sensitive")
    let stopWords = try call.optionalStrings("stopwords") ?? []
    let stops = Set(isSensitive ? stopWords : stopWords.map { $0.lowercased() })
    let kept = texts.elements.filter { !stops.contains(isSensitive ? $0 : $0.lowercased()) }
    var changed = kept.map { action == "LOWER" ? $0.lowercased() : action == "UPPER" ? $0.uppercased() : $0 }
    if changed.isEmpty { changed = [""] }
    return ONNXStrings(changed, shape: texts.shape.rank == 1 ? [changed.count] : [1, changed.count])
  }
}

extension ONNXStrings {
  /// The texts repeated to fill a larger shape.
  fileprivate func broadcast(to shape: Shape) throws -> ONNXStrings {
    guard case .strings(let result) = try ONNXValue.strings(self).moved({ $0.broadcast(to: shape) }) else {
      return self
    }
    return result
  }
}

/// Counts runs of tokens that a vocabulary lists.
private struct NGramCounter {
  private let columns: [[Token]: Int]
  private let lengths: ClosedRange<Int>
  private let skipCount, width: Int
  private let weights: [Double]?
  private let mode: String

  /// A number or a text.
  private enum Token: Hashable {
    case number(Int)
    case text(String)
  }

  init(_ call: Call) throws {
    let pool =
      try call.optionalInts("pool_int64s").flatMap { $0.isEmpty ? nil : $0.map { Token.number($0) } }
      ?? call.optionalStrings("pool_strings")?.map { Token.text($0) } ?? []
    let starts = try call.ints("ngram_counts")
    let indexes = try call.ints("ngram_indexes")
    let (least, most) = (try call.int("min_gram_length"), try call.int("max_gram_length"))
    skipCount = try call.int("max_skip_count")
    mode = try call.string("mode", default: "TF")
    guard least >= 1, least <= 1 << 20, most >= least, skipCount >= 0, skipCount < 1 << 20,
      ["TF", "IDF", "TFIDF"].contains(mode),
      indexes.allSatisfy({ $0 >= 0 && $0 < 1 << 31 })
    else { throw ONNXError(.mismatch, "runs of \(least) to \(most) tokens, \(skipCount) skipped, in mode \(mode)") }
    // Longer runs than those of the vocabulary are never found.
    lengths = least...max(min(most, starts.count), least)
    width = (indexes.max() ?? -1) + 1
    weights = try call.optionalFloats("weights")
    var columns: [[Token]: Int] = [:]
    var place = 0
    for (order, start) in starts.enumerated() {
      let end = order + 1 < starts.count ? starts[order + 1] : pool.count
      guard start >= 0, start <= end, end <= pool.count else { throw ONNXError(.mismatch, "counts \(starts)") }
      for first in stride(from: start, to: end - order, by: order + 1) {
        guard place < indexes.count else { throw ONNXError(.mismatch, "there are more runs than indexes") }
        if lengths.contains(order + 1) { columns[Array(pool[first...(first + order)])] = indexes[place] }
        place += 1
      }
    }
    self.columns = columns
  }

  func counts(_ call: Call) throws -> Tensor {
    let shape = try call.shapeOfInput(0)
    guard shape.rank <= 2 else { throw ONNXError(.mismatch, "needs one or two dimensions, got \(shape)") }
    let tokens =
      try call.value(0).strings.map { $0.elements.map { Token.text($0) } } ?? call.integers(0).map { Token.number($0) }
    let rows = shape.rank == 2 ? shape[0] : 1
    let length = rows == 0 ? 0 : tokens.count / rows
    guard try call.shape([rows, width]).elementCount <= 1 << 27 else {
      throw ONNXError(.limit, "\(rows) rows of \(width) counts are too many")
    }
    var counts = [Double](repeating: 0, count: rows * width)
    for row in 0..<rows {
      count(Array(tokens[(row * length)..<((row + 1) * length)])) { counts[row * width + $0] += 1 }
    }
    for place in counts.indices where mode != "TF" {
      let weight = weights.flatMap { $0.indices.contains(place % width) ? $0[place % width] : nil } ?? 1
      counts[place] = mode == "IDF" ? (counts[place] > 0 ? weight : 0) : counts[place] * weight
    }
    return Tensor(counts.map { Float($0) }, shape: shape.rank == 2 ? [rows, width] : [width])
  }

  /// Finds runs whose tokens are next to each other, or as far apart as may be skipped.
  private func count(_ tokens: [Token], _ found: (Int) -> Void) {
    for distance in 1...(skipCount + 1) {
      for length in lengths where distance == 1 || length > 1 {
        for start in stride(from: 0, to: tokens.count - (length - 1) * distance, by: 1) {
          let run = (0..<length).map { tokens[start + $0 * distance] }
          if let column = columns[run] { found(column) }
        }
      }
    }
  }
}
