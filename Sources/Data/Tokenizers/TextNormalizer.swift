/// What happens to a text before it is cut into words.
indirect enum TextNormalizer: Sendable {
  case sequence([TextNormalizer])
  case form(UnicodeNormalization.Form)
  case lowercase
  case strip(left: Bool, right: Bool)
  case stripAccents
  case nmt
  case bert(cleansText: Bool, separatesChinese: Bool, stripsAccents: Bool, lowercases: Bool)
  case replace(TextPattern, by: [UInt8])
  case prepend([UInt8])
  case characterMap(CharacterMap)
  case byteLevel
  /// What SentencePiece does itself; see ``SentencePieceNormalizer``.
  case sentencePiece(SentencePieceNormalizer)

  func apply(to text: inout AlignedText) throws(DataError) {
    try change(&text)
    try text.checkGrowth()
  }

  private func change(_ text: inout AlignedText) throws(DataError) {
    switch self {
    case .sequence(let parts): for part in parts { try part.apply(to: &text) }
    case .form(let form): UnicodeNormalization.apply(form, to: &text)
    case .lowercase: text.lowercase()
    case .strip(let left, let right): text.strip(left: left, right: right)
    case .stripAccents: text.filter { ScalarClasses($0).isDisjoint(with: .mark) }
    case .nmt: text.cleanAsNMT()
    case .bert(let cleansText, let separatesChinese, let stripsAccents, let lowercases):
      if text.isASCII {
        // Nothing but case and spaces can change; control characters take the long way.
        if !text.bytes.contains(where: { $0 < 32 && $0 != 9 && $0 != 10 && $0 != 13 || $0 == 127 }) || !cleansText {
          text.mapASCII { byte in
            if cleansText, byte == 9 || byte == 10 || byte == 13 { return 32 }
            return lowercases && byte >= 65 && byte <= 90 ? byte + 32 : byte
          }
          return
        }
      }
      if cleansText { text.cleanAsBERT() }
      if separatesChinese { text.separateChinese() }
      if stripsAccents {
        UnicodeNormalization.apply(.nfd, to: &text)
        text.filter { !ScalarClasses($0).contains(.nonspacingMark) }
      }
      if lowercases { text.lowercase() }
    case .replace(let pattern, let content):
      text.replace(try pattern.matches(in: text.bytes, range: 0..<text.count), by: content)
    case .prepend(let content): text.prepend(content)
    case .characterMap(let map): map.apply(to: &text)
    case .byteLevel: text.spellBytes()
    case .sentencePiece(let normalizer): normalizer.apply(to: &text)
    }
  }
}

extension AlignedText {
  mutating func lowercase() {
    if isASCII { return mapASCII { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 } }
    flatMap { scalar, changes in
      if scalar < 0x80 {
        changes.append((scalar >= 65 && scalar <= 90 ? scalar + 32 : scalar, 0))
      } else {
        let lower = Unicode.Scalar(scalar)?.properties.lowercaseMapping ?? ""
        for (i, part) in lower.unicodeScalars.enumerated() { changes.append((part.value, i == 0 ? 0 : 1)) }
      }
    }
  }

  /// Control characters go, white space becomes a plain space.
  fileprivate mutating func cleanAsBERT() {
    filter { scalar in
      if scalar == 9 || scalar == 10 || scalar == 13 { return true }
      if scalar == 0 || scalar == 0xFFFD { return false }
      return ScalarClasses(scalar).isDisjoint(with: [.control, .format, .privateUse])
    }
    map { ScalarClasses($0).contains(.space) ? 32 : $0 }
  }

  /// Spaces around characters of the Chinese blocks.
  fileprivate mutating func separateChinese() {
    func isChinese(_ scalar: UInt32) -> Bool {
      switch scalar {
      case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
        0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
        true
      default: false
      }
    }
    guard scalars.contains(where: isChinese) else { return }
    flatMap { scalar, changes in
      guard isChinese(scalar) else { return changes.append((scalar, 0)) }
      changes += [(32, 0), (scalar, 1), (32, 1)]
    }
  }

  /// The clean-up of the NMT models that SentencePiece grew up with.
  fileprivate mutating func cleanAsNMT() {
    filter { scalar in
      switch scalar {
      case 0x1...0x8, 0xB, 0xE...0x1F, 0x7F, 0x8F, 0x9F: false
      default: true
      }
    }
    map { scalar in
      switch scalar {
      case 0x9, 0xA, 0xC, 0xD, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD: 32
      default: scalar
      }
    }
  }

  /// Each byte becomes the character that stands for it in byte-level vocabularies.
  mutating func spellBytes() {
    flatMap { scalar, changes in
      var bytes: [UInt8] = []
      ValidUTF8.append(scalar, to: &bytes)
      for (i, byte) in bytes.enumerated() { changes.append((ByteSpelling.scalars[Int(byte)], i == 0 ? 0 : 1)) }
    }
  }
}

/// The characters that stand for bytes in byte-level vocabularies, so that every token is printable.
///
/// - Note: Radford et al., *Language models are unsupervised multitask learners* (2019), GPT-2's code.
enum ByteSpelling {
  /// The scalar of each byte: itself where it is printable, else one of the 68 from U+0100 on, in order.
  static let scalars: [UInt32] = {
    var next: UInt32 = 256
    return (0..<256).map { byte in
      if (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174 { return UInt32(byte) }
      defer { next += 1 }
      return next
    }
  }()

  private static let bytes: [UInt32: UInt8] = Dictionary(
    uniqueKeysWithValues: scalars.enumerated().map { ($0.element, UInt8($0.offset)) })

  /// The bytes that a spelling stands for; nil if it has a character that stands for none.
  static func bytes(of spelling: some Collection<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(spelling.count)
    for scalar in String(decoding: spelling, as: UTF8.self).unicodeScalars {
      guard let byte = bytes[scalar.value] else { return nil }
      result.append(byte)
    }
    return result
  }

  /// How bytes are spelled.
  static func spelling(of bytes: some Collection<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    for byte in bytes { ValidUTF8.append(scalars[Int(byte)], to: &result) }
    return result
  }
}

/// Something to look for in a text.
enum TextPattern: Sendable {
  case text([UInt8])
  case expression(RegularExpression)
  case scalars(@Sendable (UInt32) -> Bool)

  func matches(in bytes: [UInt8], range: Range<Int>) throws(DataError) -> [Range<Int>] {
    switch self {
    case .text(let wanted):
      var result: [Range<Int>] = []
      guard let first = wanted.first else { return [] }
      var position = range.lowerBound
      while position + wanted.count <= range.upperBound {
        if bytes[position] == first, bytes[position..<(position + wanted.count)].elementsEqual(wanted) {
          result.append(position..<(position + wanted.count))
          position += wanted.count
        } else {
          position += 1
        }
      }
      return result
    case .expression(let expression): return try expression.matches(in: bytes, range: range)
    case .scalars(let isWanted):
      var result: [Range<Int>] = []
      bytes.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        var position = range.lowerBound
        while position < range.upperBound {
          let (scalar, length) = ValidUTF8.scalar(base + position)
          if isWanted(scalar) { result.append(position..<(position + length)) }
          position += length
        }
      }
      return result
    }
  }
}
