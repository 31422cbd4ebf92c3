/// When a run ends by itself.
public enum TrainingLimit: Sendable, Hashable {
  /// After so many passes over the data.
  case epochs(Int)
  /// After so many updates, however many passes that is.
  case steps(Int)
}

/// The number by which a run is judged, for the best checkpoint and for stopping early.
public struct Goal: Sendable, Hashable {
  /// The metric's name; `loss` is the mean training loss of an epoch unless validation gives one of that name.
  public var metric: String
  /// Whether larger is better.
  public var isLargerBetter: Bool

  /// A goal.
  public init(_ metric: String, isLargerBetter: Bool) {
    self.metric = metric
    self.isLargerBetter = isLargerBetter
  }

  func isBetter(_ value: Double, than best: Double?) -> Bool {
    guard let best else { return !value.isNaN }
    return isLargerBetter ? value > best : value < best
  }
}

/// How a ``Trainer`` trains.
public struct TrainingOptions: Sendable {
  /// When the run ends.
  public var limit: TrainingLimit
  /// The run's folder; with nil nothing is saved.
  public var output: String?
  /// Settings to keep in the folder's `config.json`.
  public var configuration: JSON = [:]
  /// Whether to go on from the newest good checkpoint in the folder, if there is one.
  public var isResuming = true
  /// Updates between checkpoints; at the end of every epoch, of the run, and when interrupted, one is saved in any case.
  public var checkpointInterval: Int?
  /// The newest checkpoints to keep; the best one is kept too.
  public var keptCheckpoints = 3
  /// What the run is judged by.
  public var goal = Goal("loss", isLargerBetter: false)
  /// Ends the run after so many epochs in a row that were not better than the best one.
  public var patience: Int?
  /// Batches whose gradients are averaged for one update.
  public var accumulatedBatches = 1
  /// The largest norm of all gradients together; longer ones are scaled to it.
  public var gradientNormLimit: Double?
  /// Multiplies the loss so that small gradients of float 16 are not lost; see ``LossScaler``.
  public var lossScaler: LossScaler?
  /// How much of the moving average of the weights remains at each update, such as 0.999; nil keeps no average.
  public var averageDecay: Double?
  /// Updates between lines in `log.jsonl`.
  public var logInterval = 10
  /// Where the run says how far it is.
  public var progress = ProgressOutput.automatic

  /// Options with the defaults above.
  public init(_ limit: TrainingLimit, output: String? = nil) {
    self.limit = limit
    self.output = output
  }
}

/// How a run ended.
public enum TrainingOutcome: Sendable, Hashable {
  /// It did all epochs or steps.
  case finished
  /// It was not getting better.
  case stoppedEarly
  /// A callback ended it.
  case stoppedByCallback
  /// A signal ended it, after its state was saved if there is a folder; running it again goes on.
  case interrupted(signal: Int32)
}

/// What a run gives back.
public struct TrainingReport: Sendable {
  /// How it ended.
  public var outcome: TrainingOutcome
  /// Updates done, those before resuming included.
  public var steps: Int
  /// The loss of the last update; nil if there was none.
  public var loss: Double?
  /// The mean loss and the validation's metrics of the last complete epoch.
  public var metrics: [String: Double]
  /// The best value of the goal's metric, and the step at which it was reached.
  public var best: (value: Double, step: Int)?
}

/// Why training cannot go on.
public enum TrainingError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The loss is not a finite number; the newest checkpoint is from before.
  case diverged(step: Int, epoch: Int, loss: Double)
  /// The data has no batch.
  case noData
  /// The goal names a metric that validation does not give.
  case unknownMetric(String, known: [String])

  /// One line.
  public var description: String {
    switch self {
    case .diverged(let step, let epoch, let loss):
      "training: the loss is \(loss) at step \(step), in epoch \(epoch + 1); a lower learning rate or a limit on the "
        + "gradients' norm may help"
    case .noData: "training: the data has no batch"
    case .unknownMetric(let name, let known):
      "training: no metric is called \"\(name)\"; there are \(known.sorted().joined(separator: ", "))"
    }
  }
}
