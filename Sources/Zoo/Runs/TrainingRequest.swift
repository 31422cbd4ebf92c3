import Martlet
public import MartletFormats

/// What somebody asks of a training run: nil leaves the choice to the recipe, or to the run that goes on.
public struct TrainingRequest {
  /// Files or folders to learn from; those of the package if empty.
  public var data: [String] = []
  /// The folder of the run; a new one below `runs` if nil.
  public var output: String?
  /// The folder of a run to go on with, whose settings hold where this request says nothing.
  public var resume: String?
  /// Updates, or passes over the data.
  public var steps, epochs: Int?
  /// Examples in an update.
  public var batchSize: Int?
  /// The largest learning rate of the schedule.
  public var learningRate: Double?
  /// Determines initial weights, order and augmentation.
  public var seed: UInt64?
  /// Steps after which a profile is saved in the run's folder, counted from where the run begins or goes on.
  public var profileSteps: Set<Int> = []
  /// Whether progress is printed.
  public var isQuiet = false
  /// Is given a JSON object for every pass over the data.
  public var report: ((String) -> Void)?

  /// A request that leaves everything open.
  public init() {}
}

/// How a run ended.
public struct TrainingSummary: Sendable, CustomStringConvertible {
  /// The folder of the run.
  public let run: String
  /// Updates, those before resuming included.
  public let steps: Int
  /// Seconds of this training, without loading data and measuring.
  public let seconds: Double
  /// The loss of the last update; nil if there was none.
  public let loss: Double?
  /// The task's own number and its name.
  public let metric: (name: String, value: Double)
  /// The signal that ended it before its time.
  public let signal: Int32?

  /// One object.
  public var json: JSON {
    var result: JSON = [
      "run": .string(run), "steps": .integer(steps), "seconds": .rounded(seconds, 3),
      "loss": loss.map { .number($0) } ?? .null,
    ]
    result[metric.name] = .number(metric.value)
    result["interrupted"] = .bool(signal != nil)
    return result
  }

  /// Two lines for people.
  public var description: String {
    let rate = "\(steps) steps, \((seconds * 10).rounded() / 10) s of training"
    return
      "\(metric.name.replacing("_", with: " ")) \((metric.value * 1e4).rounded() / 1e4) after \(rate)\nsaved in \(run)"
  }
}
