import ArgumentParser
import MartletData
import MartletFormats

/// `martlet tokenize TOKENIZER [TEXT]`.
struct Tokenize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn text into tokens, or tokens into text.",
    discussion: "Reads tokenizer.json files, SentencePiece models, and tiktoken tables with --encoding.")

  @Argument(help: "The tokenizer.", completion: .file())
  var tokenizer: String

  @Argument(help: "The text, or tokens with --decode.")
  var text: [String] = []

  @Option(help: "Take each line of this file instead.", completion: .file())
  var input: String?

  @Option(help: "How a tiktoken table cuts texts: r50k_base, p50k_base, cl100k_base, o200k_base, llama3.")
  var encoding: String?

  @Flag(help: "Turn tokens into text.")
  var decode = false

  @Flag(help: "Leave the special tokens of the template out.")
  var plain = false

  @Flag(help: "Print JSON lines with tokens and their places.")
  var json = false

  @Flag(help: "Time encoding the lines on one thread instead.")
  var time = false

  func validate() throws {
    if let encoding, TiktokenEncoding(named: encoding) == nil {
      throw ValidationError("There is no encoding '\(encoding)'.")
    }
    if text.isEmpty == (input == nil) { throw ValidationError("Give a text or --input, one of the two.") }
  }

  func run() throws {
    if time {
      let speed = try EncodingSpeed(of: lines()) { try open() }
      return print(json ? speed.json.serialized() : speed.description)
    }
    let tokenizer = try open()
    for line in try lines() { print(try decode ? decoded(line, tokenizer) : encoded(line, tokenizer)) }
  }

  private func open() throws -> PretrainedTokenizer {
    try encoding.map { try PretrainedTokenizer(tiktoken: tokenizer, encoding: TiktokenEncoding(named: $0)!) }
      ?? PretrainedTokenizer(path: tokenizer)
  }

  private func lines() throws -> [String] {
    guard let input else { return [text.joined(separator: " ")] }
    // By bytes: a Swift character may swallow a line feed behind a carriage return.
    let bytes = Array(try TextFile.read(input).utf8)
    let rows = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    return (rows.last?.isEmpty == true ? rows.dropLast() : rows[...]).map { String(decoding: $0, as: UTF8.self) }
  }

  private func encoded(_ line: String, _ tokenizer: PretrainedTokenizer) throws -> String {
    let encoding = try tokenizer.encoding(of: line, addsSpecialTokens: !plain)
    guard json else { return encoding.ids.map(String.init).joined(separator: " ") }
    let result: JSON = [
      "ids": .array(encoding.ids.map { .integer(Int($0)) }),
      "tokens": .array(encoding.ids.map { .string(tokenizer.spelling(of: $0) ?? "") }),
      "offsets": .array(encoding.offsets.map { [.integer($0.lowerBound), .integer($0.upperBound)] }),
    ]
    return result.serialized()
  }

  private func decoded(_ line: String, _ tokenizer: PretrainedTokenizer) throws -> String {
    let ids = try line.split(whereSeparator: { $0 == " " || $0 == "," }).map { word in
      guard let id = Int32(word) else { throw ValidationError("'\(word)' is no token.") }
      return id
    }
    let text = try tokenizer.decode(ids)
    let result: JSON = ["text": .string(text)]
    return json ? result.serialized() : text
  }
}
