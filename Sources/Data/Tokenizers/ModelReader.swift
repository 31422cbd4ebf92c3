import MartletFormats

/// Reads the model of a `tokenizer.json`.
struct ModelReader {
  private let json: JSON
  private let splitter: WordSplitter?

  init(_ json: JSON, _ splitter: WordSplitter?) {
    self.json = json
    self.splitter = splitter
  }

  func read() throws(DataError) -> (model: TokenModel, spellings: TokenTable, isByteLevel: Bool) {
    switch json["type"]?.stringValue ?? guessedType {
    case "BPE": return try pairs()
    case "WordPiece":
      let table = try vocabulary()
      let limit = json["max_input_chars_per_word"]?.intValue ?? 100
      let model = WordPieceModel(
        table: table, unknown: token(json["unk_token"]?.stringValue ?? "[UNK]", table),
        prefix: Array((json["continuing_subword_prefix"]?.stringValue ?? "##").utf8), longestWord: limit)
      return (.wordPiece(model), table, false)
    case "WordLevel":
      let table = try vocabulary()
      return (
        .words(WordModel(table: table, unknown: token(json["unk_token"]?.stringValue ?? "<unk>", table))), table, false
      )
    case "Unigram": return try unigram()
    case let name: throw DataError("has a model of type \(name.debugDescription), which is not known here")
    }
  }

  /// Old files leave the type out.
  private var guessedType: String {
    if json["merges"] != nil { return "BPE" }
    if json["vocab"]?.arrayValue != nil { return "Unigram" }
    return json["continuing_subword_prefix"] != nil ? "WordPiece" : "WordLevel"
  }

  private func token(_ spelling: String, _ table: TokenTable) -> Int32? { table.number(Array(spelling.utf8)) }

  private func vocabulary() throws(DataError) -> TokenTable {
    guard let vocabulary = json["vocab"]?.objectValue else { throw DataError("has a model without a vocabulary") }
    guard vocabulary.count <= PretrainedTokenizer.maximumTokens else { throw DataError("has too many tokens") }
    var table = TokenTable(capacity: vocabulary.count)
    for (spelling, id) in vocabulary.members {
      guard let id = id.intValue, id >= 0, id < PretrainedTokenizer.maximumTokens else {
        throw DataError("token \(FormatError.quoted(spelling)) has no number, or one that is too large")
      }
      guard table.insert(Array(spelling.utf8), number: Int32(id)) else {
        throw DataError("token \(FormatError.quoted(spelling)) is there twice")
      }
    }
    return table
  }

  // MARK: Byte pairs

  private func pairs() throws(DataError) -> (TokenModel, TokenTable, Bool) {
    let table = try vocabulary()
    let prefix = Array((json["continuing_subword_prefix"]?.stringValue ?? "").utf8)
    let suffix = Array((json["end_of_word_suffix"]?.stringValue ?? "").utf8)
    var model = PairModel(table: table, merges: try merges(table, prefix: prefix))
    (model.prefix, model.suffix) = (prefix, suffix)
    model.fusesUnknown = json["fuse_unk"]?.boolValue ?? false
    model.prefersWholeWords = json["ignore_merges"]?.boolValue ?? false
    if let name = json["unk_token"]?.stringValue {
      guard let unknown = token(name, table) else {
        throw DataError("the token for unknown characters, \(FormatError.quoted(name)), is not in the vocabulary")
      }
      model.unknown = unknown
    }
    if json["byte_fallback"]?.boolValue == true { model.fallback = ModelReader.fallback(table) }
    let isByteLevel = makeByteLevel(&model)
    return (.pairs(model), table, isByteLevel)
  }

  /// The tokens `<0x00>` to `<0xFF>`; nil if one is missing.
  static func fallback(_ table: TokenTable) -> [Int32]? {
    var result: [Int32] = []
    for byte in 0..<256 {
      let digits = String(byte, radix: 16, uppercase: true)
      guard let id = table.number(Array("<0x\(digits.count < 2 ? "0" : "")\(digits)>".utf8)) else { return nil }
      result.append(id)
    }
    return result
  }

