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
    guard start < texts.count else { return nil }
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
    var isChanged = false
    let string = String(decoding: text.bytes, as: UTF8.self)
    func replace(_ old: Int, _ new: ArraySlice<UInt8>) {
      isChanged = true
      let scalars = String(decoding: new, as: UTF8.self).unicodeScalars.map(\.value)
      for scalar in scalars { changes.append((scalar, 0)) }
      let added = scalars.count - old
      if added > 0 {
        for i in (changes.count - added)..<changes.count { changes[i].change = 1 }
      } else if added < 0, !changes.isEmpty {
        changes[changes.count - 1].change += added
      }
    }
    for character in string {
      let bytes = Array(character.utf8)
      let whole = bytes.count < 6 ? bytes.withUnsafeBufferPointer { shortest($0) } : nil
      if let whole {
        replace(character.unicodeScalars.count, whole)
        continue
      }
      for scalar in character.unicodeScalars {
        let part = Array(UTF8.encode(scalar)!).withUnsafeBufferPointer { shortest($0) }
        if let part { replace(1, part) } else { changes.append((scalar.value, 0)) }
      }
    }
    if isChanged { text.transform(changes) }
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
    var pieces: [(bytes: [UInt8], start: Int, end: Int)] = []
    text.bytes.withUnsafeBufferPointer { buffer in
      var position = 0
      while position < buffer.count {
        let (count, replacement) = next(UnsafeBufferPointer(rebasing: buffer[position...]))
        pieces.append((replacement, position, position + count))
        position += count
      }
    }
    if removesExtraSpaces {
      while let first = pieces.first, first.bytes == [32] { pieces.removeFirst() }
    }
    var result: [(bytes: [UInt8], start: Int, end: Int)] = []
    if pieces.isEmpty { return text = AlignedText([], origin: 0) }
    if addsPrefix, !treatsSpaceAsSuffix {
      result.append((SentencePieceNormalizer.space, pieces[0].start, pieces[0].start))
    }
    var isSpaceBefore = removesExtraSpaces
    for piece in pieces {
      var bytes = piece.bytes[...]
      while isSpaceBefore, bytes.first == 32 { bytes = bytes.dropFirst() }
      guard !bytes.isEmpty else { continue }
      var spelled: [UInt8] = []
      for byte in bytes { if byte == 32 { spelled += SentencePieceNormalizer.space } else { spelled.append(byte) } }
      isSpaceBefore = removesExtraSpaces && bytes.last == 32
      result.append((spelled, piece.start, piece.end))
    }
    if removesExtraSpaces {
      while let last = result.last, last.bytes.suffix(3) == SentencePieceNormalizer.space[...],
        result.count > (addsPrefix ? 1 : 0)
      {
        result[result.count - 1].bytes.removeLast(3)
        if result[result.count - 1].bytes.isEmpty { result.removeLast() }
      }
    }
    if addsPrefix, treatsSpaceAsSuffix, let last = result.last {
      result.append((SentencePieceNormalizer.space, last.end, last.end))
    }
    text = text.replaced(by: result)
  }

  private func next(_ rest: UnsafeBufferPointer<UInt8>) -> (Int, [UInt8]) {
    if hasUserDefined {
      var longest = 0
      userDefined.forEachPrefix(rest, from: 0) { _, length in longest = max(longest, length) }
      if longest > 0 { return (longest, Array(rest[0..<longest])) }
    }
    if let (count, text) = map?.longest(rest) { return (count, Array(text)) }
    let length = ValidUTF8.length(rest[0])
    return (length, Array(rest[0..<length]))
  }
}

extension AlignedText {
  /// A text of the given pieces, each with the range of this text that it came from.
  func replaced(by pieces: [(bytes: [UInt8], start: Int, end: Int)]) -> AlignedText {
    var result = AlignedText([], origin: 0)
    for piece in pieces {
      let (start, end) =
        piece.start < piece.end
        ? (self.start(of: piece.start), self.end(of: piece.end - 1))
        : piece.start < count
          ? (self.start(of: piece.start), self.start(of: piece.start))
          : (self.end(of: count - 1), self.end(of: count - 1))
      result.append(piece.bytes, start: start, end: end)
    }
    return result
  }
}
