import MartletFormats

/// A compiled table of replacements, as SentencePiece models carry it: a double-array trie over bytes, and the texts that
/// its leaves point to.
struct CharacterMap: Sendable {
  private let units: [UInt32]
  private let texts: [UInt8]

  /// Reads a table: the trie's size in bytes, its units, and the texts, each with a zero byte behind it.
  ///
  /// - Throws: ``DataError`` if the bytes are no table. That a walk stays inside the trie is checked at every step.
  init(_ bytes: some Collection<UInt8>) throws(DataError) {
    let bytes = Array(bytes)
    func word(_ i: Int) -> UInt32 {
      UInt32(bytes[i]) | UInt32(bytes[i + 1]) << 8 | UInt32(bytes[i + 2]) << 16 | UInt32(bytes[i + 3]) << 24
    }
    guard bytes.count >= 4 else { throw DataError("a table of replacements is cut short") }
    let size = Int(word(0))
    guard size % 4 == 0, size > 0, size <= bytes.count - 4 else {
      throw DataError("a table of replacements promises a trie of \(size) bytes")
    }
    units = stride(from: 4, to: 4 + size, by: 4).map(word)
    texts = Array(bytes[(4 + size)...])
    guard String(validating: texts, as: UTF8.self) != nil else {
      throw DataError("a table of replacements holds text that is not UTF-8")
    }
  }

  /// The matches that begin at the start of `key`, shortest first: bytes taken, and where the replacement begins.
  private func walk(_ key: UnsafeBufferPointer<UInt8>, _ body: (Int, Int) -> Bool) {
    var node = Int(CharacterMap.offset(units[0]))
    for (i, byte) in key.enumerated() {
      if byte == 0 { return }
      node ^= Int(byte)
      guard node < units.count else { return }
      let unit = units[node]
      guard unit & 0x8000_00FF == UInt32(byte) else { return }
      node ^= Int(CharacterMap.offset(unit))
      guard node < units.count else { return }
      if unit >> 8 & 1 == 1, !body(i + 1, Int(units[node] & 0x7FFF_FFFF)) { return }
    }
  }

  private static func offset(_ unit: UInt32) -> UInt32 { (unit >> 10) << ((unit & 1 << 9) >> 6) }

  private func text(at start: Int) -> ArraySlice<UInt8>? {
    // A leaf that points into a character would give bytes that are no text.
    guard start < texts.count, texts[start] & 0xC0 != 0x80 else { return nil }
    return texts[start...].prefix { $0 != 0 }
  }

  /// The replacement of the shortest prefix of `key` that has one.
  func shortest(_ key: UnsafeBufferPointer<UInt8>) -> ArraySlice<UInt8>? {
    var result: ArraySlice<UInt8>?
    walk(key) { _, start in
      result = text(at: start)
      return false
    }
    return result
  }

  /// The longest prefix of `key` that has a replacement: its bytes, and what replaces it.
  func longest(_ key: UnsafeBufferPointer<UInt8>) -> (count: Int, text: ArraySlice<UInt8>)? {
    var result: (Int, ArraySlice<UInt8>)?
    walk(key) { count, start in
      if let text = text(at: start) { result = (count, text) }
      return true
    }
    return result
  }

  /// Replaces characters as the library *tokenizers* does: whole grapheme clusters of less than six bytes if they have a
  /// replacement, else each of their scalars.
  func apply(to text: inout AlignedText) {
    var changes: [AlignedText.Change] = []
    changes.reserveCapacity(text.count)
    var isChanged = false
    let limit = text.limit
    text.bytes.withUnsafeBufferPointer { bytes in
      var start = 0
      while start < bytes.count, changes.count <= limit {
        let end = CharacterMap.clusterEnd(bytes, from: start)
        let part = UnsafeBufferPointer(rebasing: bytes[start..<end])
        if end - start == ValidUTF8.length(bytes[start]) {
          replaceScalar(part, &changes, &isChanged)
        } else {
          for character in String(decoding: part, as: UTF8.self) { replace(character, &changes, &isChanged) }
        }
        start = end
      }
    }
    if isChanged { text.transform(changes) }
  }

  private func replace(_ character: Character, _ changes: inout [AlignedText.Change], _ isChanged: inout Bool) {
    var text = String(character)
    text.withUTF8 { bytes in
      if bytes.count < 6, let whole = shortest(bytes) {
        isChanged = true
        return CharacterMap.append(whole, replacing: character.unicodeScalars.count, to: &changes)
      }
      var start = 0
      while start < bytes.count {
        let end = start + ValidUTF8.length(bytes[start])
        replaceScalar(UnsafeBufferPointer(rebasing: bytes[start..<end]), &changes, &isChanged)
        start = end
      }
    }
  }

  private func replaceScalar(
    _ bytes: UnsafeBufferPointer<UInt8>, _ changes: inout [AlignedText.Change], _ isChanged: inout Bool
  ) {
    guard let new = shortest(bytes) else { return changes.append((ValidUTF8.scalar(bytes.baseAddress!).value, 0)) }
    isChanged = true
    CharacterMap.append(new, replacing: 1, to: &changes)
  }

