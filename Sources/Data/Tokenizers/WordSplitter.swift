/// How a normalized text is cut into words.
indirect enum WordSplitter: Sendable {
  case sequence([WordSplitter])
  case split(TextPattern, Behavior, isInverted: Bool)
  /// Cuts by the pattern of GPT-2 if it is there, and spells bytes.
  case byteLevel(addsPrefix: Bool, pattern: RegularExpression?)
  case metaspace(replacement: [UInt8], Prefix, splits: Bool)
  case bert
  case digits(individually: Bool)
  case fixedLength(Int)

  /// When a marker for a space goes before a text.
  enum Prefix: Sendable { case always, first, never }

  /// What becomes of the places that a pattern matches.
  enum Behavior: Sendable {
    case removed, isolated, mergedWithPrevious, mergedWithNext, contiguous
  }

  /// The pattern of GPT-2.
  static let gpt2Pattern = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  /// Whether bytes are to be spelled by characters, which a byte-level model need not do at all.
  var spellsBytes: Bool {
    switch self {
    case .byteLevel: true
    case .sequence(let parts): parts.contains { $0.spellsBytes }
    default: false
    }
  }
}

/// A text under way: its parts, each with the range that is meant and the added token that it is, if it is one.
struct TextParts {
  struct Part {
    var text: Int
    var range: Range<Int>
    var token: Int32 = -1
  }

  var texts: [AlignedText]
  var parts: [Part]

  init(_ text: AlignedText) {
    texts = [text]
    parts = [Part(text: 0, range: 0..<text.count)]
  }

  /// Replaces each part that is no token by those that `body` makes of it; empty ones go.
  ///
  /// - Throws: What `body` does, and an error if all parts together become more than any sound rules make of a text.
  mutating func split(_ body: (inout TextParts, Part, inout [Part]) throws(DataError) -> Void) throws(DataError) {
    let old = parts
    var result: [Part] = []
    result.reserveCapacity(old.count)
    let limit = texts[0].limit
    var (size, counted) = (0, 0)
    for part in old {
      if part.token >= 0 { result.append(part) } else { try body(&self, part, &result) }
      for part in result[counted...] { size += part.range.count }
      counted = result.count
      guard size <= limit else { throw AlignedText.outgrown(limit) }
    }
    parts = result
  }

  /// Makes a part a text of its own, which may be changed.
  mutating func separate(_ part: Part) -> Part {
    // Parts do not overlap, so that nobody else has a part that is the whole.
    if part.range.count == texts[part.text].count { return part }
    texts.append(texts[part.text].slice(part.range))
    return Part(text: texts.count - 1, range: 0..<part.range.count)
  }
}

extension WordSplitter {
  func apply(to parts: inout TextParts, _ scratch: EncodingScratch, isByteLevel: Bool) throws(DataError) {
    switch self {
    case .sequence(let splitters):
      for splitter in splitters { try splitter.apply(to: &parts, scratch, isByteLevel: isByteLevel) }
    case .split(let pattern, let behavior, let isInverted):
      if case .expression(let expression) = pattern, behavior == .isolated || behavior == .removed && isInverted {
        // The common ways, without a list of what lies between.
        return try WordSplitter.cut(&parts, expression, scratch, keepsGaps: behavior == .isolated)
      }
      try parts.split { (parts, part, result) throws(DataError) in
        let matches = try pattern.matches(in: parts.texts[part.text].bytes, range: part.range)
        WordSplitter.append(matches, behavior, isInverted: isInverted, part, to: &result)
      }
    case .byteLevel(let addsPrefix, let pattern):
      if addsPrefix { try prefix(&parts, [32]) { $0.first != 32 } }
      if let pattern { try WordSplitter.cut(&parts, pattern, scratch, keepsGaps: true) }
      // A byte-level model takes bytes as they are.
      if !isByteLevel { try parts.change { $0.spellBytes() } }
    case .metaspace(let replacement, let prefix, let splits):
      try parts.change { text in
        var spaces: [Range<Int>] = []
        for (i, byte) in text.bytes.enumerated() where byte == 32 { spaces.append(i..<(i + 1)) }
        text.replace(spaces, by: replacement)
        let isFirst = prefix == .always || prefix == .first && !text.bytes.isEmpty && text.start(of: 0) == 0
        if isFirst, !text.bytes.starts(with: replacement) { text.prepend(replacement) }
      }
      guard splits else { return }
      try parts.split { (parts, part, result) throws(DataError) in
        let matches = try TextPattern.text(replacement).matches(in: parts.texts[part.text].bytes, range: part.range)
        WordSplitter.append(matches, .mergedWithNext, isInverted: false, part, to: &result)
      }
    case .bert: try WordSplitter.splitAsBERT(&parts)
    case .digits(let individually):
      let pattern = TextPattern.scalars { !ScalarClasses($0).isDisjoint(with: .number) }
      try parts.split { (parts, part, result) throws(DataError) in
        let matches = try pattern.matches(in: parts.texts[part.text].bytes, range: part.range)
        WordSplitter.append(matches, individually ? .isolated : .contiguous, isInverted: false, part, to: &result)
      }
    case .fixedLength(let length):
      try parts.split { (parts, part, result) throws(DataError) in
        let bytes = parts.texts[part.text].bytes
        var start = part.range.lowerBound
        while start < part.range.upperBound {
          var end = start
          var count = 0
          while count < length, end < part.range.upperBound {
            end += ValidUTF8.length(bytes[end])
            count += 1
          }
          result.append(TextParts.Part(text: part.text, range: start..<end))
          start = end
        }
      }
    }
  }

