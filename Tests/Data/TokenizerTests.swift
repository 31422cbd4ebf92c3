import MartletData
import MartletFormats
import MartletTestSupport
import Testing

/// Tokenizers against the libraries whose files they read, on text in more than ten scripts.
@Suite(.endsAtZero) struct PretrainedTokenizerTests {
  static let folder =
    FileSystem.directory(of: FileSystem.directory(of: FileSystem.directory(of: #filePath)))
    + "/Tests/Fixtures/Tokenizers"

  static func lines() throws -> [String] {
    try TextFile.read("\(folder)/lines.txt").split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// What the library gave for a line: tokens, places, and the text that they decode to.
  struct Expected {
    var ids: [Int32]
    var offsets: [Range<Int>]
    var text: String
  }

  static func expected(_ name: String) throws -> [Expected] {
    try TextFile.read("\(folder)/\(name).expected").split(separator: "\n").map { line in
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
      let offsets = parts[1].split(separator: " ").map { pair -> Range<Int> in
        let ends = pair.split(separator: ",").map { Int($0)! }
        return ends[0]..<ends[1]
      }
      return Expected(
        ids: parts[0].split(separator: " ").map { Int32($0)! }, offsets: offsets,
        text: try JSON(parsing: String(parts[2])).stringValue!)
    }
  }

  static func open(_ name: String) throws -> PretrainedTokenizer {
    if name.hasSuffix(".tiktoken") {
      let encoding = TiktokenEncoding(pattern: TiktokenEncoding.cl100kBase.pattern, specialTokens: [:])
      return try PretrainedTokenizer(tiktoken: "\(folder)/\(name)", encoding: encoding)
    }
    return try PretrainedTokenizer(path: "\(folder)/\(name.hasSuffix(".model") ? name : name + ".json")")
  }

  @Test(arguments: [
    "gpt2", "llama3", "o200k", "bert", "unigram", "roberta", "llama2", "words", "openai", "precompiled",
    "unigram.model", "pairs.model", "table.tiktoken",
  ])
  func `tokens, places and decoded text are the library's`(name: String) throws {
    let tokenizer = try PretrainedTokenizerTests.open(name)
    for (line, expected) in zip(try PretrainedTokenizerTests.lines(), try PretrainedTokenizerTests.expected(name)) {
      let encoding = try tokenizer.encoding(of: line)
      #expect(encoding.ids == expected.ids, "\(line)")
      if !name.contains(".") { #expect(encoding.offsets == expected.offsets, "\(line)") }
      #expect(try tokenizer.encode(line) == expected.ids, "\(line)")
      #expect(try tokenizer.decode(expected.ids).unicodeScalars.elementsEqual(expected.text.unicodeScalars), "\(line)")
    }
  }

  @Test func `pairs of texts get the template's types and special tokens`() throws {
    let tokenizer = try PretrainedTokenizerTests.open("bert")
    let pair = try tokenizer.encoding(of: "the date", and: "a name")
    #expect(pair.ids.first == tokenizer.token("[CLS]"))
    #expect(pair.ids.filter { $0 == tokenizer.token("[SEP]") }.count == 2)
    #expect(pair.typeIDs.first == 0)
    #expect(pair.typeIDs.last == 1)
    #expect(pair.isSpecial.filter { $0 }.count == 3)
    let plain = try tokenizer.encode("the date", addsSpecialTokens: false)
    #expect(Array(pair.ids.dropFirst().prefix(plain.count)) == plain)
    #expect(tokenizer.spelling(of: pair.ids[0]) == "[CLS]")
    #expect(tokenizer.spelling(of: 1_000_000) == nil)
  }

  @Test func `what is learned from byte pairs gives texts back, and survives being saved`() throws {
    let lines = try PretrainedTokenizerTests.lines()
    let tokenizer = try PretrainedTokenizer.trainedBytePairs(
      on: lines, vocabularySize: 400, minimumFrequency: 2, specialTokens: ["<|end|>"])
    #expect(tokenizer.vocabularySize == 400)
    for line in lines {
      let text = try tokenizer.decode(tokenizer.encode(line), keepsSpecialTokens: true)
      #expect(text.utf8.elementsEqual(line.utf8))
    }
    let tokens = try lines.map { try tokenizer.encode($0).count }.reduce(0, +)
    #expect(tokens < lines.map { $0.utf8.count }.reduce(0, +) * 3 / 4)
    #expect(try tokenizer.encode("a<|end|>b").contains(0))
    let folder = try FileSystem.createTemporaryDirectory()
    defer { try? FileSystem.removeTree(folder) }
    try tokenizer.save(to: "\(folder)/tokenizer.json")
    let again = try PretrainedTokenizer(path: "\(folder)/tokenizer.json")
    for line in lines { #expect(try again.encode(line) == tokenizer.encode(line)) }
  }

  @Test func `a learned unigram model shortens texts, and gives them back`() throws {
    let lines = try PretrainedTokenizerTests.lines()
    let tokenizer = try PretrainedTokenizer.trainedUnigram(on: lines, vocabularySize: 1600)
    #expect(tokenizer.vocabularySize <= 1600)
    let text = "Please enter a valid date."
    #expect(try tokenizer.decode(tokenizer.encode(text)) == text)
    #expect(try tokenizer.encode(text).count < text.count * 3 / 4)
    #expect(try !tokenizer.encode(lines[0], addsSpecialTokens: true).contains(0))
    let again = try PretrainedTokenizer.trainedUnigram(on: lines, vocabularySize: 1600)
    #expect(try again.encode(lines[1]) == tokenizer.encode(lines[1]))
  }

  @Test func `words of any length are encoded in little more than linear time`() throws {
    let tokenizer = try PretrainedTokenizerTests.open("gpt2")
    let long = String(repeating: "ab", count: 200_000)
    let time = try threadTime {
      let tokens = try tokenizer.encode(long)
      #expect(try tokenizer.decode(tokens) == long)
    }
    #expect(time < .seconds(10))
  }

  @Test(arguments: [
    "(a", "a)", "[a", "a{2,1}", "a{2000}", "*a", "\\p{Nope}", "\\k", "(?<name>a)", "[z-a]", "\\x{110000}", "\\",
  ])
  func `a pattern that is not understood is refused`(pattern: String) {
    let json: JSON = [
      "model": ["type": "WordLevel", "vocab": ["a": 0]],
      "pre_tokenizer": ["type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated"],
    ]
    #expect(throws: DataError.self) { try PretrainedTokenizer(json: json) }
  }

  @Test func `a pattern that would take for ever is given up`() throws {
    let tokenizer = try PretrainedTokenizer(
      json: [
        "model": ["type": "WordLevel", "vocab": ["a": 0], "unk_token": "a"],
        "pre_tokenizer": ["type": "Split", "pattern": ["Regex": "(a|aa)+b"], "behavior": "Isolated"],
      ])
    #expect(throws: DataError.self) { try tokenizer.encode(String(repeating: "a", count: 5000)) }
  }

  @Test func `a SentencePiece model cut off anywhere never traps`() throws {
    let model = try FileSystem.read("\(PretrainedTokenizerTests.folder)/pairs.model")
    for count in stride(from: 0, to: model.count, by: 97) {
      _ = try? PretrainedTokenizer(sentencePiece: SharedBytes(Array(model[..<count])))
    }
  }

  @Test func `words of a fixed length may be longer than any text`() throws {
    let tokenizer = try PretrainedTokenizer(
      json: [
        "model": ["type": "WordLevel", "vocab": ["abc": 0]],
        "pre_tokenizer": ["type": "FixedLength", "length": .integer(.max)],
      ])
    #expect(try tokenizer.encode("abc") == [0])
  }

  @Test func `a piece that is there twice has both numbers, and texts get the later`() throws {
    let tokenizer = try PretrainedTokenizer(
      json: [
        "model": ["type": "Unigram", "vocab": [["a", -1], ["b", -1], ["a", -2]], "unk_id": 1],
        "post_processor": ["type": "ByteLevel", "trim_offsets": true],
      ])
    #expect(try tokenizer.encoding(of: "ab").ids == [2, 1])
    #expect(tokenizer.token("a") == 2)
    #expect(try tokenizer.decode([0, 2, 1]) == "a a b")
    #expect(tokenizer.vocabularySize == 3)
  }

  @Test func `decoders may not make a text grow without end`() throws {
    let replace: JSON = ["type": "Replace", "pattern": ["String": "a"], "content": "aaaaaaaaaa"]
    let tokenizer = try PretrainedTokenizer(
      json: [
        "model": ["type": "WordLevel", "vocab": ["a": 0]],
        "decoder": ["type": "Sequence", "decoders": .array([JSON](repeating: replace, count: 40))],
      ])
    #expect(throws: DataError.self) { try tokenizer.decode([0]) }
  }
}
