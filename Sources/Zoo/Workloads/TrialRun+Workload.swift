import Martlet
public import MartletProfiler
import MartletProfiling

extension AdviceVerification {
  /// Tries advice on a workload.
  public init(workload name: String) {
    self.init { proposal in
      guard var work = try Workloads.make(name) else { return nil }
      guard let proposal else { return TrialRun(itemsPerStep: work.itemsPerStep) { try work.step() } }
      return try (work as? any TrainingWorkload)?.trial(proposal)
    }
  }
}

extension TrainingWorkload {
  /// Training with a change; nil if there is no general way to make it.
  fileprivate func trial(_ proposal: Proposal) throws -> TrialRun? {
    switch proposal {
    case .batchSize(let size):
      guard let batched = self as? any BatchedWorkload else { return nil }
      // Of a language model an item is a token, and the proposal counts what the profile counted.
      return try batched.resized(to: max(1, batched.batch[0].shape[0] * size / itemsPerStep)).parts.run(nil)
    case .compileStep, .checkpoint, .readLess: return try parts.run(proposal)
    // There is one batch, and nothing to prepare; and the optimizer has its parameters already.
    default: return nil
    }
  }

  fileprivate var parts: TrainingTrial {
    TrainingTrial(
      module ?? Sequential {}, batchSize: itemsPerStep, optimizer: { _ in optimizer }, batches: { _ in { [] } },
      loss: { _ in loss() })
  }
}
