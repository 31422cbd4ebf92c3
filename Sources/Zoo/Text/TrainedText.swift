import Martlet
import MartletData
import MartletFormats

/// A GPT of a run folder.
public struct TrainedText {
  /// The model.
  public let model: GPT
  /// What turns text into tokens and back.
  public let tokenizer: TextTokenizer
  let data: [String]

  /// Loads the model of a run, finished or not.
  ///
  /// - Throws: `FormatError` or `CheckpointError` if the folder holds no such model.
  public init(run: String) throws {
    let settings = try RunSettings(run: run, task: "text")
    let configuration = try settings.required("model", GPTConfiguration.init)
    data = try settings.strings("data")
    tokenizer = try TextTokenizer(path: "\(run)/tokenizer.json")
    guard tokenizer.vocabularySize == configuration.vocabulary else {
      let sizes = "the vocabulary has \(tokenizer.vocabularySize) tokens, the model \(configuration.vocabulary)"
      throw FormatError(.mismatch, file: run, sizes)
    }
    model = GPT(configuration)
    try RunSettings.loadWeights(run: run, into: model)
  }

  /// Text that goes on behind a prompt, in pieces as they come.
  ///
  /// - Parameter tokens: How many tokens to say.
  /// - Throws: `DataError` if the prompt has a character that the vocabulary lacks.
  public func continuation(
    of prompt: String, tokens: Int, sampling: Sampling
  ) throws -> some Sequence<Result<String, any Error>> {
    let generation = Generation(of: model, after: try tokenizer.encode(prompt), sampling: sampling)
    var pending: [Int32] = []
    var left = tokens
    return generation.prefix(tokens).lazy.compactMap { token -> Result<String, any Error>? in
      pending.append(token)
      left -= 1
      let text = Result { try tokenizer.decode(pending) }
      // A character of several bytes may need several tokens; no character needs more than four.
      if case .success(let text) = text, text.hasSuffix("\u{FFFD}"), pending.count < 4, left > 0 { return nil }
      pending = []
      return text
    }
  }

  /// The loss on the text that the run held out, or on all of other texts.
  func evaluate(data files: [String]) throws -> Evaluation {
    let text: String
    if files.isEmpty {
      text = try TextCorpus.texts(of: data).heldOut
    } else {
      text = try files.map(TextFile.read).joined(separator: "\n")
    }
    let segments = TextSegments(tokens: tokenizer.encodeKnown(text), length: model.configuration.context)
    guard segments.count > 0 else { throw DataError("the text has no window of \(model.configuration.context) tokens") }
    return Evaluation(count: segments.count, metric: ("validation_loss", try TextTask.loss(of: model, on: segments)))
  }
}
