public import Martlet

/// A small convolutional network for pictures of 20 × 20 pixels: about 225,000 parameters for ten classes.
///
/// Two 3 × 3 convolutions (32 and 64 channels), each followed by ReLU and max-pooling, then two dense layers. Weights
/// begin normal with variance 2 / fan-in, those of the last layer 1 / fan-in; biases at zero.
public struct DigitClassifier: Layer {
  /// The convolutions.
  public let first, second: Conv2D
  /// The dense layers.
  public let hidden, output: Dense

  /// A classifier with new weights.
  public init(classes: Int = 10) {
    first = Conv2D(1, 32, kernelSize: 3, padding: .same, initializer: .heNormal)
    second = Conv2D(32, 64, kernelSize: 3, padding: .same, initializer: .heNormal)
    hidden = Dense(64 * 5 * 5, 128, initializer: .heNormal)
    output = Dense(128, classes, initializer: .lecunNormal)
  }

  /// - Parameter x: `[batch, 20, 20, 1]`, ink 1 on ground 0.
  /// - Returns: Logits `[batch, classes]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let fine = maxPool2D(relu(first(x)), windowSize: 2)
    let coarse = maxPool2D(relu(second(fine)), windowSize: 2)
    return output(relu(hidden(coarse.flattened(from: 1))))
  }

  /// The most probable class of each picture, with its probability.
  public func classify(_ images: [DigitImage]) -> [(label: Int, probability: Double)] {
    stride(from: 0, to: images.count, by: 256).flatMap { start in
      let batch = images[start..<min(start + 256, images.count)]
      let probabilities = self(DigitImage.stacked(batch)).softmax()
      let labels = probabilities.argMax(axis: -1).cast(to: .int64).scalars(as: Int.self)
      let largest = probabilities.max(axes: -1).scalars(as: Float.self)
      return zip(labels, largest).map { (label: $0, probability: Double($1)) }
    }
  }
}

extension DigitImage {
  /// Pictures as the classifier takes them, `[count, 20, 20, 1]`.
  static func stacked(_ images: some Collection<DigitImage>) -> Tensor {
    Tensor(images.flatMap(\.pixels), shape: [images.count, side, side, 1])
  }
}
