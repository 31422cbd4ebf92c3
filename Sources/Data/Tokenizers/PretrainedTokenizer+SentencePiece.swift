import MartletFormats

extension PretrainedTokenizer {
  /// Reads a SentencePiece model (`.model`): unigram, byte pairs, words or characters.
  ///
  /// Texts are encoded without the special tokens of sequences, as SentencePiece does.
  ///
  /// - Throws: `FormatError` or ``DataError`` if the bytes are no such model, or of a kind that is not read here.
  public init(sentencePiece bytes: SharedBytes, file: String = "SentencePiece model") throws {
    let model = try SentencePieceModel(bytes, file: file)
    try self.init(model.parts())
  }

  /// Reads the SentencePiece model at `path`.
  public init(sentencePiece path: String) throws {
    try self.init(sentencePiece: MappedFile(path: path).bytes, file: path)
  }
}

/// What a SentencePiece model file says.
struct SentencePieceModel {
  enum Kind: UInt64 { case unigram = 1, pairs, words, characters }
  enum Role: UInt64 { case normal = 1, unknown, control, userDefined, unused, byte }

  private var pieces: [(spelling: [UInt8], score: Float, role: Role)] = []
  private var kind = Kind.unigram
  private var hasByteFallback = false
  private var unknownSurface = " \u{2047} "
  private var normalizer = SentencePieceNormalizer()
  private var escapesSpaces = true
  private let file: String

  init(_ bytes: SharedBytes, file: String) throws {
    self.file = file
    var reader = ProtobufReader(bytes, file: file)
    while let (number, value) = try reader.next() {
      switch number {
      case 1: try readPiece(value.bytes(file: file))
      case 2: try readTrainer(value.bytes(file: file))
      case 3: try readNormalizer(value.bytes(file: file))
      default: break
      }
    }
    guard !pieces.isEmpty else {
      throw FormatError(.malformed, file: file, "is no SentencePiece model: it has no pieces")
    }
  }

  private mutating func readPiece(_ bytes: SharedBytes) throws {
    guard pieces.count < PretrainedTokenizer.maximumTokens else {
      throw FormatError(.limit, file: file, "has too many pieces")
    }
    var reader = ProtobufReader(bytes, file: file)
    var piece: (spelling: [UInt8], score: Float, role: Role) = ([], 0, .normal)
    while let (number, value) = try reader.next() {
      switch number {
      case 1: piece.spelling = Array(try value.string(file: file).utf8)
      case 2: piece.score = try value.float(file: file)
      case 3:
        guard let role = Role(rawValue: try value.varint(file: file)) else {
          throw FormatError(.malformed, file: file, "has a piece of unknown kind")
        }
        piece.role = role
      default: break
      }
    }
    guard piece.score.isFinite else {
      throw FormatError(.malformed, file: file, "has a piece whose score is not finite")
    }
    pieces.append(piece)
  }

  private mutating func readTrainer(_ bytes: SharedBytes) throws {
    var reader = ProtobufReader(bytes, file: file)
    while let (number, value) = try reader.next() {
      switch number {
      case 3:
        guard let kind = Kind(rawValue: try value.varint(file: file)) else {
          throw FormatError(.unsupported, file: file, "is a SentencePiece model of unknown kind")
        }
        self.kind = kind
      case 24: normalizer.treatsSpaceAsSuffix = try value.varint(file: file) != 0
      case 35: hasByteFallback = try value.varint(file: file) != 0
      case 44: unknownSurface = try value.string(file: file)
      default: break
      }
    }
  }

  private mutating func readNormalizer(_ bytes: SharedBytes) throws {
    var reader = ProtobufReader(bytes, file: file)
    while let (number, value) = try reader.next() {
      switch number {
      case 2:
        let table = try value.bytes(file: file)
        if !table.isEmpty { normalizer.map = try CharacterMap(table.array) }
      case 3: normalizer.addsPrefix = try value.varint(file: file) != 0
      case 4: normalizer.removesExtraSpaces = try value.varint(file: file) != 0
      case 5: escapesSpaces = try value.varint(file: file) != 0
      default: break
      }
    }
  }

