import Martlet
import MartletFormats
import MartletZoo

extension LlamaConfiguration {
  /// The kinds of model that differ in the configuration alone.
  static let kinds: [JSON] = ["llama", "mistral", "qwen2", "qwen3"]

  init(huggingFace settings: ModelSettings) throws(FormatError) {
    try settings.require("model_type", in: LlamaConfiguration.kinds, default: .null)
    try settings.require("hidden_act", in: ["silu", "swish"], default: "silu")
    try settings.require("mlp_bias", in: [false], default: false)
    let kind = settings["model_type"]?.stringValue ?? ""
    let (width, heads) = (try settings.size("hidden_size"), try settings.size("num_attention_heads"))
    let keyHeads = try settings.size("num_key_value_heads", default: heads)
    let headWidth = try settings.size("head_dim", default: max(width / heads, 1))
    guard heads % keyHeads == 0, headWidth % 2 == 0, heads * headWidth <= ModelSettings.maximumSize else {
      throw settings.error(
        .mismatch, "has \(heads) heads of \(headWidth) elements for \(keyHeads) of keys; they do not divide")
    }
    self.init(
      vocabulary: try settings.size("vocab_size"), width: width, hiddenWidth: try settings.size("intermediate_size"),
      layers: try settings.size("num_hidden_layers", atMost: ModelSettings.maximumLayers), heads: heads,
      keyHeads: keyHeads, headWidth: headWidth,
      context: try settings.size("max_position_embeddings", default: 2048))
    epsilon = try settings.number("rms_norm_eps", default: 1e-6)
    isTied = try settings.flag("tie_word_embeddings", default: false)
    let hasBias = try settings.flag("attention_bias", default: false)
    (hasQueryBias, hasOutputBias) = (hasBias || kind == "qwen2", hasBias && kind != "qwen2")
    hasQueryNorm = kind == "qwen3"
    try checkWindow(settings)
    try readRotation(settings)
  }

  /// A window as long as the context, or one that is switched off, changes nothing.
  private func checkWindow(_ settings: ModelSettings) throws(FormatError) {
    let isUsed = try settings.flag("use_sliding_window", default: settings["model_type"] == "mistral")
    guard isUsed, settings["sliding_window"] != nil else { return }
    guard try settings.size("sliding_window") >= context else {
      throw settings.error(.unsupported, "asks for attention to a sliding window, which is not computed here")
    }
  }

  /// The base and the scaling of rotary positions: `rope_theta` and `rope_scaling`, or both in `rope_parameters`.
  private mutating func readRotation(_ settings: ModelSettings) throws(FormatError) {
    let nested = ModelSettings(settings["rope_parameters"] ?? settings["rope_scaling"] ?? [:], file: settings.file)
    rotaryBase = try nested.number("rope_theta", default: settings.number("rope_theta", default: 10_000))
    let kind = nested["rope_type"] ?? nested["type"] ?? "default"
    let original = try nested.size("original_max_position_embeddings", default: context)
    switch kind {
    case "default": rotaryScaling = nil
    case "linear": rotaryScaling = .linear(factor: try nested.number("factor"))
    case "llama3":
      let (low, high) = (try nested.number("low_freq_factor"), try nested.number("high_freq_factor"))
      guard low < high else { throw nested.error(.mismatch, "has frequency factors \(low) and \(high), in no order") }
      rotaryScaling = .llama3(
        factor: try nested.number("factor"), lowFrequencyFactor: low, highFrequencyFactor: high,
        originalContext: original)
    case "yarn":
      try nested.require("mscale", in: [.null], default: .null)
      rotaryScaling = .yarn(
        factor: try nested.number("factor"), originalContext: original,
        fast: try nested.number("beta_fast", default: 32), slow: try nested.number("beta_slow", default: 1),
        attentionFactor: nested["attention_factor"]?.doubleValue)
    default:
      throw nested.error(.unsupported, "asks for rotary positions \(kind.serialized()), which are not computed here")
    }
  }
}
