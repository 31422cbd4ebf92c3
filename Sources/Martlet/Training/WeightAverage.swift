import MartletGraph

/// A moving average of weights, which usually does better than the weights themselves.
///
/// - Note: Polyak and Juditsky, *Acceleration of stochastic approximation by averaging* (1992).
final class WeightAverage {
  private let decay: Double
  private let pairs: [(name: String, variable: Variable, average: State)]

  /// Starts at the present values of the floating-point variables.
  init(of variables: [String: Variable], decay: Double) {
    self.decay = decay
    pairs = variables.filter { $0.value.type.dtype.isFloatingPoint }.sorted { $0.key < $1.key }.map {
      ($0.key, $0.value, State($0.value.tensor))
    }
  }

  /// The averages, named for checkpoints.
  var states: [String: Variable] {
    Dictionary(uniqueKeysWithValues: pairs.map { ("average.\($0.name)", $0.average) })
  }

  /// Takes in the values after an update.
  func update() throws {
    for (_, variable, average) in pairs {
      average.tensor = average.tensor * decay + variable.tensor * (1 - decay)
    }
    try Recorder.current.finishStep()
  }

  /// Runs `body` while the variables hold the averages.
  func whileInPlace<Result>(_ body: () throws -> Result) rethrows -> Result {
    let own = pairs.map { $0.variable.tensor }
    for (_, variable, average) in pairs { variable.tensor = average.tensor }
    defer { for ((_, variable, _), tensor) in zip(pairs, own) { variable.tensor = tensor } }
    return try body()
  }
}
