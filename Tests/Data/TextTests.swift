import Martlet
import MartletData
import MartletFormats
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct TextTests {
  static let sample =
    "The swift flew low, the swallow flew lower; the martlet never landed.\n\n  Über 1234 Gärten — 今日は 🐦!"
    + "\r\n\tlow lower lowest"

  @Test func `windows hold the text at random places, and labels are one token further`() throws {
    let windows = try TextWindows(
      tokens: (0..<1000).map(Int32.init), length: 16, batchSize: 4, batchesPerEpoch: 3, seed: 2)
    let batch = windows.batch(step: 5)
    #expect(batch.inputs.shape == [4, 16])
    let (inputs, labels) = (batch.inputs.scalars(as: Int32.self), batch.labels.scalars(as: Int32.self))
    #expect(labels == inputs.map { $0 + 1 })
    for row in 0..<4 {
      let first = inputs[row * 16]
      #expect(Array(inputs[(row * 16)..<(row * 16 + 16)]) == Array(first..<(first + 16)))
    }
    let epoch = try all(windows.batches(from: DataPosition(epoch: 1)))
    #expect(epoch.count == 3)
    #expect(epoch[2].inputs.scalars(as: Int32.self) == inputs)
    let rest = try all(windows.batches(from: DataPosition(epoch: 1, offset: 8)))
    #expect(rest.map { $0.inputs.scalars(as: Int32.self) } == [inputs])
    // The smallest text that has a window has exactly one.
    let only = try TextWindows(tokens: [1, 2, 3], length: 2, batchSize: 1, seed: 0)
    #expect(only.batch(step: 9).labels.scalars(as: Int32.self) == [2, 3])
    #expect(throws: DataError.self) { try TextWindows(tokens: [1, 2], length: 2, batchSize: 1, seed: 0) }
  }

  @Test func `segments are the text without overlap`() {
    let segments = TextSegments(tokens: (0..<10).map(Int32.init), length: 3)
    #expect(segments.count == 3)
    #expect(segments.element(at: 2).labels.scalars(as: Int32.self) == [7, 8, 9])
    #expect(TextSegments(tokens: [], length: 3).count == 0)
  }

  @Test func `a text file that is not UTF-8 is refused with the place of the byte`() throws {
    let scratch = try Scratch()
    try AtomicFile.write([0xEF, 0xBB, 0xBF] + Array("grün".utf8), to: scratch.file("good"))
    #expect(try TextFile.read(scratch.file("good")) == "grün")
    try AtomicFile.write(Array("grün".utf8) + [0xFF, 0x41], to: scratch.file("bad"))
    let error = #expect(throws: FormatError.self) { try TextFile.read(scratch.file("bad")) }
    #expect(error?.offset == 5)
  }

  @Test func `characters are tokens, and come back`() throws {
    let scratch = try Scratch()
    let vocabulary = CharacterVocabulary(of: TextTests.sample)
    let tokens = try vocabulary.encode(TextTests.sample)
    #expect(try vocabulary.decode(tokens) == TextTests.sample)
    #expect(tokens.count == TextTests.sample.unicodeScalars.count)
    #expect(vocabulary.vocabularySize == Set(TextTests.sample.unicodeScalars).count)
    let error = #expect(throws: DataError.self) { try vocabulary.encode("Q") }
    #expect(error?.message == "the vocabulary has no \"Q\" (U+51)")
    #expect(throws: DataError.self) { try vocabulary.decode([Int32(vocabulary.vocabularySize)]) }
    #expect(throws: DataError.self) { try vocabulary.decode([-1]) }
    try vocabulary.save(to: scratch.file("v.json"))
    #expect(try CharacterVocabulary(path: scratch.file("v.json")) == vocabulary)
  }

  @Test func `bytes are tokens, and half a character becomes the replacement character`() throws {
    #expect(ByteTokenizer().encode("ü") == [0xC3, 0xBC])
    #expect(try ByteTokenizer().decode([0xC3, 0xBC, 0xC3]) == "ü\u{FFFD}")
    #expect(throws: DataError.self) { try ByteTokenizer().decode([256]) }
  }

  @Test func `the most frequent pair is joined first`() throws {
    // Sennrich's example: low ×5, lower ×2, newest ×6, widest ×3, here without end-of-word marks. Pairs es and st occur 9
    // times; e (101) comes before s (115). Then est (9), lo (7), low (7), then ne, ew, we and newest's parts at 6.
    let words = [("low", 5), ("lower", 2), ("newest", 6), ("widest", 3)]
    let text = words.flatMap { Array(repeating: $0.0, count: $0.1) }.joined(separator: "\n")
    let tokenizer = BytePairTokenizer.trained(on: text, vocabularySize: 260)
    #expect(tokenizer.merges == [.init(101, 115), .init(256, 116), .init(108, 111), .init(258, 119)])
    let spellings = (256..<260).map { String(decoding: tokenizer.spelling(of: $0), as: UTF8.self) }
    #expect(spellings == ["es", "est", "lo", "low"])
    #expect(tokenizer.encode("lowest") == [259, 257])
  }

  @Test func `encoding any text and decoding gives the text back`() throws {
    let scratch = try Scratch()
    let tokenizer = BytePairTokenizer.trained(on: TextTests.sample + TextTests.sample, vocabularySize: 400)
    try tokenizer.save(to: scratch.file("t.json"))
    let read = try BytePairTokenizer(path: scratch.file("t.json"))
    #expect(read.merges == tokenizer.merges)
    for text in [TextTests.sample, "", " ", "   ", "a  b", "\r\n", "1 22 333", "नमस्ते\u{0}", "…lower…"] {
      #expect(try tokenizer.decode(tokenizer.encode(text)) == text)
      #expect(read.encode(text) == tokenizer.encode(text))
      #expect(tokenizer.encode(text) == tokenizer.encode(text))
    }
    let limit = TextTests.sample.utf8.count / 2
    #expect(tokenizer.encode(TextTests.sample).count < limit)
  }

  @Test func `training counts pairs as a plain recount does`() {
    var generator = SampleGenerator(seed: 1, epoch: 0, index: 0)
    for _ in 0..<20 {
      let text = (0..<300).map { _ in ["a", "b", "c", "ab", "ca", " ", "\n"][generator.below(7)] }.joined()
      let tokenizer = BytePairTokenizer.trained(on: text, vocabularySize: 290)
      #expect(tokenizer.merges == PlainTraining.merges(of: text, count: 34))
    }
  }

  @Test func `a file of merges that make no sense is refused`() throws {
    let scratch = try Scratch()
    let pairs = (0..<13).map { $0 == 0 ? "[97, 97]" : "[\(255 + $0), \(255 + $0)]" }
    let doubling = "[\(pairs.joined(separator: ","))]"
    let bad = [
      "[[97, 256]]", "[[97, 98], [97, 98]]", "[[-1, 5]]", "[[97]]", "[[97, 98, 99]]", "[[97, 99999999999]]", "7",
      doubling,
    ]
    for (i, merges) in bad.enumerated() {
      let path = scratch.file("\(i).json")
      try AtomicFile.write("{\"type\": \"byte pairs\", \"version\": 1, \"merges\": \(merges)}", to: path)
      #expect(throws: (any Error).self, "\(merges)") { try BytePairTokenizer(path: path) }
    }
  }
}

