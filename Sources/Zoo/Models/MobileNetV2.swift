public import Martlet

/// A 1 × 1 convolution to more channels, a depthwise one, and a 1 × 1 convolution back, around which the input goes where
/// it has the shape of the result.
public struct InvertedResidual: Layer {
  /// To more channels; nil where there are no more.
  public let expand: NormalizedConvolution?
  /// Each channel by itself.
  public let depthwise: NormalizedConvolution
  /// Back, without an activation behind it.
  public let project: NormalizedConvolution
  /// Whether the input is added to the result.
  public let isResidual: Bool

  /// A block from `inputCount` to `outputCount` channels.
  ///
  /// - Parameter expansion: How many times more channels the middle has.
  public init(_ inputCount: Int, _ outputCount: Int, stride: Int, expansion: Int) {
    let inner = inputCount * expansion
    expand = expansion == 1 ? nil : NormalizedConvolution(inputCount, inner, kernelSize: 1)
    depthwise = NormalizedConvolution(inner, inner, kernelSize: 3, stride: stride, groups: inner)
    project = NormalizedConvolution(inner, outputCount, kernelSize: 1)
    isResidual = stride == 1 && inputCount == outputCount
  }

  /// - Parameter x: `[batch, height, width, in]`.
  /// - Returns: `[batch, height / stride, width / stride, out]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let wide = expand.map { relu6($0(x)) } ?? x
    let result = project(relu6(depthwise(wide)))
    return isResidual ? x + result : result
  }
}

/// A small network for pictures, of inverted residual blocks.
///
/// - Note: Sandler et al., *MobileNetV2: inverted residuals and linear bottlenecks*, CVPR 2018.
public struct MobileNetV2: Layer {
  /// A run of blocks of the same number of channels.
  public struct Stage: Sendable, Hashable {
    var expansion, channels, count, stride: Int

    /// `count` blocks, the first of them of the given stride.
    public init(expansion: Int, channels: Int, count: Int, stride: Int) {
      (self.expansion, self.channels, self.count, self.stride) = (expansion, channels, count, stride)
    }
  }

  /// The first convolution.
  public let stem: NormalizedConvolution
  /// The inverted residual blocks.
  public let blocks: [InvertedResidual]
  /// The last convolution.
  public let last: NormalizedConvolution
  /// From the channels' means to the classes.
  public let head: Dense
  private let dropout = Dropout(probability: 0.2)

  /// The stages of the paper.
  public static let stages = [
    Stage(expansion: 1, channels: 16, count: 1, stride: 1), Stage(expansion: 6, channels: 24, count: 2, stride: 2),
    Stage(expansion: 6, channels: 32, count: 3, stride: 2), Stage(expansion: 6, channels: 64, count: 4, stride: 2),
    Stage(expansion: 6, channels: 96, count: 3, stride: 1), Stage(expansion: 6, channels: 160, count: 3, stride: 2),
    Stage(expansion: 6, channels: 320, count: 1, stride: 1),
  ]

  /// The network of the paper, for pictures of about 224 × 224 pixels, or one of other stages.
  public init(
    classes: Int, stages: [Stage] = MobileNetV2.stages, stemChannels: Int = 32, lastChannels: Int = 1280
  ) {
    stem = NormalizedConvolution(3, stemChannels, kernelSize: 3, stride: 2)
    var channels = stemChannels
    var blocks: [InvertedResidual] = []
    for stage in stages {
      for index in 0..<stage.count {
        let stride = index == 0 ? stage.stride : 1
        blocks.append(InvertedResidual(channels, stage.channels, stride: stride, expansion: stage.expansion))
        channels = stage.channels
      }
    }
    self.blocks = blocks
    last = NormalizedConvolution(channels, lastChannels, kernelSize: 1)
    head = Dense(lastChannels, classes)
  }

  /// - Parameter x: `[batch, height, width, 3]`.
  /// - Returns: Logits `[batch, classes]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let x = blocks.reduce(relu6(stem(x))) { $1($0) }
    return head(dropout(globalAveragePool(relu6(last(x)))))
  }
}
