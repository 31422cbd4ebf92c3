import Martlet
public import MartletFormats
public import MartletZoo

extension VisionTransformer {
  /// A vision transformer for classification as Hugging Face publishes it.
  ///
  /// - Parameter folder: With `config.json` and weights, whole or in shards, of any floating-point type.
  /// - Throws: `FormatError` if the folder holds no such model or one that is not computed here; a `WeightError` with
  ///   every tensor that is missing, unexpected or of another shape.
  public init(pretrained folder: String) throws {
    let source = try ModelFolder(folder)
    let path = try source.weightsPath()
    let sizes = try WeightSizes(path: path)
    self.init(
      try VisionTransformerConfiguration(huggingFace: source.settings),
      classes: try sizes.size("classifier.bias", axis: 0))
    try loadWeights(from: path, renaming: VisionTransformer.huggingFaceNames, converting: true)
  }

  /// A vision transformer from a file of torchvision's names and layouts, such as ViT-B/16.
  ///
  /// - Parameters:
  ///   - path: A file `….pth` or one of another format with the same names.
  ///   - heads: Heads of attention, which the file does not tell; if nil, so many that each has 64 elements (80 where the
  ///     width is 1280, as in ViT-H).
  /// - Throws: `FormatError` if the file holds no such model; a `WeightError` with every tensor that is missing,
  ///   unexpected or of another shape.
  public init(torchvision path: String, heads: Int? = nil) throws {
    let sizes = try WeightSizes(path: path)
    self.init(
      try VisionTransformerConfiguration(torchvision: sizes, heads: heads),
      classes: try sizes.size("heads.head.bias", axis: 0))
    try loadWeights(from: path, renaming: VisionTransformer.torchvisionNames, converting: true)
  }

  /// From the names of Hugging Face's ViT for classification to those of this model.
  public static let huggingFaceNames = NameRules(
    [
      NameRules.Rule(dropping: "vit.pooler.dense.{part}"),
      NameRules.Rule("vit.embeddings.cls_token", "classToken"),
      NameRules.Rule("vit.embeddings.position_embeddings", "position"),
    ]
      + NameRules.convolution("vit.embeddings.patch_embeddings.projection", "patches")
      + NameRules.norm("vit.layernorm", "encoder.norm") + NameRules.dense("classifier", "head")
      + NameRules.norm("vit.encoder.layer.{i}.layernorm_before", "encoder.blocks.{i}.attentionNorm")
      + NameRules.norm("vit.encoder.layer.{i}.layernorm_after", "encoder.blocks.{i}.feedForwardNorm")
      + NameRules.dense("vit.encoder.layer.{i}.attention.attention.{map}", "encoder.blocks.{i}.attention.{map}")
      + NameRules.dense("vit.encoder.layer.{i}.attention.output.dense", "encoder.blocks.{i}.attention.output")
      + NameRules.dense("vit.encoder.layer.{i}.intermediate.dense", "encoder.blocks.{i}.feedForward.expand")
      + NameRules.dense("vit.encoder.layer.{i}.output.dense", "encoder.blocks.{i}.feedForward.contract"))

  /// From torchvision's names to those of this model.
  public static let torchvisionNames: NameRules = {
    let (theirs, ours) = ("encoder.layers.encoder_layer_{i}", "encoder.blocks.{i}")
    func parts(_ part: String) -> [String] {
      ["query", "key", "value"].map { "\(ours).attention.\($0).\(part)" }
    }
    return NameRules(
      [
        NameRules.Rule("class_token", "classToken"),
        NameRules.Rule("encoder.pos_embedding", "position"),
        NameRules.Rule("\(theirs).self_attention.in_proj_weight", parts: parts("weight"), layout: .transposed),
        NameRules.Rule("\(theirs).self_attention.in_proj_bias", parts: parts("bias")),
      ]
        + NameRules.convolution("conv_proj", "patches") + NameRules.norm("encoder.ln", "encoder.norm")
        + NameRules.dense("heads.head", "head") + NameRules.norm("\(theirs).ln_1", "\(ours).attentionNorm")
        + NameRules.norm("\(theirs).ln_2", "\(ours).feedForwardNorm")
        + NameRules.dense("\(theirs).self_attention.out_proj", "\(ours).attention.output")
        // The older files call the dense layers by their places, the newer ones by their names.
        + NameRules.dense("\(theirs).mlp.0", "\(ours).feedForward.expand")
        + NameRules.dense("\(theirs).mlp.3", "\(ours).feedForward.contract")
        + NameRules.dense("\(theirs).mlp.linear_1", "\(ours).feedForward.expand")
        + NameRules.dense("\(theirs).mlp.linear_2", "\(ours).feedForward.contract"))
  }()
}

extension VisionTransformerConfiguration {
  init(huggingFace settings: ModelSettings) throws(FormatError) {
    try settings.require("model_type", in: ["vit"], default: .null)
    try settings.require("hidden_act", in: ["gelu"], default: "gelu")
    try settings.require("num_channels", in: [3], default: 3)
    try settings.require("qkv_bias", in: [true], default: true)
    let (width, hidden) = (try settings.size("hidden_size"), try settings.size("intermediate_size"))
    guard hidden % width == 0 else {
      throw settings.error(.unsupported, "has a width of \(width) and \(hidden) inside; they do not divide")
    }
    self.init(
      imageSize: try settings.size("image_size", atMost: ModelSettings.maximumPixels, default: 224),
      patchSize: try settings.size("patch_size", atMost: ModelSettings.maximumPixels, default: 16),
      width: width, layers: try settings.size("num_hidden_layers", atMost: ModelSettings.maximumLayers),
      heads: try settings.size("num_attention_heads"), expansion: hidden / width,
      epsilon: try settings.number("layer_norm_eps", default: 1e-12))
    guard isPossible else { throw settings.error(.mismatch, "has sizes that do not divide: \(self)") }
  }

  init(torchvision sizes: WeightSizes, heads: Int?) throws(FormatError) {
    let width = try sizes.size("conv_proj.weight", axis: 0)
    let first = "encoder.layers.encoder_layer_0.mlp."
    let hidden = try sizes.size(first + (sizes.has(first + "0.bias") ? "0.bias" : "linear_1.bias"), axis: 0)
    let positions = try sizes.size("encoder.pos_embedding", axis: 1)
    let patch = try sizes.size("conv_proj.weight", axis: 2)
    let side = Int(Double(positions - 1).squareRoot())
    self.init(
      imageSize: side * patch, patchSize: patch, width: width,
      layers: try sizes.count("encoder.layers.encoder_layer_#.ln_1.weight"),
      heads: heads ?? max(width / (width == 1280 ? 80 : 64), 1), expansion: hidden / width)
    guard isPossible, side * side + 1 == positions, hidden % width == 0 else {
      throw sizes.error("has sizes that do not divide: \(self)")
    }
  }

  private var isPossible: Bool {
    imageSize >= patchSize && imageSize <= ModelSettings.maximumPixels && imageSize % patchSize == 0
      && width % heads == 0 && expansion > 0
  }
}
