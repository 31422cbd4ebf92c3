public import MartletGraph

/// How the elements of a new parameter are chosen.
///
/// The fan-in and fan-out of a weight are taken from its shape `[window..., in, out]`: the window's size times in, and
/// times out.
public struct Initializer: Sendable {
  private let make: @Sendable (_ type: TensorType, _ seed: UInt64) -> Tensor

  /// An initializer of your own: gives a tensor of the type, determined by the seed.
  public init(_ make: @escaping @Sendable (_ type: TensorType, _ seed: UInt64) -> Tensor) { self.make = make }

  /// A new parameter.
  ///
  /// - Parameter seed: Determines the elements; nil takes the next seed of the enclosing ``withSeed(_:_:)``.
  public func parameter(_ shape: Shape, dtype: DType = .float32, seed: UInt64? = nil) -> Parameter {
    Parameter(make(TensorType(dtype, shape), seed ?? InitialSeeds.next()))
  }
}

extension Initializer {
  /// All zeros.
  public static let zeros = constant(0)
  /// All ones.
  public static let ones = constant(1)

  /// All the same.
  public static func constant(_ value: Double) -> Initializer {
    Initializer { type, _ in .full(type.shape, value: value, dtype: type.dtype) }
  }

  /// A normal distribution.
  public static func normal(standardDeviation: Double, mean: Double = 0) -> Initializer {
    Initializer { type, seed in
      .normal(type.shape, mean: mean, standardDeviation: standardDeviation, dtype: type.dtype, seed: seed)
    }
  }

  /// A normal distribution cut at two of its standard deviations.
  public static func truncatedNormal(standardDeviation: Double, mean: Double = 0) -> Initializer {
    Initializer { type, seed in
      .truncatedNormal(type.shape, mean: mean, standardDeviation: standardDeviation, dtype: type.dtype, seed: seed)
    }
  }

  /// Evenly spread over a range.
  public static func uniform(in range: ClosedRange<Double>) -> Initializer {
    Initializer { type, seed in .uniform(type.shape, in: range, dtype: type.dtype, seed: seed) }
  }

  /// Uniform of variance 2 / (fan-in + fan-out).
  ///
  /// - Note: Glorot and Bengio, *Understanding the difficulty of training deep feedforward neural networks*, AISTATS
  ///   2010; also known as Xavier's.
  public static let glorotUniform = spread(.uniform) { 2 / ($0 + $1) }
  /// Normal of variance 2 / (fan-in + fan-out).
  public static let glorotNormal = spread(.normal) { 2 / ($0 + $1) }
  /// Uniform of variance 2 / fan-in, for layers before a ``relu(_:fileID:line:)``.
  ///
  /// - Note: He et al., *Delving deep into rectifiers*, ICCV 2015; also known as Kaiming's.
  public static let heUniform = spread(.uniform) { fanIn, _ in 2 / fanIn }
  /// Normal of variance 2 / fan-in, for layers before a ``relu(_:fileID:line:)``.
  public static let heNormal = spread(.normal) { fanIn, _ in 2 / fanIn }
  /// Uniform of variance 1 / fan-in.
  ///
  /// - Note: LeCun et al., *Efficient backprop*, 1998.
  public static let lecunUniform = spread(.uniform) { fanIn, _ in 1 / fanIn }
  /// Normal of variance 1 / fan-in.
  public static let lecunNormal = spread(.normal) { fanIn, _ in 1 / fanIn }
  /// Uniform of variance 1 / (3 fan-in), which is what PyTorch's dense layers and convolutions begin with.
  public static let fanInUniform = spread(.uniform) { fanIn, _ in 1 / (3 * fanIn) }

  private enum Distribution { case uniform, normal }

  private static func spread(
    _ distribution: Distribution, variance: @escaping @Sendable (_ fanIn: Double, _ fanOut: Double) -> Double
  ) -> Initializer {
    Initializer { type, seed in
      let (fanIn, fanOut) = fans(type.shape)
      let deviation = variance(fanIn, fanOut).squareRoot()
      switch distribution {
      case .normal: return .normal(type.shape, standardDeviation: deviation, dtype: type.dtype, seed: seed)
      case .uniform:
        let bound = deviation * 3.0.squareRoot()
        return .uniform(type.shape, in: -bound...bound, dtype: type.dtype, seed: seed)
      }
    }
  }

  /// The numbers of inputs and outputs of one unit, at least 1 each.
  static func fans(_ shape: Shape) -> (Double, Double) {
    if shape.rank < 2 { return (Double(max(shape.elementCount, 1)), Double(max(shape.elementCount, 1))) }
    let window = shape.dropLast(2).reduce(1, *)
    return (
      Double(max(window * shape[shape.rank - 2], 1)), Double(max(window * shape[shape.rank - 1], 1))
    )
  }
}
