import MartletFormats
import Synchronization

/// A tokenizer out of a file: Hugging Face's `tokenizer.json`, a tiktoken table, or a SentencePiece model.
///
/// A text goes through these stages: added tokens are found, the rest is normalized, cut into words, and each word
/// becomes tokens of a model (byte pairs, WordPiece, unigram or whole words); then special tokens are put in. Tokens and
/// offsets are those of the libraries that the files belong to.
///
/// Equal words are looked up rather than computed again; one tokenizer may be used by any number of threads.
public struct PretrainedTokenizer: Tokenizer {
  /// Tokens beside the vocabulary of the model, by ascending number.
  public let addedTokens: [AddedToken]
  /// The number of tokens, added ones included: one more than the largest.
  public let vocabularySize: Int
  /// The file it was read from or would be written to; nil for kinds that are not written.
  let source: JSON?

  private let parts: Parts
  private let finder: AddedTokenFinder
  private let normalizedFinder: AddedTokenFinder
  private let addedByID: [Int32: AddedToken]
  private let entryByID: [Int32]
  /// The white space at the ends of each token's spelling, where offsets leave it out.
  private let margins: [TokenPostProcessor.Margins]
  private let scratches = ScratchPool()

  /// What a tokenizer is made of.
  struct Parts: Sendable {
    var normalizer: TextNormalizer?
    var splitter: WordSplitter?
    var model: TokenModel
    var postProcessor: TokenPostProcessor?
    var decoder: TokenDecoder?
    var addedTokens: [AddedToken] = []
    /// Pieces that are found in normalized texts as they are spelled, and belong to the vocabulary of the model.
    var frozen: [AddedToken] = []
    /// How the file spells each token.
    var spellings: TokenTable
    /// Whether the model works on bytes, so that words need not be spelled first.
    var isByteLevel = false
    /// What tokens that have no text decode to, where that is not their spelling.
    var decodedSpellings: [Int32: [UInt8]] = [:]
    /// What joins tokens when there is no decoder.
    var separator: [UInt8] = [32]
  }

  /// The most tokens, and the largest number of one.
  static let maximumTokens = 10_000_000

  /// A tokenizer of the given parts.
  init(_ parts: Parts, source: JSON? = nil) throws(DataError) {
    self.parts = parts
    self.source = source
    addedTokens = parts.addedTokens.sorted { $0.id < $1.id }
    addedByID = Dictionary(addedTokens.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    var raw: [(spelling: [UInt8], token: AddedToken)] = []
    var normalized: [(spelling: [UInt8], token: AddedToken)] = []
    var largest: Int32 = -1
    for token in addedTokens {
      largest = max(largest, token.id)
      guard token.isNormalized else {
        raw.append((Array(token.content.utf8), token))
        continue
      }
      var text = AlignedText(Array(token.content.utf8), origin: 0)
      try parts.normalizer?.apply(to: &text)
      normalized.append((text.bytes, token))
    }
    for token in parts.frozen { normalized.append((Array(token.content.utf8), token)) }
    finder = AddedTokenFinder(raw)
    normalizedFinder = AddedTokenFinder(normalized)
    for entry in 0..<parts.spellings.count { largest = max(largest, parts.spellings.number(entry)) }
    guard Int(largest) < PretrainedTokenizer.maximumTokens else {
      throw DataError("token \(largest) is larger than \(PretrainedTokenizer.maximumTokens - 1)")
    }
    vocabularySize = Int(largest) + 1
    var entryByID = [Int32](repeating: -1, count: vocabularySize)
    for entry in 0..<parts.spellings.count { entryByID[Int(parts.spellings.number(entry))] = Int32(entry) }
    self.entryByID = entryByID
    let table = parts.spellings
    let trimsOffsets = parts.postProcessor?.trimsOffsets ?? false
    margins =
      trimsOffsets
      ? entryByID.map { $0 < 0 ? (0, 0) : PretrainedTokenizer.margins(table.spelling(Int($0))) } : []
  }
}

extension PretrainedTokenizer {
  /// The tokens of a text, special ones put in as the file says.
  public func encode(_ text: String) throws -> [Int32] { try encode(text, addsSpecialTokens: true) }

