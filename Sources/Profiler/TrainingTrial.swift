public import Martlet
public import MartletProfiling

/// Training that advice can be tried on: the parts of a training loop, which this puts together with a change or without.
///
/// ```swift
/// let verification = AdviceVerification(training: {
///   let model = makeModel()
///   return TrainingTrial(
///     model, batchSize: 64, optimizer: { Adam($0, learningRate: 1e-3) }, batches: { plan in
///       let workers = plan.prefetchedBatches > 0 ? 1 : 0
///       let stream = DataLoader(examples, batchSize: plan.size, seed: 1, workers: workers).batches(epoch: 0)
///       return { try stream.next()! }
///     }, loss: { softmaxCrossEntropy(model($0[0]), labels: $0[1]) })
/// })
/// ```
public struct TrainingTrial {
  /// What batches are to be like.
  public struct BatchPlan: Sendable, Hashable {
    /// Examples in a batch.
    public var size: Int
    /// How many batches are prepared before they are needed.
    public var prefetchedBatches = 0
    /// Lengths are rounded up to a multiple of this.
    public var lengthMultiple = 1
    /// Whether examples of similar length come into a batch.
    public var bucketsByLength = false
  }

  private let model: any Module
  private let plan: BatchPlan
  private let makeOptimizer: ([Parameter]) -> any Optimizer
  private let makeBatches: (BatchPlan) throws -> () throws -> [Tensor]
  private let loss: ([Tensor]) -> Tensor
  private let isReading: Bool

  /// - Parameters:
  ///   - model: The model, made for this trial alone.
  ///   - batchSize: Examples in a batch without a change.
  ///   - optimizer: Makes the optimizer of some parameters.
  ///   - batches: Makes a source of batches, each the inputs of `loss`.
  ///   - readsLoss: Whether the loss is read at each step.
  ///   - loss: The loss of a batch.
  public init(
    _ model: any Module, batchSize: Int, readsLoss: Bool = true, optimizer: @escaping ([Parameter]) -> any Optimizer,
    batches: @escaping (BatchPlan) throws -> () throws -> [Tensor], loss: @escaping ([Tensor]) -> Tensor
  ) {
    (self.model, plan) = (model, BatchPlan(size: batchSize))
    (makeOptimizer, makeBatches, self.loss, isReading) = (optimizer, batches, loss, readsLoss)
  }

  /// The training with a change, or without; nil if there is no general way to make it.
  public func run(_ proposal: Proposal?) throws -> TrialRun? {
    switch proposal {
    case nil: return try run(plan)
    case .batchSize(let size): return try run(changed { $0.size = size })
    case .prefetch(let batches): return try run(changed { $0.prefetchedBatches = batches })
    case .roundLengths(let multiple): return try run(changed { $0.lengthMultiple = multiple })
    case .bucketByLength: return try run(changed { $0.bucketsByLength = true })
    case .readLess: return try run(plan, isReading: false)
    case .compileStep: return try compiledRun()
    case .checkpoint: return try run(plan) { [loss] batch in checkpoint { loss(batch) } }
    case .keepResults: return try run(plan) { [loss] batch in keepingResults { loss(batch) } }
    case .elementType(let type, _): return try run(plan) { [loss] batch in withContractions(in: type) { loss(batch) } }
    case .inspect, .threads, .removeParameters, .removeCopies: return nil
    }
  }

  private func changed(_ change: (inout BatchPlan) -> Void) -> BatchPlan {
    var copy = plan
    change(&copy)
    return copy
  }

  private func run(
    _ plan: BatchPlan, isReading: Bool? = nil, loss: (([Tensor]) -> Tensor)? = nil
  ) throws -> TrialRun {
    let optimizer = makeOptimizer(model.parameters)
    let next = try makeBatches(plan)
    let (loss, isReading) = (loss ?? self.loss, isReading ?? self.isReading)
    var batch: [Tensor] = []
    return TrialRun(itemsPerStep: plan.size, prepare: { batch = try next() }) {
      let value = withMode(.training) { TrainingTrial.update(optimizer) { loss(batch) } }
      return isReading ? value.scalar : nil
    }
  }

  private func compiledRun() throws -> TrialRun {
    let optimizer = makeOptimizer(model.parameters)
    let next = try makeBatches(plan)
    let step = compiled { [loss] batch in [TrainingTrial.update(optimizer) { loss(batch) }] }
    var batch: [Tensor] = []
    return TrialRun(itemsPerStep: plan.size, prepare: { batch = try next() }) { [isReading] in
      let value = withMode(.training) { step(batch)[0] }
      return isReading ? value.scalar : nil
    }
  }

  private static func update(_ optimizer: any Optimizer, _ loss: () -> Tensor) -> Tensor {
    let (value, gradients) = valueAndGradient(loss)
    optimizer.update(with: gradients)
    return value
  }
}

extension AdviceVerification {
  /// Tries advice on training.
  ///
  /// - Parameter training: Makes the parts of the training, model included, anew for each trial.
  public init(training: @escaping () throws -> TrainingTrial) {
    self.init { try training().run($0) }
  }
}
