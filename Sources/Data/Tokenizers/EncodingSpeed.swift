import MartletFormats

/// How fast a tokenizer encodes lines of text, on the thread that asks.
public struct EncodingSpeed: Sendable {
  /// The bytes of all lines.
  public let byteCount: Int
  /// Seconds for all lines, tokens alone: the first round, when no word is known yet, and the best of the others.
  public let tokens: (first: Double, best: Double)
  /// The same with offsets.
  public let encodings: (first: Double, best: Double)

  /// Encodes all lines again and again.
  ///
  /// - Parameters:
  ///   - rounds: How often, with and without offsets.
  ///   - tokenizer: Makes the tokenizer, twice.
  /// - Throws: What making the tokenizer or encoding throws.
  public init(
    of lines: [String], rounds: Int = 5, tokenizer: () throws -> PretrainedTokenizer
  ) throws {
    byteCount = lines.reduce(0) { $0 + $1.utf8.count }
    let plain = try tokenizer()
    tokens = try EncodingSpeed.times(rounds) { for line in lines { _ = try plain.encode(line) } }
    let located = try tokenizer()
    encodings = try EncodingSpeed.times(rounds) { for line in lines { _ = try located.encoding(of: line) } }
  }

  private static func times(_ rounds: Int, _ body: () throws -> Void) throws -> (first: Double, best: Double) {
    let times = try (0..<max(rounds, 2)).map { _ -> Double in
      let time = try ContinuousClock().measure { try body() }.components
      return Double(time.seconds) + Double(time.attoseconds) * 1e-18
    }
    return (times[0], times.dropFirst().min()!)
  }

  /// The numbers as JSON.
  public var json: JSON {
    [
      "bytes": .integer(byteCount),
      "tokens": ["firstSeconds": .number(tokens.first), "bestSeconds": .number(tokens.best)],
      "encodings": ["firstSeconds": .number(encodings.first), "bestSeconds": .number(encodings.best)],
    ]
  }
}

extension EncodingSpeed: CustomStringConvertible {
  /// Two lines for people.
  public var description: String {
    func rate(_ seconds: Double) -> Double { (Double(byteCount) / seconds / 1e5).rounded() / 10 }
    return """
      tokens:       \(rate(tokens.first)) MB/s at first, \(rate(tokens.best)) MB/s at best
      with offsets: \(rate(encodings.first)) MB/s at first, \(rate(encodings.best)) MB/s at best
      """
  }
}
