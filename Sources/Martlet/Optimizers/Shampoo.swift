import MartletGraph

/// Gradients multiplied from every side by an inverse root of the sum of their outer products.
///
/// - Note: Gupta, Koren and Singer, *Shampoo: preconditioned stochastic tensor optimization*, ICML 2018. Roots by the
///   coupled Newton iteration of Guo and Higham, *SIAM J. Matrix Anal. Appl.* 28 (2006).
public final class Shampoo: Optimizer {
  private let core: OptimizerCore
  /// For each dimension of each parameter the sum of outer products, and its inverse root.
  private let sums, roots: [[State]]
  private let velocities: [State]
  private let momentum: Double
  private let interval: Int

  /// - Parameters:
  ///   - learningRate: A number or a schedule.
  ///   - momentum: The share of the last change that is kept.
  ///   - interval: Updates between computations of the roots.
  ///   - epsilon: What the sums' diagonals begin with.
  ///   - weightDecay: Times the learning rate, the share that a parameter loses at every step.
  public init(
    _ parameters: [Parameter], learningRate: some LearningRate, momentum: Double = 0, interval: Int = 1,
    epsilon: Double = 1e-6, weightDecay: Double = 0, rules: [ParameterRule] = [], fileID: StaticString = #fileID,
    line: UInt = #line
  ) {
    checkSettings(
      "Shampoo", fileID, line, notNegative: ["momentum": momentum, "epsilon": epsilon, "weight decay": weightDecay])
    var core = OptimizerCore("shampoo", parameters, learningRate, weightDecay: weightDecay, rules: rules)
    let rank = core.parameters.map(\.shape.rank).max() ?? 0
    func matrices(_ name: String, _ diagonal: Double) -> [[State]] {
      let sides = (0..<rank).map { side in
        core.states("shampoo.\(name)\(side)") { parameter in
          let size = side < parameter.shape.rank ? parameter.shape[side] : 0
          return .eye(size, dtype: parameter.type.dtype.wide) * diagonal
        }
      }
      return core.parameters.indices.map { index in
        (0..<core.parameters[index].shape.rank).map { sides[$0][index] }
      }
    }
    sums = matrices("sum", epsilon)
    roots = matrices("root", 1)
    velocities = momentum == 0 ? [] : core.zeros("shampoo.velocity")
    self.core = core
    (self.momentum, self.interval) = (momentum, max(interval, 1))
  }

  public var parameters: [Parameter] { core.parameters }
  public var step: State { core.step }
  public var learningRateFactor: State { core.learningRateFactor }
  public var states: [State] { core.states }

  public func update(with gradients: consuming Gradients) {
    core.update(with: gradients) { turn, step in
      let gradient = turn.gradient
      turn.decay()
      var move = gradient
      for side in 0..<gradient.rank {
        let root = self.root(turn.index, side, gradient, step)
        move = tensordot(move, root, leftAxes: [side], rightAxes: [0]).movedAxis(from: -1, to: side)
      }
      if !velocities.isEmpty {
        let velocity = velocities[turn.index]
        velocity.tensor = velocity.tensor * momentum + move
        move = velocity.tensor
      }
      turn.value = turn.value - move * turn.rate
    }
  }

  private func root(_ index: Int, _ side: Int, _ gradient: Tensor, _ step: Tensor) -> Tensor {
    let others = (0..<gradient.rank).filter { $0 != side }
    let (sum, root) = (sums[index][side], roots[index][side])
    sum.tensor = sum.tensor + tensordot(gradient, gradient, leftAxes: others, rightAxes: others)
    let order = 2 * gradient.rank
    if interval == 1 {
      root.tensor = inverseRoot(sum.tensor, order)
    } else {
      let (old, matrix) = (root.tensor, sum.tensor)
      root.tensor =
        cond(step % Double(interval) .== 0) {
          [inverseRoot(matrix, order)]
        } else: {
          [old]
        }[0]
    }
    return root.tensor
  }
}

/// The inverse of a root of a symmetric positive definite matrix.
///
/// With M₀ = A / cᵖ and X₀ = I / c: T = ((p + 1) I - M) / p, X ← X T, M ← Tᵖ M, until M is the identity.
private func inverseRoot(_ matrix: Tensor, _ order: Int) -> Tensor {
  let degree = Double(order)
  let identity = Tensor.eye(matrix.shape[0], dtype: matrix.dtype)
  let scale = matrix.norm() * (2 / (degree + 1))
  let start = [identity / power(scale, 1 / degree), matrix / scale, Tensor.zeros([], dtype: .int64)]
  let tolerance = matrix.dtype == .float64 ? 1e-14 : 1e-6
  return whileLoop(start) { carry in
    (abs(carry[1] - identity).max() .> tolerance) & (carry[2] .< 100)
  } do: { carry in
    let turn = (identity * (degree + 1) - carry[1]) / degree
    var product = carry[1]
    for _ in 0..<order { product = matmul(turn, product) }
    return [matmul(carry[0], turn), product, carry[2] + 1]
  }[0]
}