  /// Appends the scalars of a replacement; those beyond the old ones are added, old ones beyond them go.
  private static func append(
    _ new: ArraySlice<UInt8>, replacing old: Int, to changes: inout [AlignedText.Change]
  ) {
    let first = changes.count
    for scalar in String(decoding: new, as: UTF8.self).unicodeScalars { changes.append((scalar.value, 0)) }
    let added = changes.count - first - old
    if added > 0 {
      for i in (changes.count - added)..<changes.count { changes[i].change = 1 }
    } else if added < 0, !changes.isEmpty {
      changes[changes.count - 1].change += added
    }
  }

  /// Where the clusters that begin at `start` end for certain: between two scalars that never join with a neighbor.
  private static func clusterEnd(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    let base = bytes.baseAddress!
    var (last, width) = ValidUTF8.scalar(base + start)
    var end = start + width
    while end < bytes.count {
      let next = ValidUTF8.scalar(base + end)
      if isLoner(last), isLoner(next.value), !(last == 13 && next.value == 10) { break }
      (last, width) = next
      end += width
    }
    return end
  }

  /// Whether a scalar neither extends a cluster nor is extended by another such scalar, carriage returns aside: letters
  /// and signs of common scripts. Marks, jamo, flags and emoji are left to the standard library.
  private static func isLoner(_ scalar: UInt32) -> Bool {
    switch scalar {
    case ..<0x300, 0x370..<0x483, 0x48A..<0x590, 0x3041...0x3096, 0x309B...0x30FF, 0x4E00...0x9FFF, 0xAC00...0xD7A3:
      true
    default: false
    }
  }
}

/// What SentencePiece does to a text before it looks for pieces.
struct SentencePieceNormalizer: Sendable {
  var map: CharacterMap?
  var addsPrefix = true
  var removesExtraSpaces = true
  /// Pieces that users defined: they are taken as they are.
  var userDefined = ByteTrie()
  var hasUserDefined = false
  /// Whether the space that is added goes behind the text instead of before it.
  var treatsSpaceAsSuffix = false

  static let space: [UInt8] = [0xE2, 0x96, 0x81]

  /// Replaces characters by the longest entry of the table, spaces by U+2581, and runs of spaces by one.
  func apply(to text: inout AlignedText) {
    var result = AlignedText.Replacement(capacity: text.count + 3)
    let prefix = addsPrefix && !treatsSpaceAsSuffix
    var isAtStart = true
    var isSpaceBefore = removesExtraSpaces
    // What spaces at the end may not be taken from: the first piece.
    var firstEnd = 0
    text.bytes.withUnsafeBufferPointer { bytes in
      var position = 0
      while position < bytes.count, result.bytes.count <= text.limit {
        let rest = UnsafeBufferPointer(rebasing: bytes[position...])
        let (count, replacement) = next(rest)
        let range = position..<(position + count)
        position += count
        let isSpace = replacement.map { $0.count == 1 && $0.first == 32 } ?? (count == 1 && rest[0] == 32)
        if isAtStart, removesExtraSpaces, isSpace { continue }
        let (start, end) = text.original(range)
        if isAtStart, prefix { result.append(SentencePieceNormalizer.space, start: start, end: start) }
        if isAtStart, prefix { firstEnd = result.bytes.count }
        isAtStart = false
        func append(_ piece: some Collection<UInt8>) {
          var piece = piece[...]
          while isSpaceBefore, piece.first == 32 { piece = piece.dropFirst() }
          guard !piece.isEmpty else { return }
          for byte in piece {
            if byte == 32 {
              result.append(SentencePieceNormalizer.space, start: start, end: end)
              isSpaceBefore = removesExtraSpaces
            } else {
              result.append(byte, start: start, end: end)
              isSpaceBefore = false
            }
          }
        }
        if let replacement { append(replacement) } else { append(rest[0..<count]) }
        if firstEnd == 0, addsPrefix { firstEnd = result.bytes.count }
      }
    }
    if isAtStart { return text = AlignedText([], origin: 0) }
    if removesExtraSpaces { result.removeLast(SentencePieceNormalizer.space, downTo: firstEnd) }
    if addsPrefix, treatsSpaceAsSuffix, let end = result.end {
      result.append(SentencePieceNormalizer.space, start: end, end: end)
    }
    text = text.replaced(by: result)
  }

  /// The bytes that the next step takes, and what replaces them; nil if they stay.
  private func next(_ rest: UnsafeBufferPointer<UInt8>) -> (Int, ArraySlice<UInt8>?) {
    if hasUserDefined {
      var longest = 0
      userDefined.forEachPrefix(rest, from: 0) { _, length in longest = max(longest, length) }
      if longest > 0 { return (longest, nil) }
    }
    if let (count, text) = map?.longest(rest) { return (count, text) }
    return (ValidUTF8.length(rest[0]), nil)
  }
}
