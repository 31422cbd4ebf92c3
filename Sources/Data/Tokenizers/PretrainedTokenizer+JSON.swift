import MartletFormats

extension PretrainedTokenizer {
  /// Reads a tokenizer: a `tokenizer.json` or a SentencePiece model, told apart by its first byte.
  ///
  /// A tiktoken table does not say how it cuts texts; see ``init(tiktoken:encoding:)``.
  ///
  /// - Throws: `FormatError` or ``DataError`` if the file is neither, or has parts that are not known here, which are named.
  public init(path: String) throws {
    let bytes = try MappedFile(path: path).bytes
    do {
      if bytes.count > 0, bytes[0..<1].array == [0x7B] {
        try self.init(json: JSON(parsing: bytes, file: path))
      } else {
        try self.init(sentencePiece: bytes, file: path)
      }
    } catch var error as DataError {
      error.file = path
      throw error
    }
  }

  /// Makes a tokenizer of the content of a `tokenizer.json`.
  ///
  /// - Throws: ``DataError`` if something in it is missing, makes no sense or is not known here. Truncation, padding and
  ///   dropout, which change what training sees, are not part of a tokenizer here and left out.
  public init(json: JSON) throws {
    let reader = TokenizerReader(json)
    try self.init(try reader.parts(), source: json)
  }

  /// Writes the tokenizer as a `tokenizer.json`.
  ///
  /// - Throws: ``DataError`` for tokenizers that came from another format.
  public func save(to path: String) throws {
    guard let source else { throw DataError("only tokenizers of tokenizer.json files, and trained ones, are written") }
    try AtomicFile.write(source.serializedForReading(), to: path)
  }
}

/// Reads the parts of a `tokenizer.json`.
struct TokenizerReader {
  private let json: JSON

  init(_ json: JSON) { self.json = json }

  func parts() throws(DataError) -> PretrainedTokenizer.Parts {
    guard let model = json["model"], model.objectValue != nil else {
      throw DataError("has no model: is no tokenizer.json")
    }
    let normalizer = try part("normalizer").map { (json) throws(DataError) in try TokenizerReader.normalizer(json) }
    let splitter = try part("pre_tokenizer").map { (json) throws(DataError) in try TokenizerReader.splitter(json) }
    let decoder = try part("decoder").map { (json) throws(DataError) in try TokenizerReader.decoder(json) }
    let added = try addedTokens()
    let (tokenModel, spellings, isByteLevel) = try ModelReader(model, splitter).read()
    let post = try part("post_processor").map { (json) throws(DataError) in
      try TokenizerReader.postProcessor(json) { name in
        added.last { $0.content == name }?.id ?? spellings.number(Array(name.utf8))
      }
    }
    return PretrainedTokenizer.Parts(
      normalizer: normalizer, splitter: splitter, model: tokenModel, postProcessor: post ?? nil, decoder: decoder,
      addedTokens: added, spellings: spellings, isByteLevel: isByteLevel)
  }

  /// A part that is there and not null.
  private func part(_ name: String) -> JSON? {
    guard let part = json[name], part != .null else { return .none }
    return part
  }

  private func addedTokens() throws(DataError) -> [AddedToken] {
    var result: [AddedToken] = []
    for item in json["added_tokens"]?.arrayValue ?? [] {
      guard let content = item["content"]?.stringValue, let id = item["id"]?.intValue, let id = Int32(exactly: id),
        id >= 0
      else { throw DataError("added token \(result.count) has no content or no number") }
      func flag(_ name: String) -> Bool { item[name]?.boolValue ?? false }
      result.append(
        AddedToken(
          content, id: id, isSpecial: flag("special"), isSingleWord: flag("single_word"), stripsLeft: flag("lstrip"),
          stripsRight: flag("rstrip"), isNormalized: item["normalized"]?.boolValue ?? true))
    }
    return result
  }

  // MARK: Fields

  static func type(_ json: JSON) throws(DataError) -> String {
    guard let type = json["type"]?.stringValue else { throw DataError("has a part without a type") }
    return type
  }

  static func text(_ json: JSON, _ name: String) throws(DataError) -> String {
    guard let text = json[name]?.stringValue else { throw DataError("lacks the text \(name.debugDescription)") }
    return text
  }

  static func bytes(_ json: JSON, _ name: String) throws(DataError) -> [UInt8] { Array(try text(json, name).utf8) }

  static func flag(_ json: JSON, _ name: String, _ fallback: Bool) -> Bool { json[name]?.boolValue ?? fallback }

  static func parts<Part>(
    _ json: JSON, _ name: String, _ read: (JSON) throws(DataError) -> Part
  ) throws(DataError) -> [Part] {
    guard let list = json[name]?.arrayValue else { throw DataError("lacks the list \(name.debugDescription)") }
    var result: [Part] = []
    for item in list { result.append(try read(item)) }
    return result
  }

