public import Martlet

/// The sizes of a ``VisionTransformer``.
public struct VisionTransformerConfiguration: Sendable, Hashable {
  /// Height and width of the pictures, and of the square patches they are cut into, in pixels.
  public var imageSize, patchSize: Int
  /// Size of a patch's vector, transformer blocks, heads of attention, and how many times wider the middle of a
  /// feed-forward network is.
  public var width, layers, heads, expansion: Int
  /// What norms add to the variance.
  public var epsilon: Double

  /// ViT-B/16 unless other sizes are given.
  public init(
    imageSize: Int = 224, patchSize: Int = 16, width: Int = 768, layers: Int = 12, heads: Int = 12, expansion: Int = 4,
    epsilon: Double = 1e-6
  ) {
    (self.imageSize, self.patchSize, self.width) = (imageSize, patchSize, width)
    (self.layers, self.heads, self.expansion, self.epsilon) = (layers, heads, expansion, epsilon)
  }
}

/// A transformer over the patches of a picture, which classifies by one more position.
///
/// - Note: Dosovitskiy et al., *An image is worth 16x16 words*, ICLR 2021.
public struct VisionTransformer: Layer {
  /// The sizes.
  public let configuration: VisionTransformerConfiguration
  /// From the pixels of a patch to its vector.
  public let patches: Conv2D
  /// The position that is classified, `[1, 1, width]`, and what tells positions apart, `[1, patches + 1, width]`.
  public let classToken, position: Parameter
  /// The blocks, and the norm behind them.
  public let encoder: TransformerEncoder
  /// From the classified position to the classes.
  public let head: Dense

  /// A model with random weights.
  ///
  /// - Precondition: Patches divide the picture, heads the width.
  public init(_ configuration: VisionTransformerConfiguration = .init(), classes: Int) {
    let (size, width) = (configuration.patchSize, configuration.width)
    precondition(
      size > 0 && configuration.imageSize % size == 0, "VisionTransformer: patches do not divide the picture")
    let small = Initializer.normal(standardDeviation: 0.02)
    let side = configuration.imageSize / size
    self.configuration = configuration
    patches = Conv2D(3, width, kernelSize: Spatial(size), stride: Spatial(size))
    classToken = Initializer.zeros.parameter([1, 1, width])
    position = small.parameter([1, side * side + 1, width])
    encoder = TransformerEncoder(configuration.layers, norm: LayerNorm(width, epsilon: configuration.epsilon)) {
      TransformerBlock(
        width, headCount: configuration.heads, expansion: configuration.expansion, epsilon: configuration.epsilon)
    }
    head = Dense(width, classes)
  }

  /// - Parameter x: `[batch, height, width, 3]`, of the configuration's size.
  /// - Returns: Logits `[batch, classes]`.
  public func callAsFunction(_ x: Tensor) -> Tensor { head(features(x)[0..., 0]) }

  /// The vectors of all positions, the classified one first: `[batch, patches + 1, width]`.
  public func features(_ x: Tensor) -> Tensor {
    let vectors = patches(x).reshaped(to: [x.shape[0], position.shape[1] - 1, configuration.width])
    let first = classToken.tensor.broadcast(to: [x.shape[0], 1, configuration.width])
    return encoder(Tensor(concatenating: [first, vectors], axis: 1) + position.tensor)
  }
}
