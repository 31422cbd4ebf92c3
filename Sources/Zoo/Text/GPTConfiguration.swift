import MartletFormats

/// The sizes of a ``GPT``.
public struct GPTConfiguration: Sendable, Hashable {
  /// Transformer blocks.
  public var layers: Int
  /// Heads of attention; they divide `width`.
  public var heads: Int
  /// Size of a token's vector.
  public var width: Int
  /// The most tokens the model sees at once.
  public var context: Int
  /// Kinds of token.
  public var vocabulary: Int
  /// Whether linear maps have a bias and norms a shift.
  public var hasBias: Bool
  /// Whether GELU is approximated by a hyperbolic tangent, as in GPT-2, or computed by the error function.
  public var usesTanhGELU: Bool

  /// A configuration of the given sizes.
  public init(
    layers: Int, heads: Int, width: Int, context: Int, vocabulary: Int, hasBias: Bool = false,
    usesTanhGELU: Bool = false
  ) {
    (self.layers, self.heads, self.width) = (layers, heads, width)
    (self.context, self.vocabulary) = (context, vocabulary)
    (self.hasBias, self.usesTanhGELU) = (hasBias, usesTanhGELU)
  }
}

extension GPTConfiguration {
  /// The configuration as a run folder keeps it.
  package var json: JSON {
    [
      "layers": .integer(layers), "heads": .integer(heads), "width": .integer(width), "context": .integer(context),
      "vocabulary": .integer(vocabulary), "hasBias": .bool(hasBias), "usesTanhGELU": .bool(usesTanhGELU),
    ]
  }

  /// The configuration in a run folder; nil if a member is missing, of the wrong type or out of range.
  package init?(_ json: JSON) {
    func size(_ key: String) -> Int? { json[key]?.intValue.flatMap { (1...(1 << 24)).contains($0) ? $0 : nil } }
    guard let layers = size("layers"), let heads = size("heads"), let width = size("width"),
      let context = size("context"), let vocabulary = size("vocabulary"), let hasBias = json["hasBias"]?.boolValue,
      let usesTanhGELU = json["usesTanhGELU"]?.boolValue, width % heads == 0
    else { return nil }
    self.init(
      layers: layers, heads: heads, width: width, context: context, vocabulary: vocabulary, hasBias: hasBias,
      usesTanhGELU: usesTanhGELU)
  }
}