  static func pattern(_ json: JSON) throws(DataError) -> TextPattern {
    if let text = json["pattern"]?["String"]?.stringValue { return .text(Array(text.utf8)) }
    if let text = json["pattern"]?["Regex"]?.stringValue { return .expression(try RegularExpression(text)) }
    throw DataError("has a part without a pattern")
  }

  // MARK: Parts

  static func normalizer(_ json: JSON) throws(DataError) -> TextNormalizer {
    switch try type(json) {
    case "Sequence":
      return .sequence(try parts(json, "normalizers") { (json) throws(DataError) in try normalizer(json) })
    case "NFC": return .form(.nfc)
    case "NFD": return .form(.nfd)
    case "NFKC": return .form(.nfkc)
    case "NFKD": return .form(.nfkd)
    case "Lowercase": return .lowercase
    case "Strip": return .strip(left: flag(json, "strip_left", true), right: flag(json, "strip_right", true))
    case "StripAccents": return .stripAccents
    case "Nmt": return .nmt
    case "Prepend": return .prepend(try bytes(json, "prepend"))
    case "Replace": return .replace(try pattern(json), by: try bytes(json, "content"))
    case "ByteLevel": return .byteLevel
    case "BertNormalizer":
      let lowercases = flag(json, "lowercase", true)
      return .bert(
        cleansText: flag(json, "clean_text", true), separatesChinese: flag(json, "handle_chinese_chars", true),
        stripsAccents: json["strip_accents"]?.boolValue ?? lowercases, lowercases: lowercases)
    case "Precompiled":
      guard let text = json["precompiled_charsmap"]?.stringValue, let bytes = Base64.decoded(Array(text.utf8)) else {
        throw DataError("has a table of replacements that is not base64")
      }
      return .characterMap(try CharacterMap(bytes))
    case let name: throw DataError("has the normalizer \(name.debugDescription), which is not known here")
    }
  }