  /// Where words would be spelled for the model right before it, lets it work on bytes instead.
  private func makeByteLevel(_ model: inout PairModel) -> Bool {
    guard model.prefix.isEmpty, model.suffix.isEmpty, model.fallback == nil, isSpelledLast(splitter) else {
      return false
    }
    let bytes = (0..<256).map { model.table.number(ByteSpelling.spelling(of: [UInt8($0)])) }
    // A byte without a token would be an unknown one.
    guard model.unknown == nil || bytes.allSatisfy({ $0 != nil }) else { return false }
    model.bytes = bytes.map { $0 ?? -1 }
    guard model.prefersWholeWords else { return true }
    var raw = TokenTable(capacity: model.table.count)
    for entry in 0..<model.table.count {
      guard let spelling = ByteSpelling.bytes(of: model.table.spelling(entry)) else { continue }
      raw.insert(spelling, number: model.table.number(entry))
    }
    model.table = raw
    return true
  }

  private func isSpelledLast(_ splitter: WordSplitter?) -> Bool {
    switch splitter {
    case .byteLevel: true
    case .sequence(let parts): isSpelledLast(parts.last) && !parts.dropLast().contains { $0.spellsBytes }
    default: false
    }
  }

  private func merges(_ table: TokenTable, prefix: [UInt8]) throws(DataError) -> MergeTable {
    guard let list = json["merges"]?.arrayValue else { throw DataError("has a model without merges") }
    var merges = MergeTable(capacity: list.count)
    for (rank, item) in list.enumerated() {
      guard let (left, right) = ModelReader.halves(item) else { throw DataError("merge \(rank) is no pair") }
      let joined = left + (prefix.isEmpty ? right : Array(right.dropFirst(prefix.count)))
      guard let leftID = table.number(left), let rightID = table.number(right), let id = table.number(joined) else {
        throw DataError(
          "merge \(rank), \(FormatError.quoted(String(decoding: left + [32] + right, as: UTF8.self))), "
            + "has a token that is not in the vocabulary")
      }
      merges.insert(leftID, rightID, rank: Int32(rank), result: id)
    }
    return merges
  }

  private static func halves(_ item: JSON) -> ([UInt8], [UInt8])? {
    if let pair = item.arrayValue, pair.count == 2, let left = pair[0].stringValue, let right = pair[1].stringValue {
      return (Array(left.utf8), Array(right.utf8))
    }
    guard let text = item.stringValue else { return nil }
    let parts = text.utf8.split(separator: 32, omittingEmptySubsequences: false)
    return parts.count == 2 ? (Array(parts[0]), Array(parts[1])) : nil
  }

  // MARK: Unigram

  private func unigram() throws(DataError) -> (TokenModel, TokenTable, Bool) {
    guard let list = json["vocab"]?.arrayValue else { throw DataError("has a model without a vocabulary") }
    guard list.count <= PretrainedTokenizer.maximumTokens else { throw DataError("has too many tokens") }
    var table = TokenTable(capacity: list.count)
    var pieces: [(spelling: [UInt8], score: Double)] = []
    for (i, item) in list.enumerated() {
      guard let spelling = item[0]?.stringValue, let score = item[1]?.doubleValue, score.isFinite else {
        throw DataError("piece \(i) is no text with a number")
      }
      // A spelling that comes twice belongs to the later piece; the other can still be decoded.
      table.append(Array(spelling.utf8), number: Int32(i))
      pieces.append((Array(spelling.utf8), score))
    }
    let unknown = json["unk_id"]?.intValue
    if let unknown, !pieces.indices.contains(unknown) {
      throw DataError("the piece for unknown characters, \(unknown), is not in the vocabulary")
    }
    let usesBytes = json["byte_fallback"]?.boolValue ?? false
    let model = UnigramModel(
      pieces: pieces, unknown: unknown.map { Int32($0) }, fallback: usesBytes ? ModelReader.fallback(table) : nil)
    return (.unigram(model), table, false)
  }
}
