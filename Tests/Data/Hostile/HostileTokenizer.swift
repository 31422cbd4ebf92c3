import MartletData
import MartletFormats
import MartletTestMemory
import MartletTestSupport
import Testing

/// A tokenizer file made to do harm, and a part of the error that it must give.
struct HostileTokenizer: Sendable, CustomTestStringConvertible {
  enum Format: String, CaseIterable { case json, tiktoken, sentencePiece }

  var format: Format
  var name: String
  var bytes: [UInt8]
  var message: String

  init(_ format: Format, _ name: String, _ bytes: [UInt8], _ message: String) {
    (self.format, self.name, self.bytes, self.message) = (format, name, bytes, message)
  }

  var testDescription: String { "\(format): \(name)" }

  static let all = json + tiktoken + sentencePiece

  /// Reads the file as its format, and encodes a text if that works.
  func read(_ shared: SharedBytes) throws {
    let tokenizer =
      switch format {
      case .json: try PretrainedTokenizer(json: JSON(parsing: shared))
      case .tiktoken: try PretrainedTokenizer(tiktokenTable: shared, encoding: .cl100kBase)
      case .sentencePiece: try PretrainedTokenizer(sentencePiece: shared)
      }
    _ = try tokenizer.encode("a text of any kind, 日本 \u{301}😀 1234")
  }
}

struct HostileTokenizerTests {
  @Test(arguments: HostileTokenizer.all)
  func `a hostile tokenizer gives its error, quickly and in little memory`(file: HostileTokenizer) {
    // Apart from the bytes, which a failed expectation would describe one by one.
    let (shared, limit) = (SharedBytes(file.bytes), 2 * file.bytes.count + 64 << 20)
    var message = "nothing was thrown"
    martlet_test_begin_counting()
    let time = threadTime { do { try file.read(shared) } catch { message = "\(error)" } }
    let most = martlet_test_end_counting()
    let isExpected = message.contains(file.message)
    #expect(isExpected, "\(message)")
    if martlet_test_can_count_memory() { #expect(most <= limit, "\(most) bytes") }
    #expect(time < hostileLimit)
  }

  @Test(arguments: HostileTokenizer.Format.allCases)
  func `there are twenty at least of each format, each under a name of its own`(format: HostileTokenizer.Format) {
    let files = HostileTokenizer.all.filter { $0.format == format }
    #expect(files.count >= 20)
    #expect(Set(files.map(\.name)).count == files.count)
  }
}
