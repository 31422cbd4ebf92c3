import ArgumentParser
import MartletFormats
import MartletPretrained
import MartletZoo

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// `martlet generate --model RUN --prompt TEXT`, or `--pretrained FOLDER`.
struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Let a trained language model write.")

  @Option(help: "The folder of the run.", completion: .directory)
  var model: String?

  @Option(
    help: "The folder of a published GPT-2, Llama, Mistral or Qwen: config.json, weights, tokenizer.json.",
    completion: .directory)
  var pretrained: String?

  @Option(help: "The text to go on with. (default: a new line)")
  var prompt = "\n"

  @Option(help: "Tokens to write.")
  var tokens = 500

  @Option(help: "Below 1 the likely becomes likelier; 0 always takes the most probable token.")
  var temperature = 0.8

  @Option(help: "Consider only so many of the most probable tokens.")
  var topK: Int?

  @Option(help: "Consider only the most probable tokens that together reach this probability.")
  var topP: Double?

  @Option(help: "Determines the text.")
  var seed: UInt64 = 0

  @OptionGroup var engine: EngineOptions

  func validate() throws {
    if (model == nil) == (pretrained == nil) {
      throw ValidationError("Give --model or --pretrained, one of the two.")
    }
    if tokens < 0 { throw ValidationError("--tokens must not be negative.") }
    if !(temperature >= 0) { throw ValidationError("--temperature must not be negative.") }
    if let topK, topK < 1 { throw ValidationError("--top-k must be at least 1.") }
    if let topP, !(topP > 0 && topP <= 1) { throw ValidationError("--top-p must be above 0 and at most 1.") }
    if prompt.isEmpty { throw ValidationError("--prompt must not be empty.") }
  }

  func run() throws {
    engine.apply()
    let sampling = Sampling(temperature: temperature, topK: topK, topP: topP, seed: seed)
    if let pretrained {
      let model = try PretrainedText(folder: pretrained)
      try write(try model.continuation(of: prompt, tokens: tokens, sampling: sampling))
    } else if let model {
      try write(try TrainedText(run: model).continuation(of: prompt, tokens: tokens, sampling: sampling))
    }
  }

  private func write(_ pieces: some Sequence<Result<String, any Error>>) throws {
    if engine.json {
      let text = try pieces.reduce(into: "") { $0 += try $1.get() }
      print((["prompt": .string(prompt), "text": .string(text), "tokens": .integer(tokens)] as JSON).serialized())
      return
    }
    print(prompt, terminator: "")
    for piece in pieces {
      print(try piece.get(), terminator: "")
      fflush(nil)
    }
    print()
  }
}
