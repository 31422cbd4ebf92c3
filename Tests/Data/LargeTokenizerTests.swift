import MartletData
import MartletFormats
import Testing

/// Tokenizers against the libraries on 10,000 lines in more than ten scripts; `Benchmarks/Fixtures` says how the files are
/// made.
struct LargeTokenizerTests {
  static let folder = PretrainedTokenizerTests.folder + "/Large"

  static let lines = Result {
    let text = try Gzip.read(path: "\(folder)/lines.txt.gz")
    return text.split(separator: 0x0A, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
  }

  private func open(_ name: String) throws -> PretrainedTokenizer {
    let file = name.contains(".") ? name : "\(name).json"
    let bytes = SharedBytes(try Gzip.read(path: "\(LargeTokenizerTests.folder)/\(file).gz"))
    if name.hasSuffix(".tiktoken") {
      let encoding = TiktokenEncoding(pattern: TiktokenEncoding.cl100kBase.pattern, specialTokens: [:])
      return try PretrainedTokenizer(tiktokenTable: bytes, encoding: encoding)
    }
    return try name.hasSuffix(".model")
      ? PretrainedTokenizer(sentencePiece: bytes) : PretrainedTokenizer(json: JSON(parsing: bytes))
  }

  /// FNV-1a of 64 bits.
  private struct Hash {
    var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ number: Int32) {
      for shift in stride(from: 0, to: 32, by: 8) {
        value = (value ^ UInt64(truncatingIfNeeded: number >> Int32(shift)) & 0xFF) &* 0x100_0000_01B3
      }
    }
  }

  @Test(arguments: [
    "gpt2", "llama3", "o200k", "bert", "unigram", "roberta", "llama2", "words", "openai", "precompiled",
    "unigram.model", "pairs.model", "table.tiktoken",
  ])
  func `tokens and places of 10,000 lines are the library's`(name: String) throws {
    let tokenizer = try open(name)
    let lines = try LargeTokenizerTests.lines.get()
    #expect(lines.count == 10_000)
    let all = try JSON(parsing: SharedBytes(FileSystem.read("\(LargeTokenizerTests.folder)/hashes.json")))
    let hashes = try #require(all[name]?.arrayValue?.map { $0.stringValue ?? "" })
    #expect(hashes.count == 100)
    for (part, expected) in hashes.enumerated() {
      var hash = Hash()
      for line in lines[(part * 100)..<(part * 100 + 100)] {
        let encoding = try tokenizer.encoding(of: line)
        hash.add(Int32(encoding.count))
        for id in encoding.ids { hash.add(id) }
        // SentencePiece and tiktoken give no places.
        guard !name.contains(".") else { continue }
        for range in encoding.offsets {
          hash.add(Int32(range.lowerBound))
          hash.add(Int32(range.upperBound))
        }
      }
      #expect(UInt64(expected, radix: 16) == hash.value, "lines from \(part * 100)")
    }
  }
}
