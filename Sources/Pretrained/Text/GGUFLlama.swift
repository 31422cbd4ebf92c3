import Martlet
import MartletFormats
import MartletZoo

/// What a GGUF file of a Llama or its kin says about the model.
struct GGUFLlama {
  private(set) var configuration: LlamaConfiguration
  /// From the names and layouts of the file to those of ``Llama``.
  let names: NameRules

  static let architectures = ["llama", "qwen2", "qwen3"]

  init(path: String) throws(FormatError) {
    let sizes = try WeightSizes(path: path)
    guard let gguf = sizes.file.gguf, case .string(let kind)? = gguf.value("general.architecture"),
      GGUFLlama.architectures.contains(kind)
    else {
      throw FormatError(
        .unsupported, file: path, "is no GGUF file of \(GGUFLlama.architectures.joined(separator: ", "))")
    }
    configuration = try GGUFLlama.configuration(Metadata(gguf: gguf, kind: kind), sizes)
    if let divisors = try GGUFLlama.divisors(sizes.file) {
      guard divisors.count == configuration.headWidth / 2 else {
        throw FormatError(.mismatch, file: path, "has \(divisors.count) elements", tensor: "rope_freqs.weight")
      }
      configuration.rotaryScaling = .divisors(divisors)
    }
    var rules: [NameRules.Rule] = []
    if kind == "llama" {
      for (theirs, ours, heads) in [("q", "q", configuration.heads), ("k", "k", configuration.keyHeads)] {
        rules.append(
          NameRules.Rule(
            "blk.{i}.attn_\(theirs).{part}", "model.layers.{i}.self_attn.\(ours)_proj.{part}",
            layout: .unpairingRotations(heads: heads)))
      }
    }
    names = NameRules(rules + NameRules.llamaFromGGUF.rules).followed(
      by: Llama.huggingFaceNames(isTied: configuration.isTied))
  }

  /// The numbers under an architecture's name.
  private struct Metadata {
    let gguf: GGUFFile
    let kind: String

    func size(_ key: String, default value: Int? = nil) throws(FormatError) -> Int {
      guard let size = gguf.value("\(kind).\(key)")?.intValue ?? value, (1...ModelSettings.maximumSize).contains(size)
      else { throw error("needs a size as \(kind).\(key)") }
      return size
    }

    func number(_ key: String, default value: Double) throws(FormatError) -> Double {
      let number: Double
      switch gguf.value("\(kind).\(key)") {
      case .float32(let value)?: number = Double(value)
      case .float64(let value)?: number = value
      default: number = value
      }
      guard number > 0, number.isFinite else { throw error("needs a positive number as \(kind).\(key)") }
      return number
    }

    func error(_ message: String) -> FormatError { FormatError(.mismatch, file: gguf.file, message) }
  }

  private static func configuration(
    _ metadata: Metadata, _ sizes: WeightSizes
  ) throws(FormatError) -> LlamaConfiguration {
    let (width, heads) = (try metadata.size("embedding_length"), try metadata.size("attention.head_count"))
    let keyHeads = try metadata.size("attention.head_count_kv", default: heads)
    let headWidth = try metadata.size("attention.key_length", default: width / heads)
    let layers = try metadata.size("block_count")
    let isPossible = heads % keyHeads == 0 && headWidth % 2 == 0 && heads * headWidth <= ModelSettings.maximumSize
    guard isPossible, layers <= ModelSettings.maximumLayers else {
      throw metadata.error("has \(layers) layers of \(heads) heads for \(keyHeads) of keys; they do not divide")
    }
    var result = LlamaConfiguration(
      vocabulary: try sizes.size("token_embd.weight", axis: 0), width: width,
      hiddenWidth: try metadata.size("feed_forward_length"), layers: layers, heads: heads, keyHeads: keyHeads,
      headWidth: headWidth, context: try metadata.size("context_length"))
    result.epsilon = try metadata.number("attention.layer_norm_rms_epsilon", default: 1e-6)
    result.rotaryBase = try metadata.number("rope.freq_base", default: 10_000)
    result.isTied = !sizes.has("output.weight")
    result.hasQueryBias = sizes.has("blk.0.attn_q.bias")
    result.hasOutputBias = sizes.has("blk.0.attn_output.bias")
    result.hasQueryNorm = sizes.has("blk.0.attn_q_norm.weight")
    if metadata.gguf.value("\(metadata.kind).rope.scaling.type") == .string("linear") {
      result.rotaryScaling = .linear(factor: try metadata.number("rope.scaling.factor", default: 1))
    }
    return result
  }

  /// What the speeds of rotary positions are divided by, for models that stretch them as Llama 3 does.
  private static func divisors(_ file: WeightFile) throws(FormatError) -> [Double]? {
    guard file["rope_freqs.weight"] != nil else { return nil }
    let values = try file.tensor("rope_freqs.weight").converted(to: .float64).values(as: Double.self)
    guard values.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw FormatError(.mismatch, file: file.file, "has numbers that are not positive", tensor: "rope_freqs.weight")
    }
    return values
  }
}
