public import MartletGraph

extension Activation {
  public static let relu6 = Activation { Martlet.relu6($0) }
  public static let selu = Activation { Martlet.selu($0) }
  public static let celu = Activation { Martlet.celu($0) }
  public static let mish = Activation { Martlet.mish($0) }
  public static let softsign = Activation { Martlet.softsign($0) }
  public static let logSigmoid = Activation { Martlet.logSigmoid($0) }
  public static let hardSigmoid = Activation { Martlet.hardSigmoid($0) }
  public static let hardTanh = Activation { Martlet.hardTanh($0) }
  public static let hardShrink = Activation { Martlet.hardShrink($0) }
  public static let softShrink = Activation { Martlet.softShrink($0) }
  public static let tanhShrink = Activation { Martlet.tanhShrink($0) }
  public static let squaredReLU = Activation { Martlet.squaredReLU($0) }
  public static let squarePlus = Activation { Martlet.squarePlus($0) }
  public static let exponential = Activation { Martlet.exp($0) }
  public static let identity = Activation { $0 }
  /// Logarithms of probabilities along the last axis.
  public static let logSoftmax = Activation { $0.logSoftmax() }
  /// Probabilities along the last axis, the smallest elements having the largest.
  public static let softmin = Activation { (-$0).softmax() }
  /// Probabilities along the last axis, many of them 0.
  public static let sparsemax = Activation { Martlet.sparsemax($0) }
  /// The first half of the last axis times the sigmoid of the second.
  public static let glu = Activation { Martlet.glu($0) }
  /// The first half of the last axis times ``silu(_:fileID:line:)`` of the second.
  public static let swiGLU = Activation { gated($0, by: .silu) }
  /// The first half of the last axis times ``gelu(_:approximation:fileID:line:)`` of the second.
  public static let geGLU = Activation { gated($0, by: .gelu) }
}

/// A ``relu(_:fileID:line:)`` with a learned slope below 0 for each channel.
public struct PReLU: Layer {
  /// `[channels]`.
  public let slopes: Parameter

  /// - Parameters:
  ///   - channels: The size of the last dimension; 1 for one slope of all.
  ///   - slope: What the slopes begin at.
  public init(_ channels: Int = 1, slope: Double = 0.25, dtype: DType = .float32) {
    slopes = Parameter(.full([channels], value: slope, dtype: dtype))
  }

  /// - Parameter x: `[..., channels]`.
  public func callAsFunction(_ x: Tensor) -> Tensor { parametricReLU(x, slopes: slopes.tensor) }
}

/// A ``leakyReLU(_:negativeSlope:fileID:line:)`` whose slope is drawn for each element while training, and the middle of
/// its range in evaluation.
///
/// - Note: Xu et al., *Empirical evaluation of rectified activations in convolutional network*, 2015.
public struct RandomizedReLU: Layer {
  public let slopes: ClosedRange<Double>
  public let random: RandomState

  /// - Parameter seed: Determines the slopes; see ``withSeed(_:_:)``.
  public init(slopes: ClosedRange<Double> = 0.125...(1.0 / 3), seed: UInt64? = nil) {
    self.slopes = slopes
    random = RandomState(seed: seed ?? InitialSeeds.next())
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    if Mode.current == .evaluation {
      return leakyReLU(x, negativeSlope: (slopes.lowerBound + slopes.upperBound) / 2)
    }
    var source = random
    return parametricReLU(x, slopes: .uniform(x.shape, in: slopes, dtype: x.dtype, using: &source))
  }
}
