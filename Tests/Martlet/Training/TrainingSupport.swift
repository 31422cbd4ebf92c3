import Martlet
import MartletFormats
import Testing

/// A folder for what a test writes, removed at its end.
struct TrainingScratch: ~Copyable {
  let path: String

  init() throws { path = try FileSystem.createTemporaryDirectory(prefix: "martlet-training-tests-") }

  deinit { try? FileSystem.removeTree(path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// Batches of a line with noise, a pure function of the position.
struct LineBatches: BatchSource {
  var batchesPerEpoch = 5
  let batchSize = 8
  /// The batch, counted from the beginning of training, whose targets are not numbers.
  var badBatch: Int?

  func batches(from position: DataPosition) -> BatchStream<(x: Tensor, y: Tensor)> {
    var offset = position.offset
    return BatchStream(from: position) {
      guard offset < batchesPerEpoch * batchSize else { return nil }
      let number = position.epoch * batchesPerEpoch + offset / batchSize
      offset += batchSize
      return (batch(number), DataPosition(epoch: position.epoch, offset: offset))
    }
  }

  private func batch(_ number: Int) -> (x: Tensor, y: Tensor) {
    let x = (0..<(batchSize * 3)).map { i in Float((number * 31 + i * 17) % 23) / 23 - 0.5 }
    let y = (0..<batchSize).map { row in number == badBatch ? Float.nan : x[row * 3] - 2 * x[row * 3 + 2] + 0.1 }
    return (Tensor(x, shape: [batchSize, 3]), Tensor(y, shape: [batchSize, 1]))
  }
}

/// A small network whose dropout makes every step depend on the saved random state.
struct LineModel: Module {
  let hidden: Dense, output: Dense
  let dropout: Dropout

  init() {
    hidden = Dense(3, 16, seed: 1)
    output = Dense(16, 1, seed: 2)
    dropout = Dropout(probability: 0.2, seed: 3)
  }

  func callAsFunction(_ x: Tensor) -> Tensor { output(dropout(tanh(hidden(x)))) }

  /// The bits of all variables.
  var bits: [String: [UInt8]] {
    let pairs = namedVariables.map { name, variable in (name, variable.tensor.withUnsafeBytes { [UInt8]($0) }) }
    return Dictionary(uniqueKeysWithValues: pairs)
  }
}

/// A model in training, made anew as a new process would.
struct Run {
  let model = LineModel()
  let optimizer: Adam
  let trainer: Trainer<LineBatches>

  init(_ options: TrainingOptions, data: LineBatches = LineBatches()) {
    let model = model
    optimizer = Adam(model.parameters, learningRate: 0.01)
    trainer = Trainer(model, optimizer: optimizer, data: data, options: options) { batch in
      meanSquaredError(model(batch.x), batch.y)
    }
  }

  /// The bits of the model and of the optimizer.
  var bits: [String: [UInt8]] {
    let states = optimizer.states.map { ($0.name, $0.tensor.withUnsafeBytes { [UInt8]($0) }) }
    return model.bits.merging(Dictionary(uniqueKeysWithValues: states)) { a, _ in a }
  }
}

/// Options that say nothing and log every step.
func quietOptions(_ limit: TrainingLimit, output: String? = nil) -> TrainingOptions {
  var options = TrainingOptions(limit, output: output)
  options.progress = .quiet
  options.logInterval = 1
  return options
}

/// The same pseudo-random numbers at every run.
struct TrainingRandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
