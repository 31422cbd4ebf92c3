import ArgumentParser
import MartletZoo

/// `martlet train digits|text`.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model.", subcommands: [TrainDigits.self, TrainText.self])
}

struct TrainDigits: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "digits", abstract: "Train a classifier of handwritten digits.",
    discussion: """
      Without --data it learns from 2,500 of the 5,000 digits that come with Martlet, and is tested on the others.
      """)

  @Option(help: "A folder in MNIST's format, a folder of pictures for each class, or a MNIST file of pictures.")
  var data: String?

  @OptionGroup var training: TrainingArguments
  @OptionGroup var engine: EngineOptions

  func run() throws {
    engine.apply()
    let request = training.request(data: data.map { [$0] } ?? [], json: engine.json)
    try show(DigitTask.train(request), json: engine.json, quiet: training.quiet)
  }
}

struct TrainText: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "text", abstract: "Train a small GPT on text.",
    discussion: """
      Without --data it learns from Jane Austen's Pride and Prejudice, and is measured on Persuasion. Of other texts the
      last tenth is held out.
      """)

  @Option(parsing: .upToNextOption, help: "Text files, UTF-8.", completion: .file())
  var data: [String] = []

  @Option(help: "Use a byte-pair vocabulary of this size. (default: one token a character)")
  var vocabulary: Int?

  @Option(help: "Transformer blocks. (default: 4)")
  var layers: Int?

  @Option(help: "Heads of attention. (default: 4)")
  var heads: Int?

  @Option(help: "Size of a token's vector. (default: 128)")
  var width: Int?

  @Option(help: "Tokens the model sees at once. (default: 64)")
  var context: Int?

  @OptionGroup var training: TrainingArguments
  @OptionGroup var engine: EngineOptions

  func validate() throws {
    for (name, value) in [("layers", layers), ("heads", heads), ("width", width), ("context", context)] {
      if let value, value < 1 { throw ValidationError("--\(name) must be at least 1.") }
    }
    if let vocabulary, vocabulary < 256 { throw ValidationError("--vocabulary must be at least 256.") }
    if (width ?? 128) % (heads ?? 4) != 0 { throw ValidationError("--heads must divide --width.") }
  }

  func run() throws {
    engine.apply()
    var sizes = TextSizes()
    (sizes.layers, sizes.heads, sizes.width, sizes.context) = (layers, heads, width, context)
    sizes.vocabulary = vocabulary
    let request = training.request(data: data, json: engine.json)
    try show(TextTask.train(request, sizes: sizes), json: engine.json, quiet: training.quiet)
  }
}
