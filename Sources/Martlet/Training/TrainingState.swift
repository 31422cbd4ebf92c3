import MartletFormats

/// What a run knows beside its variables; saved with every checkpoint.
struct TrainingState {
  var step = 0
  var position = DataPosition()
  /// The losses of this epoch so far.
  var lossSum = 0.0
  var lossCount = 0
  /// The metrics of the last complete epoch.
  var metrics: [String: Double] = [:]
  var best: (value: Double, step: Int)?
  var epochsSinceBest = 0

  /// The mean loss of this epoch so far.
  var meanLoss: Double { lossCount == 0 ? .nan : lossSum / Double(lossCount) }

  mutating func beginEpoch() {
    position = DataPosition(epoch: position.epoch + 1)
    (lossSum, lossCount) = (0, 0)
  }
}

extension TrainingState {
  var json: JSON {
    var metricMembers = JSONObject()
    for name in metrics.keys.sorted() { metricMembers[name] = .number(metrics[name]!) }
    var json: JSON = [
      "epoch": .integer(position.epoch), "offset": .integer(position.offset), "lossSum": .number(lossSum),
      "lossCount": .integer(lossCount), "metrics": .object(metricMembers), "epochsSinceBest": .integer(epochsSinceBest),
    ]
    if let best { json["best"] = ["value": .number(best.value), "step": .integer(best.step)] }
    return json
  }

  /// The state that was saved with a checkpoint.
  init(_ json: JSON, of checkpoint: Checkpoint) throws {
    guard let epoch = json["epoch"]?.intValue, let offset = json["offset"]?.intValue, epoch >= 0, offset >= 0,
      let lossSum = json["lossSum"]?.doubleValue, let lossCount = json["lossCount"]?.intValue,
      let epochsSinceBest = json["epochsSinceBest"]?.intValue, let metrics = json["metrics"]?.objectValue
    else { throw CheckpointError(.mismatch, checkpoint.path, "was not written by a trainer") }
    step = checkpoint.step
    position = DataPosition(epoch: epoch, offset: offset)
    (self.lossSum, self.lossCount, self.epochsSinceBest) = (lossSum, lossCount, epochsSinceBest)
    for (name, value) in metrics.members { self.metrics[name] = value.doubleValue }
    if let value = json["best"]?["value"]?.doubleValue, let step = json["best"]?["step"]?.intValue {
      best = (value, step)
    }
  }
}

/// Something that happened in a run, as callbacks see it.
public struct TrainingEvent: Sendable {
  /// The sort of event.
  public enum Kind: Sendable, Hashable {
    /// An update was made.
    case step
    /// A pass over the data ended, and was validated.
    case epoch
    /// A checkpoint is on the disk.
    case saved(Checkpoint)
  }

  /// What happened.
  public let kind: Kind
  /// Updates done.
  public let step: Int
  /// The pass in which it happened, from 0.
  public let epoch: Int
  /// The loss of the update; the mean of the pass at its end.
  public let loss: Double
  /// What the last validation gave, and the mean training loss under `loss`.
  public let metrics: [String: Double]
}

/// What a callback wants.
public enum TrainingDecision: Sendable, Hashable {
  case proceed
  /// Ends the run after this step, saved as at any end.
  case stop
}