/// Byte-pair training that counts everything again at every merge.
enum PlainTraining {
  static func merges(of text: String, count: Int) -> [BytePairTokenizer.Pair] {
    var words = split(Array(text.utf8))
    var merges: [BytePairTokenizer.Pair] = []
    for i in 0..<count {
      var counts: [[Int32]: Int] = [:]
      for word in words { for j in word.indices.dropLast() { counts[[word[j], word[j + 1]], default: 0] += 1 } }
      let best = counts.values.max() ?? 0
      guard best > 1 else { break }
      let pairs = counts.filter { $0.value == best }.keys
      let pair = pairs.min { $0.lexicographicallyPrecedes($1) }!
      merges.append(BytePairTokenizer.Pair(pair[0], pair[1]))
      words = words.map { joined($0, pair, Int32(256 + i)) }
    }
    return merges
  }

  /// Words of letters, each with one space before it; runs of other white space alone. Good for letters, " " and "\n".
  private static func split(_ bytes: [UInt8]) -> [[Int32]] {
    var words: [[Int32]] = []
    for (i, byte) in bytes.enumerated() {
      let isSpace = byte == 0x20 || byte == 0x0A
      let wasSpace = i > 0 && (bytes[i - 1] == 0x20 || bytes[i - 1] == 0x0A)
      let takesSpace = byte == 0x20 && i + 1 < bytes.count && bytes[i + 1] != 0x20 && bytes[i + 1] != 0x0A
      let joinsSpace = i > 0 && !isSpace && bytes[i - 1] == 0x20
      let joins = i > 0 && (joinsSpace || (isSpace == wasSpace && !takesSpace))
      if joins { words[words.count - 1].append(Int32(byte)) } else { words.append([Int32(byte)]) }
    }
    return words
  }

  private static func joined(_ word: [Int32], _ pair: [Int32], _ token: Int32) -> [Int32] {
    var result: [Int32] = []
    for element in word {
      if let last = result.last, [last, element] == pair {
        result[result.count - 1] = token
      } else {
        result.append(element)
      }
    }
    return result
  }
}
