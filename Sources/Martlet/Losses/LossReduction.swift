/// What becomes of the losses of single examples.
///
/// Losses of 16-bit floats are computed and given in float 32.
public enum LossReduction: Sendable, Hashable {
  /// Their mean.
  case mean
  /// Their sum.
  case sum
  /// Their sum divided by the leading size, the number of examples where a loss has more than one number for each.
  case meanOfExamples
  /// Nothing: each is returned.
  case none
}

extension LossReduction {
  /// A number of its own, for what is built into the body of a named function.
  var number: Double {
    switch self {
    case .mean: 0
    case .sum: 1
    case .meanOfExamples: 2
    case .none: 3
    }
  }
}

/// The mean, the sum, or the losses themselves.
///
/// - Parameter weight: What each loss counts in the mean, already multiplied in; 1 if nil. Where nothing counts the mean
///   is 0.
func reduced(_ loss: Tensor, _ reduction: LossReduction, weight: Tensor? = nil) -> Tensor {
  switch reduction {
  case .none: return loss
  case .sum: return loss.sum()
  case .meanOfExamples: return loss.sum() / Double(max(loss.shape.first ?? 1, 1))
  case .mean:
    guard let weight else { return loss.mean() }
    let total = weight.sum()
    return loss.sum() / select(total .> 0, total, 1)
  }
}
