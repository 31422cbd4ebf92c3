/// How the spellings of tokens become text again.
indirect enum TokenDecoder: Sendable {
  case sequence([TokenDecoder])
  case byteLevel
  case pairs(suffix: [UInt8])
  case wordPiece(prefix: [UInt8], cleansUp: Bool)
  case metaspace(replacement: [UInt8], hasPrefix: Bool)
  case ctc(pad: [UInt8], delimiter: [UInt8], cleansUp: Bool)
  case replace(TextPattern, by: [UInt8])
  case strip([UInt8], start: Int, end: Int)
  case byteFallback
  case fuse

  /// The text of spellings.
  ///
  /// - Throws: ``DataError`` if rules make far more of them than any sound ones do, or a pattern takes too long.
  func decode(_ spellings: [[UInt8]]) throws(DataError) -> [UInt8] {
    let limit = AlignedText.limit(spellings.reduce(0) { $0 + $1.count })
    return try apply(to: spellings, limit: limit).reduce(into: []) { $0 += $1 }
  }

  private func apply(to spellings: [[UInt8]], limit: Int) throws(DataError) -> [[UInt8]] {
    switch self {
    case .sequence(let parts):
      var result = spellings
      for part in parts { result = try part.apply(to: result, limit: limit) }
      return result
    case .byteLevel:
      let bytes = spellings.flatMap { ByteSpelling.bytes(of: $0) ?? $0 }
      return [Array(String(decoding: bytes, as: UTF8.self).utf8)]
    case .pairs(let suffix):
      return spellings.enumerated().map { i, spelling in
        spelling.replacing(suffix, by: i == spellings.count - 1 ? [] : [32])
      }
    case .wordPiece(let prefix, let cleansUp):
      return spellings.enumerated().map { i, spelling in
        var result = spelling
        if i > 0 { result = spelling.starts(with: prefix) ? Array(spelling.dropFirst(prefix.count)) : [32] + spelling }
        return cleansUp ? TokenDecoder.cleanedUp(result) : result
      }
    case .metaspace(let replacement, let hasPrefix):
      return spellings.enumerated().map { i, spelling in
        spelling.replacing(replacement, by: i == 0 && hasPrefix ? [] : [32])
      }
    case .ctc(let pad, let delimiter, let cleansUp):
      var result: [[UInt8]] = []
      for (i, spelling) in spellings.enumerated() where i == 0 || spelling != spellings[i - 1] {
        var text = spelling.replacing(pad, by: [])
        if cleansUp { text = TokenDecoder.cleanedUp(text).replacing(delimiter, by: [32]) }
        if !text.isEmpty { result.append(text) }
      }
      return result
    case .replace(let pattern, let content):
      var result: [[UInt8]] = []
      var size = 0
      for spelling in spellings {
        var text: [UInt8] = []
        var last = 0
        for match in try pattern.matches(in: spelling, range: 0..<spelling.count) {
          guard size + text.count + content.count <= limit else {
            throw DataError("the tokenizer's rules make more than \(limit) bytes of tokens, which is given up")
          }
          text += spelling[last..<match.lowerBound] + content
          last = match.upperBound
        }
        result.append(text + spelling[last...])
        size += result[result.count - 1].count
      }
      return result
    case .strip(let content, let start, let end):
      return spellings.map { spelling in
        var rest = spelling[...]
        for _ in 0..<start where rest.starts(with: content) { rest = rest.dropFirst(content.count) }
        for _ in 0..<end where rest.reversed().starts(with: content.reversed()) { rest = rest.dropLast(content.count) }
        return Array(rest)
      }
    case .byteFallback: return TokenDecoder.joinedBytes(spellings)
    case .fuse: return [spellings.reduce(into: []) { $0 += $1 }]
    }
  }

  /// Undoes what splitting at punctuation did to English.
  private static func cleanedUp(_ text: [UInt8]) -> [UInt8] {
    let replacements = [
      (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
      (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ]
    return replacements.reduce(text) { $0.replacing(Array($1.0.utf8), by: Array($1.1.utf8)) }
  }

  /// Runs of tokens such as `<0xE2>` become characters, or a sign for each if they are no UTF-8.
  private static func joinedBytes(_ spellings: [[UInt8]]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var pending: [UInt8] = []
    func flush() {
      guard !pending.isEmpty else { return }
      if String(validating: pending, as: UTF8.self) != nil {
        result.append(pending)
      } else {
        result += [[UInt8]](repeating: Array("\u{FFFD}".utf8), count: pending.count)
      }
      pending = []
    }
    for spelling in spellings {
      if let byte = byte(of: spelling) {
        pending.append(byte)
      } else {
        flush()
        result.append(spelling)
      }
    }
    flush()
    return result
  }

  /// The byte that `<0x41>` stands for.
  static func byte(of spelling: [UInt8]) -> UInt8? {
    guard spelling.count == 6, spelling.starts(with: [0x3C, 0x30, 0x78]), spelling[5] == 0x3E else { return nil }
    return UInt8(String(decoding: spelling[3..<5], as: UTF8.self), radix: 16)
  }
}

extension [UInt8] {
  /// All occurrences of a text replaced, from the left.
  func replacing(_ text: [UInt8], by replacement: [UInt8]) -> [UInt8] {
    guard let first = text.first, count >= text.count else { return self }
    var result: [UInt8] = []
    var i = 0
    while i < count {
      if self[i] == first, i + text.count <= count, self[i..<(i + text.count)].elementsEqual(text) {
        result += replacement
        i += text.count
      } else {
        result.append(self[i])
        i += 1
      }
    }
    return result
  }
}
