import MartletData
import MartletFormats
public import MartletZoo

/// A published language model with its tokenizer: text in, text out.
///
/// ```swift
/// let model = try PretrainedText(folder: "Llama-3.2-1B-Instruct")
/// for piece in try model.continuation(of: "The swift is", tokens: 50) { print(try piece.get(), terminator: "") }
/// ```
public struct PretrainedText: Sendable {
  private let tokenizer: PretrainedTokenizer
  /// Tokens with which a text ends.
  private let lastTokens: Set<Int32>
  private let context: Int
  private let generation: @Sendable ([Int32], Sampling, Int) -> Generation

  /// Loads a GPT-2, or a Llama or its kin, as Hugging Face publishes it.
  ///
  /// - Parameter folder: With `config.json`, weights, and `tokenizer.json`.
  /// - Throws: `FormatError`, `DataError` or `WeightError` if one of the files is not as it should be.
  public init(folder: String) throws {
    let source = try ModelFolder(folder)
    tokenizer = try PretrainedTokenizer(path: "\(folder)/tokenizer.json")
    lastTokens = PretrainedText.lastTokens(source.settings["eos_token_id"])
    if source.settings["model_type"] == "gpt2" {
      let model = try GPT(pretrained: folder)
      context = model.context
      generation = { Generation(of: model, after: $0, sampling: $1, capacity: $2) }
    } else {
      let model = try Llama(pretrained: folder)
      context = model.context
      generation = { Generation(of: model, after: $0, sampling: $1, capacity: $2) }
    }
  }

  private static func lastTokens(_ json: JSON?) -> Set<Int32> {
    let tokens = json?.arrayValue ?? json.map { [$0] } ?? []
    return Set(tokens.compactMap { $0.intValue.flatMap { Int32(exactly: $0) } })
  }

  /// Text that goes on behind a prompt, in pieces as they come, until the model ends it.
  ///
  /// - Parameter tokens: The most tokens to say.
  /// - Throws: `DataError` if the tokenizer has no token for something in the prompt, or none for the prompt.
  public func continuation(
    of prompt: String, tokens: Int, sampling: Sampling = Sampling()
  ) throws -> some Sequence<Result<String, any Error>> {
    let start = try tokenizer.encode(prompt)
    guard !start.isEmpty else { throw DataError("the prompt has no tokens") }
    let said = generation(start, sampling, min(context, start.count + tokens)).prefix(tokens)
    let (tokenizer, lastTokens) = (tokenizer, lastTokens)
    var all: [Int32] = []
    var emitted = ""
    return said.lazy.prefix { !lastTokens.contains($0) }.map { token -> Result<String, any Error> in
      all.append(token)
      return Result {
        // Decoded from the start, since what a token looks like may depend on those before it.
        let text = try tokenizer.decode(all)
        // Bytes of an unfinished character wait for the next token.
        guard !text.hasSuffix("\u{FFFD}"), text.utf8.count >= emitted.utf8.count else { return "" }
        defer { emitted = text }
        return String(decoding: text.utf8.dropFirst(emitted.utf8.count), as: UTF8.self)
      }
    }
  }
}