  static func splitter(_ json: JSON) throws(DataError) -> WordSplitter {
    switch try type(json) {
    case "Sequence":
      return .sequence(try parts(json, "pretokenizers") { (json) throws(DataError) in try splitter(json) })
    case "BertPreTokenizer": return .bert
    case "ByteLevel":
      let usesPattern = flag(json, "use_regex", true)
      return .byteLevel(
        addsPrefix: flag(json, "add_prefix_space", true),
        pattern: usesPattern ? try RegularExpression(WordSplitter.gpt2Pattern) : nil)
    case "Whitespace": return .split(.expression(try RegularExpression(#"\w+|[^\w\s]+"#)), .removed, isInverted: true)
    case "WhitespaceSplit":
      return .split(.scalars { ScalarClasses($0).contains(.space) }, .removed, isInverted: false)
    case "CharDelimiterSplit": return .split(.text(try bytes(json, "delimiter")), .removed, isInverted: false)
    case "Punctuation":
      return .split(
        .scalars { WordSplitter.isPunctuation($0, ScalarClasses($0)) }, try behavior(json["behavior"]),
        isInverted: false)
    case "Digits": return .digits(individually: flag(json, "individual_digits", false))
    case "Split":
      return .split(try pattern(json), try behavior(json["behavior"]), isInverted: flag(json, "invert", false))
    case "FixedLength":
      let length = json["length"]?.intValue ?? 5
      guard length > 0 else { throw DataError("cuts words of no length") }
      return .fixedLength(length)
    case "Metaspace": return try metaspace(json)
    case let name: throw DataError("has the pre-tokenizer \(name.debugDescription), which is not known here")
    }
  }

  private static func behavior(_ json: JSON?) throws(DataError) -> WordSplitter.Behavior {
    switch json?.stringValue {
    case "Isolated", nil: return .isolated
    case "Removed": return .removed
    case "MergedWithPrevious": return .mergedWithPrevious
    case "MergedWithNext": return .mergedWithNext
    case "Contiguous": return .contiguous
    case let name?: throw DataError("cuts in the way \(name.debugDescription), which is not known here")
    }
  }

  private static func metaspace(_ json: JSON) throws(DataError) -> WordSplitter {
    let prefix: WordSplitter.Prefix
    switch json["prepend_scheme"]?.stringValue {
    case "first": prefix = .first
    case "never": prefix = .never
    case "always": prefix = .always
    default: prefix = flag(json, "add_prefix_space", true) ? .always : .never
    }
    return .metaspace(replacement: try bytes(json, "replacement"), prefix, splits: flag(json, "split", true))
  }

  static func decoder(_ json: JSON) throws(DataError) -> TokenDecoder {
    switch try type(json) {
    case "Sequence":
      return .sequence(try parts(json, "decoders") { (json) throws(DataError) in try decoder(json) })
    case "ByteLevel": return .byteLevel
    case "BPEDecoder": return .pairs(suffix: try bytes(json, "suffix"))
    case "WordPiece": return .wordPiece(prefix: try bytes(json, "prefix"), cleansUp: flag(json, "cleanup", true))
    case "Metaspace":
      guard case .metaspace(let replacement, let prefix, _) = try metaspace(json) else { return .fuse }
      return .metaspace(replacement: replacement, hasPrefix: prefix != .never)
    case "CTC":
      return .ctc(
        pad: try bytes(json, "pad_token"), delimiter: try bytes(json, "word_delimiter_token"),
        cleansUp: flag(json, "cleanup", true))
    case "Replace": return .replace(try pattern(json), by: try bytes(json, "content"))
    case "Strip":
      guard let start = json["start"]?.intValue, let end = json["stop"]?.intValue, start >= 0, end >= 0 else {
        throw DataError("has a decoder that strips an unknown number of characters")
      }
      return .strip(try bytes(json, "content"), start: min(start, 1000), end: min(end, 1000))
    case "ByteFallback": return .byteFallback
    case "Fuse": return .fuse
    case let name: throw DataError("has the decoder \(name.debugDescription), which is not known here")
    }
  }

  static func postProcessor(_ json: JSON, _ id: (String) -> Int32?) throws(DataError) -> TokenPostProcessor? {
    switch try type(json) {
    case "Sequence":
      var result: [TokenPostProcessor] = []
      for item in json["processors"]?.arrayValue ?? [] {
        if let part = try postProcessor(item, id) { result.append(part) }
      }
      guard TokenPostProcessor.sequence(result).growth <= 64 else {
        throw DataError("has templates that repeat a text more than 64 times")
      }
      return .sequence(result)
    case "ByteLevel":
      return flag(json, "trim_offsets", true) ? .trimOffsets(addsPrefix: flag(json, "add_prefix_space", true)) : nil
    case "BertProcessing":
      let (end, start) = (try pair(json["sep"]), try pair(json["cls"]))
      let single: [TokenPostProcessor.Piece] = [
        .special([start], type: 0), .text(second: false, type: 0), .special([end], type: 0),
      ]
      return .template(single: single, pair: single + [.text(second: true, type: 1), .special([end], type: 1)])
    case "RobertaProcessing":
      return .roberta(
        start: try pair(json["cls"]), end: try pair(json["sep"]), trimsOffsets: flag(json, "trim_offsets", true),
        addsPrefix: flag(json, "add_prefix_space", true))
    case "TemplateProcessing":
      let result = TokenPostProcessor.template(single: try template(json, "single"), pair: try template(json, "pair"))
      guard result.growth <= 64 else { throw DataError("has templates that repeat a text more than 64 times") }
      return result
    case let name: throw DataError("has the post-processor \(name.debugDescription), which is not known here")
    }
  }

  /// The number in `["[SEP]", 102]`.
  private static func pair(_ json: JSON?) throws(DataError) -> Int32 {
    guard let id = json?[1]?.intValue, let id = Int32(exactly: id), id >= 0 else {
      throw DataError("has a special token without a number")
    }
    return id
  }

  private static func template(_ json: JSON, _ name: String) throws(DataError) -> [TokenPostProcessor.Piece] {
    try parts(json, name) { (piece) throws(DataError) in
      if let text = piece["Sequence"] {
        return .text(second: text["id"]?.stringValue == "B", type: Int32(clamping: text["type_id"]?.intValue ?? 0))
      }
      guard let special = piece["SpecialToken"], let key = special["id"]?.stringValue,
        let ids = json["special_tokens"]?[key]?["ids"]?.arrayValue
      else { throw DataError("has a template with a piece that is neither text nor special token") }
      var numbers: [Int32] = []
      for id in ids {
        guard let id = id.intValue, let id = Int32(exactly: id), id >= 0 else {
          throw DataError("has a special token without a number")
        }
        numbers.append(id)
      }
      return .special(numbers, type: Int32(clamping: special["type_id"]?.intValue ?? 0))
    }
  }
}

/// Base64 (RFC 4648).
enum Base64 {
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 255, count: 256)
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for (i, byte) in alphabet.utf8.enumerated() { values[Int(byte)] = UInt8(i) }
    return values
  }()

  /// The bytes of a text; nil if it is not base64.
  static func decoded(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(text.count / 4 * 3)
    var (bits, count, padding) = (UInt32(0), 0, 0)
    for byte in text {
      if byte == 0x3D {
        padding += 1
        bits <<= 6
      } else {
        let value = values[Int(byte)]
        guard value < 64, padding == 0 else { return nil }
        bits = bits << 6 | UInt32(value)
      }
      count += 1
      if count == 4 {
        result.append(UInt8(truncatingIfNeeded: bits >> 16))
        result.append(UInt8(truncatingIfNeeded: bits >> 8))
        result.append(UInt8(truncatingIfNeeded: bits))
        (bits, count) = (0, 0)
      }
    }
    guard padding <= 2 else { return nil }
    result.removeLast(padding)
    return result
  }
}