  /// Cuts by an expression; what lies between matches is kept as words too, or left out.
  private static func cut(
    _ parts: inout TextParts, _ expression: RegularExpression, _ scratch: EncodingScratch, keepsGaps: Bool
  ) throws(DataError) {
    try parts.split { (parts, part, result) throws(DataError) in
      scratch.regex.budget = 2000 + part.range.count * 200
      try parts.texts[part.text].bytes.withUnsafeBufferPointer { (buffer) throws(DataError) in
        let text = UnsafeBufferPointer(rebasing: buffer[part.range])
        guard text.baseAddress != nil else { return }
        let base = part.range.lowerBound
        var position = 0
        var gap = 0
        while position < text.count {
          guard let end = try expression.match(text, at: position, &scratch.regex), end > position else {
            position += ValidUTF8.length(text[position])
            continue
          }
          if keepsGaps, gap < position {
            result.append(TextParts.Part(text: part.text, range: (base + gap)..<(base + position)))
          }
          result.append(TextParts.Part(text: part.text, range: (base + position)..<(base + end)))
          position = end
          gap = end
        }
        if keepsGaps, gap < text.count {
          result.append(TextParts.Part(text: part.text, range: (base + gap)..<(base + text.count)))
        }
      }
    }
  }

  /// Puts a text before each part of which `isWanted` holds.
  private func prefix(
    _ parts: inout TextParts, _ text: [UInt8], _ isWanted: (ArraySlice<UInt8>) -> Bool
  ) throws(DataError) {
    try parts.split { (parts, part, result) throws(DataError) in
      guard isWanted(parts.texts[part.text].bytes[part.range]) else { return result.append(part) }
      let part = parts.separate(part)
      parts.texts[part.text].prepend(text)
      result.append(TextParts.Part(text: part.text, range: 0..<parts.texts[part.text].count))
    }
  }

  /// White space goes; each sign of punctuation is a word.
  private static func splitAsBERT(_ parts: inout TextParts) throws(DataError) {
    try parts.split { (parts, part, result) throws(DataError) in
      parts.texts[part.text].bytes.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        var start = part.range.lowerBound
        var position = start
        func flush() {
          if start < position { result.append(TextParts.Part(text: part.text, range: start..<position)) }
        }
        while position < part.range.upperBound {
          let (scalar, length) = ValidUTF8.scalar(base + position)
          let classes = ScalarClasses(scalar)
          if classes.contains(.space) {
            flush()
            start = position + length
          } else if isPunctuation(scalar, classes) {
            flush()
            result.append(TextParts.Part(text: part.text, range: position..<(position + length)))
            start = position + length
          }
          position += length
        }
        flush()
      }
    }
  }

  /// Whether a scalar is punctuation, all signs of ASCII included.
  static func isPunctuation(_ scalar: UInt32, _ classes: ScalarClasses) -> Bool {
    if scalar < 128 { return scalar > 32 && scalar < 127 && classes.isDisjoint(with: [.letter, .number]) }
    return !classes.isDisjoint(with: .punctuation)
  }

  /// Appends the words that matches and gaps make under a behavior.
  static func append(
    _ matches: [Range<Int>], _ behavior: Behavior, isInverted: Bool, _ part: TextParts.Part,
    to result: inout [TextParts.Part]
  ) {
    var pieces: [(range: Range<Int>, isMatch: Bool)] = []
    var last = part.range.lowerBound
    for match in matches {
      if last < match.lowerBound { pieces.append((last..<match.lowerBound, isInverted)) }
      pieces.append((match, !isInverted))
      last = match.upperBound
    }
    if last < part.range.upperBound { pieces.append((last..<part.range.upperBound, isInverted)) }
    for range in joined(pieces, behavior) where !range.isEmpty {
      result.append(TextParts.Part(text: part.text, range: range))
    }
  }

  private static func joined(_ pieces: [(range: Range<Int>, isMatch: Bool)], _ behavior: Behavior) -> [Range<Int>] {
    var result: [Range<Int>] = []
    var wasMatch = false
    switch behavior {
    case .removed: return pieces.filter { !$0.isMatch }.map(\.range)
    case .isolated: return pieces.map(\.range)
    case .contiguous, .mergedWithPrevious:
      for (range, isMatch) in pieces {
        let isJoined = behavior == .contiguous ? isMatch == wasMatch : isMatch && !wasMatch
        if isJoined, let last = result.last {
          result[result.count - 1] = last.lowerBound..<range.upperBound
        } else {
          result.append(range)
        }
        wasMatch = isMatch
      }
      return result
    case .mergedWithNext:
      for (range, isMatch) in pieces.reversed() {
        if isMatch, !wasMatch, let last = result.last {
          result[result.count - 1] = range.lowerBound..<last.upperBound
        } else {
          result.append(range)
        }
        wasMatch = isMatch
      }
      return result.reversed()
    }
  }
}

extension TextParts {
  /// Changes the text of each part that is no token.
  mutating func change(_ body: (inout AlignedText) throws(DataError) -> Void) throws(DataError) {
    try split { (parts, part, result) throws(DataError) in
      let part = parts.separate(part)
      try body(&parts.texts[part.text])
      try parts.texts[part.text].checkGrowth()
      let count = parts.texts[part.text].count
      if count > 0 { result.append(Part(text: part.text, range: 0..<count)) }
    }
  }
}
