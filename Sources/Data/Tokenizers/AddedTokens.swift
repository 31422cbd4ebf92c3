/// A token that stands in a text as it is, beside the vocabulary of the model.
public struct AddedToken: Sendable, Hashable {
  /// What it looks like.
  public var content: String
  /// Its number.
  public var id: Int32
  /// Whether decoding may leave it out.
  public var isSpecial: Bool
  /// Whether it is found only where no letter or digit touches it.
  public var isSingleWord: Bool
  /// Whether it takes the white space before it along.
  public var stripsLeft: Bool
  /// Whether it takes the white space behind it along.
  public var stripsRight: Bool
  /// Whether it is looked for after normalization.
  public var isNormalized: Bool

  /// A token with the given traits.
  public init(
    _ content: String, id: Int32, isSpecial: Bool = true, isSingleWord: Bool = false, stripsLeft: Bool = false,
    stripsRight: Bool = false, isNormalized: Bool = false
  ) {
    self.content = content
    self.id = id
    self.isSpecial = isSpecial
    self.isSingleWord = isSingleWord
    self.stripsLeft = stripsLeft
    self.stripsRight = stripsRight
    self.isNormalized = isNormalized
  }
}

/// Finds added tokens in texts: at each place the longest.
struct AddedTokenFinder: Sendable {
  private var trie = ByteTrie()
  private var tokens: [AddedToken] = []
  private var firstBytes = [Bool](repeating: false, count: 256)

  var isEmpty: Bool { tokens.isEmpty }

  /// A finder of the given tokens, each with the spelling to look for.
  init(_ entries: [(spelling: [UInt8], token: AddedToken)]) {
    for entry in entries where !entry.spelling.isEmpty {
      trie.insert(entry.spelling, Int32(tokens.count))
      tokens.append(entry.token)
      firstBytes[Int(entry.spelling[0])] = true
    }
    trie.finish()
  }

  /// Cuts all parts where tokens stand in them.
  func apply(to parts: inout TextParts) throws(DataError) {
    guard !isEmpty else { return }
    try parts.split { (parts, part, result) throws(DataError) in
      parts.texts[part.text].bytes.withUnsafeBufferPointer { buffer in
        let text = UnsafeBufferPointer(rebasing: buffer[part.range])
        cut(text, part, &result)
      }
    }
  }

  private func cut(_ text: UnsafeBufferPointer<UInt8>, _ part: TextParts.Part, _ result: inout [TextParts.Part]) {
    let base = part.range.lowerBound
    var done = 0
    var position = 0
    while position < text.count {
      guard firstBytes[Int(text[position])] else {
        position += 1
        continue
      }
      var found: (token: Int, length: Int)?
      trie.forEachPrefix(text, from: position) { token, length in found = (Int(token), length) }
      guard let (index, length) = found else {
        position += 1
        continue
      }
      let token = tokens[index]
      var (start, end) = (position, position + length)
      position = end
      if token.isSingleWord, isWord(before: start, text) || isWord(at: end, text) { continue }
      if token.stripsLeft { start = max(spaceStart(before: start, text), done) }
      if token.stripsRight { end = spaceEnd(from: end, text) }
      if done < start { result.append(TextParts.Part(text: part.text, range: (base + done)..<(base + start))) }
      result.append(TextParts.Part(text: part.text, range: (base + start)..<(base + end), token: token.id))
      done = end
    }
    if done < text.count {
      result.append(TextParts.Part(text: part.text, range: (base + done)..<(base + text.count)))
    }
  }

  private func isWord(at position: Int, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
    position < text.count
      && ScalarClasses(ValidUTF8.scalar(text.baseAddress! + position).value).contains(.word)
  }

  private func isWord(before position: Int, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
    position > 0 && isWord(at: scalarStart(before: position, text), text)
  }

  private func scalarStart(before position: Int, _ text: UnsafeBufferPointer<UInt8>) -> Int {
    var first = position - 1
    while text[first] & 0xC0 == 0x80 { first -= 1 }
    return first
  }

  private func isSpace(_ position: Int, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
    ScalarClasses(ValidUTF8.scalar(text.baseAddress! + position).value).contains(.space)
  }

  private func spaceStart(before position: Int, _ text: UnsafeBufferPointer<UInt8>) -> Int {
    var start = position
    while start > 0 {
      let first = scalarStart(before: start, text)
      guard isSpace(first, text) else { break }
      start = first
    }
    return start
  }

  private func spaceEnd(from position: Int, _ text: UnsafeBufferPointer<UInt8>) -> Int {
    var end = position
    while end < text.count, isSpace(end, text) { end += ValidUTF8.length(text[end]) }
    return end
  }
}
