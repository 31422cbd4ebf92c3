extension FileSummary {
  /// The kind and size of a SentencePiece model.
  static func sentencePiece(_ bytes: SharedBytes, _ path: String) throws(FormatError) -> Findings {
    var (pieces, kind) = (0, 1 as UInt64)
    var reader = ProtobufReader(bytes, file: path)
    while let (number, value) = try reader.next() {
      switch number {
      case 1: pieces += 1
      case 2:
        var trainer = ProtobufReader(try value.bytes(file: path), file: path)
        while let (number, value) = try trainer.next() {
          if number == 3 { kind = try value.varint(file: path) }
        }
      default: break
      }
    }
    guard pieces > 0 else { throw FormatError(.malformed, file: path, "is no SentencePiece model: it has no pieces") }
    let names: [UInt64: String] = [1: "unigram", 2: "byte pairs", 3: "words", 4: "characters"]
    let details = [(key: "model", value: names[kind] ?? "kind \(kind)"), (key: "pieces", value: String(pieces))]
    return ("SentencePiece model", details, [])
  }

  /// The number of tokens in a tiktoken table.
  static func tiktoken(_ bytes: SharedBytes) -> Findings {
    let lines = bytes.array.split(separator: 0x0A)
    return ("tiktoken table", [("tokens", String(lines.count))], [])
  }

  /// The members of an archive that holds no weights.
  static func archive(_ bytes: SharedBytes, _ path: String) throws(FormatError) -> Findings {
    let members = try ZipFile(bytes: bytes, file: path).members
    let list = members.prefix(1000).map { (key: $0.name, value: "\($0.size) bytes") }
    return ("zip", [(key: "members", value: String(members.count))] + list, [])
  }
}
