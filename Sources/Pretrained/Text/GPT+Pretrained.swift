import Martlet
public import MartletFormats
public import MartletZoo

extension GPT {
  /// A GPT-2 as Hugging Face publishes it.
  ///
  /// - Parameter folder: With `config.json` and weights, whole or in shards, of any floating-point type.
  /// - Throws: `FormatError` if the folder holds no such model or one that is not computed here; a `WeightError` with
  ///   every tensor that is missing, unexpected or of another shape.
  public init(pretrained folder: String) throws {
    let source = try ModelFolder(folder)
    self.init(try GPTConfiguration(gpt2: source.settings))
    try loadWeights(from: source.weightsPath(), renaming: GPT.huggingFaceNames, converting: true)
  }

  /// From the names of Hugging Face's GPT-2 to those of this model.
  public static let huggingFaceNames = NameRules.gpt2Plain.followed(
    by: NameRules([
      // The head is the token embedding.
      NameRules.Rule(dropping: "lm_head.weight"),
      NameRules.Rule("wte.weight", "token.weight"),
      NameRules.Rule("wpe.weight", "position.weight"),
      NameRules.Rule("ln_f.weight", "norm.scale"),
      NameRules.Rule("ln_f.bias", "norm.shift"),
      NameRules.Rule("h.{i}.ln_1.weight", "blocks.{i}.attentionNorm.scale"),
      NameRules.Rule("h.{i}.ln_1.bias", "blocks.{i}.attentionNorm.shift"),
      NameRules.Rule("h.{i}.ln_2.weight", "blocks.{i}.feedForwardNorm.scale"),
      NameRules.Rule("h.{i}.ln_2.bias", "blocks.{i}.feedForwardNorm.shift"),
      NameRules.Rule("h.{i}.attn.c_attn.{part}", "blocks.{i}.queryKeyValue.{part}"),
      NameRules.Rule("h.{i}.attn.c_proj.{part}", "blocks.{i}.project.{part}"),
      NameRules.Rule("h.{i}.mlp.c_fc.{part}", "blocks.{i}.expand.{part}"),
      NameRules.Rule("h.{i}.mlp.c_proj.{part}", "blocks.{i}.contract.{part}"),
    ]))
}

extension GPTConfiguration {
  init(gpt2 settings: ModelSettings) throws(FormatError) {
    try settings.require("model_type", in: ["gpt2"], default: .null)
    try settings.require(
      "activation_function", in: ["gelu_new", "gelu_pytorch_tanh", "gelu"], default: "gelu_new")
    try settings.require("layer_norm_epsilon", in: [1e-5], default: 1e-5)
    try settings.require("scale_attn_weights", in: [true], default: true)
    try settings.require("scale_attn_by_inverse_layer_idx", in: [false], default: false)
    let (width, heads) = (try settings.size("n_embd"), try settings.size("n_head"))
    guard width % heads == 0, try settings.size("n_inner", default: 4 * width) == 4 * width else {
      throw settings.error(.unsupported, "has sizes that are not computed here: width \(width), \(heads) heads")
    }
    self.init(
      layers: try settings.size("n_layer", atMost: ModelSettings.maximumLayers), heads: heads, width: width,
      context: try settings.size("n_positions"), vocabulary: try settings.size("vocab_size"), hasBias: true,
      usesTanhGELU: settings["activation_function"] != "gelu")
  }
}
