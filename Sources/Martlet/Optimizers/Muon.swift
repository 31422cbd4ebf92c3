import MartletGraph

/// Momentum for matrices, its singular values all brought near 1.
///
/// For the hidden matrices of a network; embeddings, output layers, biases and scales go to another optimizer, which may
/// take the same ``Gradients``. A filter is a matrix of all but its last dimension times the last.
///
/// - Note: Jordan et al., *Muon: an optimizer for hidden layers in neural networks*, 2024. Five steps of their
///   Newton–Schulz iteration, computed in float 32 (PyTorch: bfloat16).
public final class Muon: Optimizer {
  /// How a step's size depends on the shape of a matrix, from `in` inputs to `out` outputs.
  public enum Scaling: Sendable, Hashable {
    /// √max(1, out / in), as in the original.
    case original
    /// 0.2 √max(in, out), which makes steps as long as AdamW's, so that its learning rate fits.
    case matchingAdamW
    /// √(out / in).
    case spectral
  }

  private let core: OptimizerCore
  private let averages: [State]
  private let momentum, epsilon: Double
  private let isNesterov: Bool
  private let scaling: Scaling
  private let iterations: Int

  /// - Parameters:
  ///   - parameters: Of two or more dimensions.
  ///   - learningRate: A number or a schedule.
  ///   - momentum: The share of the average gradient that a step keeps.
  ///   - isNesterov: Whether to look ahead along the momentum.
  ///   - weightDecay: Times the learning rate, the share that a parameter loses at every step.
  ///   - iterations: Of the Newton–Schulz iteration.
  ///   - epsilon: The smallest norm to divide by.
  public init(
    _ parameters: [Parameter], learningRate: some LearningRate, momentum: Double = 0.95, isNesterov: Bool = true,
    weightDecay: Double = 0.1, scaling: Scaling = .original, iterations: Int = 5, epsilon: Double = 1e-7,
    rules: [ParameterRule] = [], fileID: StaticString = #fileID, line: UInt = #line
  ) {
    checkSettings(
      "Muon", fileID, line, shares: ["momentum": momentum],
      notNegative: ["epsilon": epsilon, "weight decay": weightDecay])
    if let bad = parameters.first(where: { $0.shape.rank < 2 }) {
      let message = "\(bad.name) of shape \(bad.shape) is no matrix; give it to another optimizer"
      _ = stop(GraphError("Muon", message), at: SourceLocation(fileID, line))
    }
    var core = OptimizerCore("muon", parameters, learningRate, weightDecay: weightDecay, rules: rules)
    averages = core.zeros("muon.average")
    self.core = core
    (self.momentum, self.isNesterov, self.scaling) = (momentum, isNesterov, scaling)
    (self.iterations, self.epsilon) = (iterations, epsilon)
  }

  public var parameters: [Parameter] { core.parameters }
  public var step: State { core.step }
  public var learningRateFactor: State { core.learningRateFactor }
  public var states: [State] { core.states }

  public func update(with gradients: consuming Gradients) {
    core.update(with: gradients) { turn, _ in
      let gradient = turn.gradient
      let average = averages[turn.index]
      average.tensor = average.tensor.moved(toward: gradient, by: 1 - momentum)
      let direction = isNesterov ? gradient.moved(toward: average.tensor, by: momentum) : average.tensor
      let matrix = direction.reshaped(to: [-1, direction.shape.last!])
      let move = orthogonalized(matrix) * factor(matrix.shape)
      turn.decay()
      turn.value = turn.value - move.reshaped(to: gradient.shape) * turn.rate
    }
  }

  private func factor(_ shape: Shape) -> Double {
    let (inputs, outputs) = (Double(shape[0]), Double(shape[1]))
    switch scaling {
    case .original: return max(1, outputs / inputs).squareRoot()
    case .matchingAdamW: return 0.2 * max(inputs, outputs).squareRoot()
    case .spectral: return (outputs / inputs).squareRoot()
    }
  }

  /// Singular values near 1, by a polynomial of fifth degree that is steep at 0.
  private func orthogonalized(_ matrix: Tensor) -> Tensor {
    let isTall = matrix.shape[0] > matrix.shape[1]
    var x = isTall ? matrix.transposed() : matrix
    x = x / maximum(x.norm(), epsilon)
    for _ in 0..<iterations {
      let gram = matmul(x, x.transposed())
      x = x * 3.4445 + matmul(gram * -4.7750 + matmul(gram, gram) * 2.0315, x)
    }
    return isTall ? x.transposed() : x
  }
}
