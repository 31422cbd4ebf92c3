public import Martlet

/// A plain stack of 3 × 3 convolutions, with three dense layers behind it.
///
/// - Note: Simonyan and Zisserman, *Very deep convolutional networks for large-scale image recognition*, ICLR 2015.
public struct VGG: Layer {
  /// Convolutions, each with ``relu(_:fileID:line:)``, and a pooling at the end of each stage.
  public let features: Sequential
  /// The dense layers with dropout between them.
  public let classifier: Sequential

  /// VGG-11, VGG-13, VGG-16 and VGG-19 for pictures of about 224 × 224 pixels.
  public static func vgg11(classes: Int) -> VGG { VGG([1, 1, 2, 2, 2], classes: classes) }
  public static func vgg13(classes: Int) -> VGG { VGG([2, 2, 2, 2, 2], classes: classes) }
  public static func vgg16(classes: Int) -> VGG { VGG([2, 2, 3, 3, 3], classes: classes) }
  public static func vgg19(classes: Int) -> VGG { VGG([2, 2, 4, 4, 4], classes: classes) }

  /// A network of some convolutions in each stage.
  ///
  /// - Parameters:
  ///   - counts: The number of convolutions of each stage.
  ///   - width: Channels of the first stage; the next have twice as many each, up to eight times.
  ///   - hiddenWidth: The size of the dense layers' vectors.
  public init(_ counts: [Int], width: Int = 64, hiddenWidth: Int = 4096, classes: Int) {
    var layers: [any Layer] = []
    var channels = 3
    for (stage, count) in counts.enumerated() {
      for _ in 0..<count {
        let next = width << min(stage, 3)
        layers.append(
          Conv2D(channels, next, kernelSize: 3, padding: .explicit(1), initializer: .heNormal))
        layers.append(Activation.relu)
        channels = next
      }
      layers.append(MaxPool2D(windowSize: 2, stride: 2))
    }
    features = Sequential(layers)
    classifier = Sequential {
      Dense(channels * 49, hiddenWidth)
      Activation.relu
      Dropout(probability: 0.5)
      Dense(hiddenWidth, hiddenWidth)
      Activation.relu
      Dropout(probability: 0.5)
      Dense(hiddenWidth, classes)
    }
  }

  /// - Parameter x: `[batch, height, width, 3]`, of at least 32 × 32 pixels for five stages.
  /// - Returns: Logits `[batch, classes]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    var x = features(x)
    if x.shape[1] != 7 || x.shape[2] != 7 { x = adaptiveAveragePool(x, size: 7) }
    // Channel by channel, as the published weights of the first dense layer count them.
    return classifier(x.transposed([0, 3, 1, 2]).flattened(from: 1))
  }
}