  /// The tokens of a text.
  ///
  /// - Parameter addsSpecialTokens: Whether the file's template puts its special tokens in.
  /// - Throws: ``DataError`` if the model has no token for something, or a pattern takes too long.
  public func encode(_ text: String, addsSpecialTokens: Bool) throws -> [Int32] {
    let ids = try scratches.use { scratch throws(DataError) in
      let pieces = try prepare(text, scratch)
      var ids: [Int32] = []
      ids.reserveCapacity(text.utf8.count / 3)
      for part in pieces.parts {
        if part.token >= 0 {
          ids.append(part.token)
          continue
        }
        try encode(part, pieces, scratch)
        ids += scratch.tokens
      }
      return ids
    }
    return addsSpecialTokens ? parts.postProcessor?.complete(ids) ?? ids : ids
  }

  /// The tokens of a text, or of two that belong together, with their places.
  ///
  /// - Throws: ``DataError`` if the model has no token for something, or a pattern takes too long.
  public func encoding(
    of text: String, and second: String? = nil, addsSpecialTokens: Bool = true
  ) throws -> TokenEncoding {
    var encodings: [TokenEncoding] = []
    var margins: [[TokenPostProcessor.Margins]] = []
    for text in [text] + (second.map { [$0] } ?? []) {
      let (encoding, margin) = try located(text, type: Int32(encodings.count))
      encodings.append(encoding)
      margins.append(margin)
    }
    if let postProcessor = parts.postProcessor {
      encodings = postProcessor.apply(to: encodings, addsSpecial: addsSpecialTokens, margins: margins)
    }
    var result = encodings[0]
    for more in encodings.dropFirst() { result.append(more) }
    return result
  }

  /// The token that is spelled so in the file, or nil if there is none.
  public func token(_ spelling: String) -> Int32? {
    addedTokens.first { $0.content.utf8.elementsEqual(spelling.utf8) }?.id
      ?? parts.spellings.number(Array(spelling.utf8))
  }

  /// How the file spells a token, or nil if there is no such token. Bytes that are no UTF-8 become `U+FFFD`.
  public func spelling(of token: Int32) -> String? {
    if let added = addedByID[token] { return added.content }
    return bytes(of: token).map { String(decoding: $0, as: UTF8.self) }
  }

  private func bytes(of token: Int32) -> ArraySlice<UInt8>? {
    guard token >= 0, Int(token) < entryByID.count, entryByID[Int(token)] >= 0 else { return nil }
    return parts.spellings.spelling(Int(entryByID[Int(token)]))
  }
}

extension PretrainedTokenizer {
  public func decode(_ tokens: [Int32]) throws -> String { try decode(tokens, keepsSpecialTokens: false) }

