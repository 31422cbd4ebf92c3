public import Martlet
public import MartletFormats
public import MartletGraph
public import MartletZoo

extension Llama {
  /// A Llama, Mistral, Qwen 2 or Qwen 3 as Hugging Face publishes it, or a GGUF file of one.
  ///
  /// - Parameters:
  ///   - path: A folder with `config.json` and weights, whole or in shards, or a file `….gguf`; quantized weights become
  ///     floating-point numbers.
  ///   - dtype: The element type of the model's weights and of what it computes.
  /// - Throws: `FormatError` if there is no such model or one that is not computed here; a `WeightError` with every
  ///   tensor that is missing, unexpected or of another shape.
  public init(pretrained path: String, dtype: DType = .float32) throws {
    if path.hasSuffix(".gguf") {
      let source = try GGUFLlama(path: path)
      self.init(source.configuration, dtype: dtype)
      try loadWeights(from: path, renaming: source.names, converting: true)
    } else {
      let source = try ModelFolder(path)
      let configuration = try LlamaConfiguration(huggingFace: source.settings)
      self.init(configuration, dtype: dtype)
      let names = Llama.huggingFaceNames(isTied: configuration.isTied)
      try loadWeights(from: source.weightsPath(), renaming: names, converting: true)
    }
  }

  /// From the names of Hugging Face's Llama and its kin to those of this model.
  ///
  /// - Parameter isTied: Whether the head is the token embedding; a copy of it in the file is then left out.
  public static func huggingFaceNames(isTied: Bool) -> NameRules {
    let head =
      isTied
      ? NameRules.Rule(dropping: "lm_head.weight")
      : NameRules.Rule("lm_head.weight", "head.weight", layout: .transposed)
    return NameRules([head] + commonNames)
  }

  private static let commonNames =
    [
      // Speeds of rotary positions, which old files carry.
      NameRules.Rule(dropping: "model.layers.{i}.self_attn.rotary_emb.inv_freq"),
      NameRules.Rule("model.embed_tokens.weight", "token.weight"),
      NameRules.Rule("model.norm.weight", "norm.scale"),
      NameRules.Rule("model.layers.{i}.input_layernorm.weight", "blocks.{i}.attentionNorm.scale"),
      NameRules.Rule("model.layers.{i}.post_attention_layernorm.weight", "blocks.{i}.feedForwardNorm.scale"),
      NameRules.Rule("model.layers.{i}.self_attn.q_norm.weight", "blocks.{i}.attention.queryNorm.scale"),
      NameRules.Rule("model.layers.{i}.self_attn.k_norm.weight", "blocks.{i}.attention.keyNorm.scale"),
    ]
    + dense("self_attn.q_proj", "attention.query") + dense("self_attn.k_proj", "attention.key")
    + dense("self_attn.v_proj", "attention.value") + dense("self_attn.o_proj", "attention.output")
    + dense("mlp.gate_proj", "gate") + dense("mlp.up_proj", "expand") + dense("mlp.down_proj", "contract")

  private static func dense(_ theirs: String, _ ours: String) -> [NameRules.Rule] {
    NameRules.dense("model.layers.{i}.\(theirs)", "blocks.{i}.\(ours)")
  }
}

extension NameRules {
  /// The weight, with rows and columns exchanged, and the bias of a dense layer.
  static func dense(_ theirs: String, _ ours: String) -> [Rule] {
    [
      Rule("\(theirs).weight", "\(ours).weight", layout: .transposed),
      Rule("\(theirs).bias", "\(ours).bias"),
    ]
  }

  /// The scale and the shift of a norm.
  static func norm(_ theirs: String, _ ours: String) -> [Rule] {
    [Rule("\(theirs).weight", "\(ours).scale"), Rule("\(theirs).bias", "\(ours).shift")]
  }
}
