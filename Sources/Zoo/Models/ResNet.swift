public import Martlet

/// A convolution without bias, and batch normalization.
public struct NormalizedConvolution: Layer {
  /// The convolution.
  public let convolution: Conv2D
  /// The normalization of its result.
  public let norm: BatchNorm

  /// Odd kernels keep the size of the picture, up to the stride.
  public init(_ inputCount: Int, _ outputCount: Int, kernelSize: Int, stride: Int = 1) {
    convolution = Conv2D(
      inputCount, outputCount, kernelSize: Spatial(kernelSize), stride: Spatial(stride),
      padding: .explicit(Spatial(kernelSize / 2)), hasBias: false, initializer: .heNormal)
    norm = BatchNorm(outputCount)
  }

  /// - Parameter x: `[batch, height, width, in]`.
  /// - Returns: `[batch, height / stride, width / stride, out]`.
  public func callAsFunction(_ x: Tensor) -> Tensor { norm(convolution(x)) }
}

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

  /// ResNet-50 for pictures of about 224 × 224 pixels.
  public static func resNet50(classes: Int) -> ResNet {
    let stem = Sequential {
      NormalizedConvolution(3, 64, kernelSize: 7, stride: 2)
      Activation.relu
      MaxPool2D(windowSize: 3, stride: 2, padding: .explicit(1))
    }
    var blocks: [any Layer] = []
    var channels = 64
    for (stage, (width, count)) in [(64, 3), (128, 4), (256, 6), (512, 3)].enumerated() {
      for index in 0..<count {
        blocks.append(Bottleneck(channels, width: width, stride: stage > 0 && index == 0 ? 2 : 1))
        channels = 4 * width
      }
    }
    return ResNet(stem: stem, blocks: Sequential(blocks), head: Dense(channels, classes))
  }

  /// - Parameter x: `[batch, height, width, 3]`.
  /// - Returns: Logits `[batch, classes]`.
  public func callAsFunction(_ x: Tensor) -> Tensor { head(globalAveragePool(blocks(stem(x)))) }
}