  /// The text of tokens.
  ///
  /// - Parameter keepsSpecialTokens: Whether special tokens appear as they are spelled.
  /// - Throws: ``DataError`` if there is no such token.
  public func decode(_ tokens: [Int32], keepsSpecialTokens: Bool) throws -> String {
    var spellings: [[UInt8]] = []
    for token in tokens {
      if let added = addedByID[token] {
        if keepsSpecialTokens || !added.isSpecial { spellings.append(Array(added.content.utf8)) }
      } else if let text = parts.decodedSpellings[token] {
        spellings.append(text)
      } else if let spelling = bytes(of: token) {
        spellings.append(Array(spelling))
      } else {
        throw DataError("there is no token \(token)")
      }
    }
    let bytes = try parts.decoder?.decode(spellings) ?? Array(spellings.joined(separator: parts.separator))
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension PretrainedTokenizer {
  /// A text cut into words.
  private func prepare(_ text: String, _ scratch: EncodingScratch) throws(DataError) -> TextParts {
    guard text.utf8.count < 1 << 30 else { throw DataError("a text of more than 1 GiB is to be encoded in parts") }
    var pieces = TextParts(AlignedText(Array(text.utf8), origin: 0))
    try finder.apply(to: &pieces)
    if let normalizer = parts.normalizer {
      try pieces.change { (text) throws(DataError) in try normalizer.apply(to: &text) }
    }
    try normalizedFinder.apply(to: &pieces)
    try parts.splitter?.apply(to: &pieces, scratch, isByteLevel: parts.isByteLevel)
    return pieces
  }

  /// Puts the tokens of a word into the scratch memory.
  private func encode(_ part: TextParts.Part, _ pieces: TextParts, _ scratch: EncodingScratch) throws(DataError) {
    scratch.removeAllTokens()
    try pieces.texts[part.text].bytes.withUnsafeBufferPointer { (buffer) throws(DataError) in
      guard !part.range.isEmpty else { return }
      try parts.model.encode(UnsafeBufferPointer(rebasing: buffer[part.range]), into: scratch)
    }
  }

  /// Tokens, their places, and the white space at their ends.
  private func located(_ text: String, type: Int32) throws -> (TokenEncoding, [TokenPostProcessor.Margins]) {
    let places = ScalarPlaces(text)
    return try scratches.use { scratch throws(DataError) in
      let pieces = try prepare(text, scratch)
      var result = TokenEncoding()
      var margins: [TokenPostProcessor.Margins] = []
      let needsMargins = parts.postProcessor?.trimsOffsets ?? false
      for part in pieces.parts where !part.range.isEmpty {
        let source = pieces.texts[part.text]
        if part.token >= 0 {
          result.ids.append(part.token)
          result.offsets.append(places.range(source.original(part.range)))
          if needsMargins { margins.append(PretrainedTokenizer.margins(source.bytes[part.range])) }
          continue
        }
        try encode(part, pieces, scratch)
        result.ids += scratch.tokens
        for i in scratch.tokens.indices {
          let range = (part.range.lowerBound + Int(scratch.starts[i]))..<(part.range.lowerBound + Int(scratch.ends[i]))
          result.offsets.append(places.range(source.original(range)))
          if needsMargins { margins.append(self.margins[Int(scratch.tokens[i])]) }
        }
      }
      result.typeIDs = [Int32](repeating: type, count: result.count)
      result.isSpecial = [Bool](repeating: false, count: result.count)
      return (result, margins)
    }
  }

  /// How many spaces, or signs that stand for one, a spelling begins and ends with.
  private static func margins(_ spelling: ArraySlice<UInt8>) -> TokenPostProcessor.Margins {
    let scalars = String(decoding: spelling, as: UTF8.self).unicodeScalars
    func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar.value == 0x120 || scalar.properties.isWhitespace }
    guard let first = scalars.first, let last = scalars.last, isSpace(first) || isSpace(last) else { return (0, 0) }
    return (scalars.prefix(while: isSpace).count, scalars.reversed().prefix(while: isSpace).count)
  }
}

extension TokenPostProcessor {
  /// Whether offsets leave white space out.
  var trimsOffsets: Bool {
    switch self {
    case .sequence(let parts): parts.contains { $0.trimsOffsets }
    case .template: false
    case .trimOffsets: true
    case .roberta(_, _, let trimsOffsets, _): trimsOffsets
    }
  }
}

/// From places in bytes to places in Unicode scalars.
private struct ScalarPlaces {
  private let byteCount: Int
  private let scalarCount: Int
  /// For each byte the scalar that it belongs to; empty if all are ASCII.
  private var scalars: [Int32] = []

  init(_ text: String) {
    byteCount = text.utf8.count
    var count = 0
    var places: [Int32] = []
    var isASCII = true
    for byte in text.utf8 {
      if byte & 0xC0 != 0x80 { count += 1 }
      if byte >= 0x80 { isASCII = false }
      places.append(Int32(count - 1))
    }
    scalarCount = count
    if !isASCII { scalars = places }
  }

  func range(_ bytes: (start: Int, end: Int)) -> Range<Int> {
    guard !scalars.isEmpty, bytes.start < byteCount else { return bytes.start..<max(bytes.start, bytes.end) }
    let start = Int(scalars[bytes.start])
    let end = bytes.end < byteCount ? Int(scalars[bytes.end]) : scalarCount
    return start..<max(start, end)
  }
}

/// Scratch memory that no thread has at the moment.
private final class ScratchPool: Sendable {
  private struct Idle: @unchecked Sendable {
    // Unchecked because the memory is in the list only while no thread has it.
    var list: [EncodingScratch] = []
  }

  private let idle = Mutex(Idle())

  func use<Result, Failure: Error>(
    _ body: (EncodingScratch) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let scratch = idle.withLock { idle in idle.list.popLast() ?? nil } ?? EncodingScratch()
    defer { give(scratch) }
    return try body(scratch)
  }

  private func give(_ scratch: EncodingScratch) {
    nonisolated(unsafe) let scratch = scratch
    idle.withLock { $0.list.append(scratch) }
  }
}
