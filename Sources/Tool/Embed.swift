import ArgumentParser
import Martlet
import MartletData
import MartletFormats
import MartletPretrained

/// `martlet embed FOLDER [SENTENCE …]`.
struct Embed: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn sentences into vectors that lie close where meanings do.",
    discussion: """
      The folder holds a model as Sentence Transformers publishes it: config.json, model.safetensors, tokenizer.json. \
      Prints one JSON array for each sentence.
      """)

  @Argument(help: "The folder of the model.", completion: .directory)
  var model: String

  @Argument(help: "The sentences.")
  var sentences: [String] = []

  @Option(help: "Take each line of this file instead.", completion: .file())
  var input: String?

  @OptionGroup var engine: EngineOptions

  func validate() throws {
    if sentences.isEmpty == (input == nil) { throw ValidationError("Give sentences or --input, one of the two.") }
  }

  func run() throws {
    engine.apply()
    let encoder = try SentenceEncoder(pretrained: model)
    let sentences = try input.map { try TextFile.read($0).split(separator: "\n").map(String.init) } ?? sentences
    let vectors = try encoder(sentences)
    let values = vectors.scalars(as: Float.self)
    for sentence in sentences.indices {
      let row = values[(sentence * vectors.shape[1])..<((sentence + 1) * vectors.shape[1])]
      print(JSON.array(row.map { .number(Double($0)) }).serialized())
    }
  }
}
