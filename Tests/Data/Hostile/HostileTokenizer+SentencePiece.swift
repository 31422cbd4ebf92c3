/// A protocol buffer field of bytes, under a number below 16.
private func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
  var bytes = [number << 3 | 2]
  var rest = content.count
  while rest >= 128 {
    bytes.append(UInt8(rest & 127 | 128))
    rest >>= 7
  }
  return bytes + [UInt8(rest)] + content
}

/// A piece with a score and, if it is not an ordinary one, a kind.
private func piece(_ spelling: [UInt8], score: Float = -1, kind: UInt8? = nil) -> [UInt8] {
  let number = score.bitPattern
  let scored = [21] + (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
  return field(1, field(1, spelling) + scored + (kind.map { [24, $0] } ?? []))
}

extension HostileTokenizer {
  private static func model(_ name: String, _ bytes: [UInt8], _ message: String) -> HostileTokenizer {
    HostileTokenizer(.sentencePiece, name, bytes, message)
  }

  private static let letter = piece([97])
  /// What a kind of model is called in the trainer's part.
  private static func kind(_ number: UInt8) -> [UInt8] { field(2, [24, number]) }
  private static func table(_ bytes: [UInt8]) -> [UInt8] { letter + field(3, field(2, bytes)) }

  static let sentencePiece: [HostileTokenizer] = [
    model("nothing", [], "it has no pieces"),
    model("a zero", [0], "field of number 0"),
    model("ones", [UInt8](repeating: 255, count: 64), "more than 64 bits"),
    model("text", Array("this is no model at all, but a sentence".utf8), "protobuf"),
    model("piece past the end", [10, 200], "protobuf number"),
    model(
      "piece of 2^63 bytes", [10, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], "longer than its message"),
    model("piece cut inside", [10, 2, 10, 5], "longer than its message"),
    model("piece that is a number", [8, 1], "protobuf"),
    model("piece that is no text", piece([0xFF]), "UTF-8"),
    model("piece that is half a character", piece([0xE3, 0x81]), "UTF-8"),
    model("score that is not finite", piece([97], score: .infinity), "score is not finite"),
    model("score that is no number", piece([97], score: .nan), "score is not finite"),
    model("score that is an integer", field(1, field(1, [97]) + [24, 1, 24, 9]), "piece of unknown kind"),
    model("score cut", field(1, field(1, [97]) + [21, 0]), "protobuf"),
    model("piece of kind 0", piece([97], kind: 0), "piece of unknown kind"),
    model("piece of kind 7", piece([97], kind: 7), "piece of unknown kind"),
    model("a piece twice", letter + letter, "is there twice"),
    model("a control piece twice", piece([60], kind: 3) + piece([60], kind: 3), "is there twice"),
    model("a model of kind 0", letter + kind(0), "of unknown kind"),
    model("a model of kind 9", letter + kind(9), "of unknown kind"),
    model("a model of words", letter + kind(3), "model of words"),
    model("a trainer that is a number", letter + [16, 1], "protobuf"),
    model("bytes that are promised and not there", letter + field(2, [0x98, 2, 1]), "lacks pieces for single bytes"),
    model("no piece for unknown characters", letter, "no piece for such"),
    model("spaces as they are", letter + field(3, [40, 0]), "keeps spaces as they are"),
    model("a table of replacements of one byte", table([1]), "is cut short"),
    model("a table that promises 4 GiB", table([0xFC, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]), "promises a trie"),
    model("a table of no units", table([0, 0, 0, 0, 0, 0, 0, 0]), "promises a trie of 0 bytes"),
    model("a table of half a unit", table([2, 0, 0, 0, 0, 0, 0, 0]), "promises a trie of 2 bytes"),
    model("a table whose texts are none", table([4, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0]), "text that is not UTF-8"),
    model(
      "a table that leads out of itself", table([4, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 97, 0]), "no piece for such"),
    model("a hundred thousand empty pieces", (0..<100_000).flatMap { _ in [10, 0] as [UInt8] }, "is there twice"),
    model("fields of kind 3 for ever", [UInt8](repeating: 0x0B, count: 1 << 16), "field of kind 3"),
  ]
}
