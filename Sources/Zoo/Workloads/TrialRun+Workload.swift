import Martlet
public import MartletProfiler
import MartletProfiling

extension AdviceVerification {
  /// Tries advice on a workload.
  public init(workload name: String) {
    self.init { proposal in
      guard var work = try Workloads.make(name) else { return nil }
      guard let proposal else { return TrialRun(itemsPerStep: work.itemsPerStep) { try work.step() } }
      return (work as? any TrainingWorkload)?.trial(proposal)
    }
  }
}

extension TrainingWorkload {
  /// Training with a change; nil if there is no general way to make it.
  fileprivate func trial(_ proposal: Proposal) -> TrialRun? {
    switch proposal {
    case .compileStep:
      let step = compiled { _ in [trainOnce { loss() }] }
      return TrialRun(itemsPerStep: itemsPerStep) { withMode(.training) { step([])[0].scalar } }
    case .checkpoint:
      return TrialRun(itemsPerStep: itemsPerStep) {
        withMode(.training) { trainOnce { checkpoint { loss() } }.scalar }
      }
    default: return nil
    }
  }

  private func trainOnce(_ loss: () -> Tensor) -> Tensor {
    let (value, gradients) = valueAndGradient(loss)
    optimizer.update(with: gradients)
    return value
  }
}
