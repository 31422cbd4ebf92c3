import Martlet
public import MartletFormats
public import MartletZoo

extension BERT {
  /// A BERT, MiniLM or another model of the kind as Hugging Face publishes it.
  ///
  /// Heads for the tasks of pre-training (`cls.…`) are left out.
  ///
  /// - Parameter folder: With `config.json` and weights, whole or in shards, of any floating-point type.
  /// - Throws: `FormatError` if the folder holds no such model or one that is not computed here; a `WeightError` with
  ///   every tensor that is missing, unexpected or of another shape.
  public init(pretrained folder: String) throws {
    let source = try ModelFolder(folder)
    let path = try source.weightsPath()
    let names = try WeightFile(path: path).names
    var configuration = try BERTConfiguration(huggingFace: source.settings)
    configuration.hasPooler = names.contains { $0 == "pooler.dense.weight" || $0 == "bert.pooler.dense.weight" }
    self.init(configuration)
    try loadWeights(from: path, renaming: BERT.huggingFaceNames, converting: true)
  }

  /// From the names of Hugging Face's BERT to those of this model.
  public static let huggingFaceNames = NameRules(
    [NameRules.Rule(dropping: "cls.{rest...}")] + NameRules.bertModernized.rules
  ).followed(
    by: NameRules(
      [
        NameRules.Rule("embeddings.word_embeddings.weight", "token.weight"),
        NameRules.Rule("embeddings.position_embeddings.weight", "position.weight"),
        NameRules.Rule("embeddings.token_type_embeddings.weight", "segment.weight"),
      ]
        + NameRules.norm("embeddings.LayerNorm", "norm") + NameRules.dense("pooler.dense", "pooler")
        + NameRules.dense("encoder.layer.{i}.attention.self.{map}", "encoder.blocks.{i}.attention.{map}")
        + NameRules.dense("encoder.layer.{i}.attention.output.dense", "encoder.blocks.{i}.attention.output")
        + NameRules.norm("encoder.layer.{i}.attention.output.LayerNorm", "encoder.blocks.{i}.attentionNorm")
        + NameRules.dense("encoder.layer.{i}.intermediate.dense", "encoder.blocks.{i}.feedForward.expand")
        + NameRules.dense("encoder.layer.{i}.output.dense", "encoder.blocks.{i}.feedForward.contract")
        + NameRules.norm("encoder.layer.{i}.output.LayerNorm", "encoder.blocks.{i}.feedForwardNorm")))
}

extension BERTConfiguration {
  init(huggingFace settings: ModelSettings) throws(FormatError) {
    try settings.require("model_type", in: ["bert"], default: "bert")
    try settings.require("hidden_act", in: ["gelu"], default: "gelu")
    try settings.require("position_embedding_type", in: ["absolute"], default: "absolute")
    let (width, heads) = (try settings.size("hidden_size"), try settings.size("num_attention_heads"))
    let hidden = try settings.size("intermediate_size")
    guard width % heads == 0, hidden % width == 0 else {
      throw settings.error(
        .unsupported, "has a width of \(width), \(heads) heads and \(hidden) inside; they do not divide")
    }
    self.init(
      vocabulary: try settings.size("vocab_size"), context: try settings.size("max_position_embeddings"),
      segments: try settings.size("type_vocab_size", default: 2), width: width,
      layers: try settings.size("num_hidden_layers", atMost: ModelSettings.maximumLayers), heads: heads,
      expansion: hidden / width, epsilon: try settings.number("layer_norm_eps", default: 1e-12))
  }
}
