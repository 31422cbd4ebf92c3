public import Martlet

/// A fixed piece of work that is timed here and in other frameworks.
///
/// Each is written as a user would write it. Inputs are drawn once from fixed seeds; float 32 throughout.
public protocol Workload {
  /// Examples, tokens or pictures that a step works on.
  var itemsPerStep: Int { get }

  /// The model, by whose layers a profile sorts operations; nil for a single function.
  var module: (any Module)? { get }

  /// Does one step to its end.
  ///
  /// - Returns: The loss, where there is one.
  mutating func step() throws -> Double?
}

extension Workload {
  public var module: (any Module)? { nil }
}

/// A workload whose step is a forward pass, a backward pass and an update.
package protocol TrainingWorkload: Workload {
  var optimizer: any Optimizer { get }

  func loss() -> Tensor
}

extension TrainingWorkload {
  package func step() -> Double? {
    withMode(.training) {
      let (loss, gradients) = valueAndGradient { self.loss() }
      optimizer.update(with: gradients)
      return loss.scalar
    }
  }
}
