public import Martlet

/// Two 3 × 3 convolutions around which the input goes.
public struct BasicBlock: Layer {
  /// The way through.
  public let first, second: NormalizedConvolution
  /// The way around, where the shape changes.
  public let shortcut: NormalizedConvolution?

  /// A block from `inputCount` to `outputCount` channels.
  public init(_ inputCount: Int, _ outputCount: Int, stride: Int) {
    first = NormalizedConvolution(inputCount, outputCount, kernelSize: 3, stride: stride)
    second = NormalizedConvolution(outputCount, outputCount, kernelSize: 3)
    let isChanging = stride > 1 || inputCount != outputCount
    shortcut = isChanging ? NormalizedConvolution(inputCount, outputCount, kernelSize: 1, stride: stride) : nil
  }

  /// - Parameter x: `[batch, height, width, in]`.
  /// - Returns: `[batch, height / stride, width / stride, out]`.
  public func callAsFunction(_ x: Tensor) -> Tensor { relu(second(relu(first(x))) + (shortcut?(x) ?? x)) }
}

/// A 3 × 3 convolution of a quarter of the channels, with 1 × 1 convolutions before and after it.
public struct Bottleneck: Layer {
  /// The way through.
  public let reduce, middle, expand: NormalizedConvolution
  /// The way around, where the shape changes.
  public let shortcut: NormalizedConvolution?

  /// A block from `inputCount` to four times `width` channels.
  public init(_ inputCount: Int, width: Int, stride: Int) {
    reduce = NormalizedConvolution(inputCount, width, kernelSize: 1)
    middle = NormalizedConvolution(width, width, kernelSize: 3, stride: stride)
    expand = NormalizedConvolution(width, 4 * width, kernelSize: 1)
    let isChanging = stride > 1 || inputCount != 4 * width
    shortcut = isChanging ? NormalizedConvolution(inputCount, 4 * width, kernelSize: 1, stride: stride) : nil
  }

  /// - Parameter x: `[batch, height, width, in]`.
  /// - Returns: `[batch, height / stride, width / stride, 4 * width]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    relu(expand(relu(middle(relu(reduce(x))))) + (shortcut?(x) ?? x))
  }
}

/// A residual network for pictures.
///
/// - Note: He, Zhang, Ren and Sun, *Deep residual learning for image recognition*, CVPR 2016; the stride is on the 3 × 3
///   convolution of a bottleneck, as in later implementations.
public struct ResNet: Layer {
  /// The first layers, which look at the pixels.
  public let stem: Sequential
  /// The residual blocks.
  public let blocks: Sequential
  /// From the channels' means to the classes.
  public let head: Dense

  /// ResNet-18 with a stem for small pictures: one 3 × 3 convolution and no pooling.
  public static func small18(classes: Int) -> ResNet {
    let stem = Sequential {
      NormalizedConvolution(3, 64, kernelSize: 3)
      Activation.relu
    }
    var blocks: [any Layer] = []
    var channels = 64
    for (stage, width) in [64, 128, 256, 512].enumerated() {
      for index in 0..<2 {
        blocks.append(BasicBlock(channels, width, stride: stage > 0 && index == 0 ? 2 : 1))
        channels = width
      }
    }
    return ResNet(stem: stem, blocks: Sequential(blocks), head: Dense(channels, classes))
  }

  /// ResNet-18, ResNet-34, ResNet-50, ResNet-101 and ResNet-152 for pictures of about 224 × 224 pixels.
  public static func resNet18(classes: Int) -> ResNet { ResNet(.basic, [2, 2, 2, 2], classes: classes) }
  public static func resNet34(classes: Int) -> ResNet { ResNet(.basic, [3, 4, 6, 3], classes: classes) }
  public static func resNet50(classes: Int) -> ResNet { ResNet(.bottleneck, [3, 4, 6, 3], classes: classes) }
  public static func resNet101(classes: Int) -> ResNet { ResNet(.bottleneck, [3, 4, 23, 3], classes: classes) }
  public static func resNet152(classes: Int) -> ResNet { ResNet(.bottleneck, [3, 8, 36, 3], classes: classes) }

  /// - Parameter x: `[batch, height, width, 3]`.
  /// - Returns: Logits `[batch, classes]`.
  public func callAsFunction(_ x: Tensor) -> Tensor { head(globalAveragePool(blocks(stem(x)))) }
}

extension ResNet {
  /// What a residual network is made of.
  public enum BlockKind: Sendable, Hashable {
    /// A ``BasicBlock``.
    case basic
    /// A ``Bottleneck``.
    case bottleneck
  }

  /// A network with a stem that makes pictures four times smaller, and stages of blocks, each of twice the channels of the
  /// one before.
  ///
  /// - Parameters:
  ///   - counts: The number of blocks of each stage.
  ///   - width: Channels inside the blocks of the first stage.
  public init(_ kind: BlockKind, _ counts: [Int], width: Int = 64, classes: Int) {
    stem = Sequential {
      NormalizedConvolution(3, width, kernelSize: 7, stride: 2)
      Activation.relu
      MaxPool2D(windowSize: 3, stride: 2, padding: .explicit(1))
    }
    var blocks: [any Layer] = []
    var channels = width
    for (stage, count) in counts.enumerated() {
      for index in 0..<count {
        let (inner, stride) = (width << stage, stage > 0 && index == 0 ? 2 : 1)
        switch kind {
        case .basic:
          blocks.append(BasicBlock(channels, inner, stride: stride))
          channels = inner
        case .bottleneck:
          blocks.append(Bottleneck(channels, width: inner, stride: stride))
          channels = 4 * inner
        }
      }
    }
    self.blocks = Sequential(blocks)
    head = Dense(channels, classes)
  }
}