  /// The tokenizer that the model describes.
  func parts() throws(DataError) -> PretrainedTokenizer.Parts {
    guard escapesSpaces else { throw DataError("is a SentencePiece model that keeps spaces as they are") }
    var table = TokenTable(capacity: pieces.count)
    var normalizer = normalizer
    var added: [AddedToken] = []
    var decoded: [Int32: [UInt8]] = [:]
    var unknown: Int32?
    for (i, piece) in pieces.enumerated() {
      guard table.insert(piece.spelling, number: Int32(i)) else {
        throw DataError("piece \(FormatError.quoted(String(decoding: piece.spelling, as: UTF8.self))) is there twice")
      }
      switch piece.role {
      case .userDefined:
        normalizer.userDefined.insert(piece.spelling, Int32(i))
        normalizer.hasUserDefined = true
        let text = String(decoding: piece.spelling, as: UTF8.self)
        added.append(AddedToken(text, id: Int32(i), isSpecial: false, isNormalized: true))
      case .unknown:
        unknown = Int32(i)
        decoded[Int32(i)] = Array(unknownSurface.utf8)
      case .control: decoded[Int32(i)] = []
      case .normal, .unused, .byte: break
      }
    }
    normalizer.userDefined.finish()
    let fallback = hasByteFallback ? ModelReader.fallback(table) : nil
    if hasByteFallback, fallback == nil { throw DataError("lacks pieces for single bytes, which it promises") }
    var parts = PretrainedTokenizer.Parts(
      normalizer: .sentencePiece(normalizer), model: try model(table, unknown, fallback), addedTokens: [],
      spellings: table)
    // User-defined pieces are cut out first. Their text is not normalized again, so that they keep their own spelling.
    parts.frozen = added
    parts.decoder = decoder(normalizer)
    parts.decodedSpellings = decoded
    return parts
  }

  private func model(
    _ table: TokenTable, _ unknown: Int32?, _ fallback: [Int32]?
  ) throws(DataError) -> TokenModel {
    switch kind {
    case .unigram:
      let normal = pieces.filter { $0.role == .normal }.map { Double($0.score) }
      var model = UnigramModel(
        pieces: pieces.map { ($0.spelling, Double($0.score)) }, unknown: unknown, fallback: fallback,
        isMatched: { pieces[$0].role == .normal }, lowest: normal.min() ?? 0)
      model.roundsToFloat = true
      return .unigram(model)
    case .pairs, .characters:
      var model = PairModel(table: matched(table), merges: kind == .pairs ? merges(table) : MergeTable(capacity: 0))
      (model.unknown, model.fallback, model.fusesUnknown) = (unknown, fallback, true)
      return .pairs(model)
    case .words: throw DataError("is a SentencePiece model of words, which is not read here")
    }
  }

  /// The pieces that texts are made of.
  private func matched(_ table: TokenTable) -> TokenTable {
    var result = TokenTable(capacity: pieces.count)
    for (i, piece) in pieces.enumerated() where piece.role == .normal {
      result.insert(piece.spelling, number: Int32(i))
    }
    return result
  }

  /// All pairs of pieces that make a piece; the higher its score, the earlier it is joined.
  private func merges(_ table: TokenTable) -> MergeTable {
    let scores = Set(pieces.filter { $0.role == .normal }.map(\.score)).sorted(by: >)
    let ranks = Dictionary(uniqueKeysWithValues: zip(scores, Int32(0)...))
    var merges = MergeTable(capacity: pieces.count * 4)
    for (i, piece) in pieces.enumerated() where piece.role == .normal && piece.spelling.count <= 512 {
      var middle = 0
      while middle < piece.spelling.count {
        middle += ValidUTF8.length(piece.spelling[middle])
        guard middle < piece.spelling.count, let left = table.number(piece.spelling[..<middle]),
          let right = table.number(piece.spelling[middle...]), pieces[Int(left)].role == .normal,
          pieces[Int(right)].role == .normal
        else { continue }
        merges.insert(left, right, rank: ranks[piece.score]!, result: Int32(i))
      }
    }
    return merges
  }

  private func decoder(_ normalizer: SentencePieceNormalizer) -> TokenDecoder {
    var steps: [TokenDecoder] = [
      .byteFallback, .replace(.text(SentencePieceNormalizer.space), by: [32]), .fuse,
    ]
    if normalizer.addsPrefix || normalizer.removesExtraSpaces {
      // All of them where no text can begin with a space.
      steps.append(.strip([32], start: normalizer.removesExtraSpaces ? 1000 : 1, end: 0))
    }
    return .sequence(steps)
  }
}
