import MartletFormats

/// How a tiktoken table is used: the pattern that cuts texts, and the special tokens.
public struct TiktokenEncoding: Sendable {
  /// The regular expression whose matches are the words.
  public var pattern: String
  /// Tokens that stand in texts as they are.
  public var specialTokens: [String: Int32]

  /// An encoding with the given pattern and special tokens.
  public init(pattern: String, specialTokens: [String: Int32]) {
    self.pattern = pattern
    self.specialTokens = specialTokens
  }

  /// GPT-2 and the first GPT-3.
  public static let r50kBase = TiktokenEncoding(
    pattern: #"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"#,
    specialTokens: ["<|endoftext|>": 50256])

  /// Codex and the later GPT-3.
  public static let p50kBase = r50kBase

  /// GPT-3.5 and GPT-4.
  public static let cl100kBase = TiktokenEncoding(
    pattern:
      #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"#,
    specialTokens: [
      "<|endoftext|>": 100257, "<|fim_prefix|>": 100258, "<|fim_middle|>": 100259, "<|fim_suffix|>": 100260,
      "<|endofprompt|>": 100276,
    ])

  /// GPT-4o.
  public static let o200kBase = TiktokenEncoding(
    pattern: [
      #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#,
      #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#,
      #"\p{N}{1,3}"#, #" ?[^\s\p{L}\p{N}]+[\r\n/]*"#, #"\s*[\r\n]+"#, #"\s+(?!\S)"#, #"\s+"#,
    ].joined(separator: "|"),
    specialTokens: ["<|endoftext|>": 199999, "<|endofprompt|>": 200018])

  /// Llama 3.
  public static let llama3 = TiktokenEncoding(
    pattern:
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
    specialTokens: [:])

  /// The encoding that people call so: `r50k_base`, `p50k_base`, `cl100k_base`, `o200k_base`, `llama3`.
  public init?(named name: String) {
    switch name {
    case "r50k_base", "gpt2": self = .r50kBase
    case "p50k_base": self = .p50kBase
    case "cl100k_base": self = .cl100kBase
    case "o200k_base": self = .o200kBase
    case "llama3": self = .llama3
    default: return nil
    }
  }
}

extension PretrainedTokenizer {
  /// Reads a tiktoken table: on each line the bytes of a token in base64, and its number, which is also its rank.
  ///
  /// - Throws: `FormatError` naming the line if the file is none, ``DataError`` if the pattern is not understood or a
  ///   single byte has no token.
  public init(tiktoken path: String, encoding: TiktokenEncoding) throws {
    try self.init(tiktokenTable: try MappedFile(path: path).bytes, encoding: encoding, file: path)
  }

  /// Reads a tiktoken table that is in memory.
  public init(tiktokenTable bytes: SharedBytes, encoding: TiktokenEncoding, file: String = "tiktoken table") throws {
    let table = try TiktokenReader.table(bytes, file)
    var model = PairModel(table: table, merges: TiktokenReader.merges(table))
    model.prefersWholeWords = true
    let single = (0..<256).map { table.number([UInt8($0)]) }
    guard let missing = single.firstIndex(of: nil) else {
      model.bytes = single.map { $0! }
      let expression = try RegularExpression(encoding.pattern)
      let added = encoding.specialTokens.map { AddedToken($0.key, id: $0.value) }
      var parts = Parts(model: .pairs(model), addedTokens: added, spellings: table)
      parts.splitter = .split(.expression(expression), .isolated, isInverted: false)
      parts.isByteLevel = true
      parts.separator = []
      try self.init(parts)
      return
    }
    throw DataError("the table has no token for the byte \(missing)", file: file)
  }
}

/// Reads tiktoken tables.
enum TiktokenReader {
  static func table(_ bytes: SharedBytes, _ file: String) throws(FormatError) -> TokenTable {
    let text = bytes.array
    var table = TokenTable(capacity: text.count / 16)
    var numbers = Set<Int32>()
    var line = 1
    for row in text.split(separator: 0x0A, omittingEmptySubsequences: false) {
      defer { line += 1 }
      var row = row
      if row.last == 0x0D { row = row.dropLast() }
      if row.isEmpty { continue }
      guard let space = row.firstIndex(of: 0x20), let token = Base64.decoded(row[..<space]), !token.isEmpty,
        let rank = Int32(String(decoding: row[(space + 1)...], as: UTF8.self)), rank >= 0
      else { throw FormatError(.malformed, file: file, "line \(line) is no token in base64 with a number") }
      guard rank < PretrainedTokenizer.maximumTokens else {
        throw FormatError(.limit, file: file, "line \(line) has token \(rank), which is too large")
      }
      guard numbers.insert(rank).inserted, table.insert(token, number: rank) else {
        throw FormatError(.duplicate, file: file, "line \(line) has a token or number that came before")
      }
    }
    return table
  }

  /// All pairs of tokens that make a token, whose number is the pair's rank.
  static func merges(_ table: TokenTable) -> MergeTable {
    var merges = MergeTable(capacity: table.count * 4)
    for entry in 0..<table.count {
      let spelling = table.spelling(entry)
      let token = table.number(entry)
      guard spelling.count > 1, spelling.count <= 512 else { continue }
      for middle in (spelling.startIndex + 1)..<spelling.endIndex {
        guard let left = table.number(spelling[..<middle]), let right = table.number(spelling[middle...]) else {
          continue
        }
        merges.insert(left, right, rank: token, result: token)
      }
    }
    return merges
  }
}
