import Martlet
import MartletData
import MartletFormats

/// Learning handwritten digits.
public enum DigitTask {
  /// Trains a ``DigitClassifier``.
  ///
  /// The recipe, chosen on a part of the training digits: 30 passes in batches of 64, each picture turned, resized and
  /// shifted anew every time (``DigitAugmentation``); cross entropy with labels smoothed by 0.1; Adam with a learning
  /// rate of 0.002 that falls along half a cosine.
  ///
  /// - Throws: What data, folder and training throw.
  public static func train(_ request: TrainingRequest) throws -> TrainingSummary {
    let recipe = try DigitRecipe(request)
    let data = try recipe.load()
    let model = withSeed(recipe.seed) { DigitClassifier(classes: data.classes.count) }
    let loader = recipe.loader(data.training)
    var settings = recipe.json
    settings["classes"] = .array(data.classes.map { .string($0) })
    let run = try TrainingRun(request, task: "digits", limit: recipe.limit, settings: settings)
    let schedule = CosineSchedule(peak: recipe.learningRate, stepCount: recipe.stepCount(loader.batchesPerEpoch))
    // A fixed part of the test digits is enough to see how training goes.
    let glimpse = stride(from: 0, to: data.test.count, by: max(1, data.test.count / 500)).map { data.test[$0] }
    return try run.train(
      model, with: Adam(model.parameters, learningRate: schedule), on: loader,
      loss: { softmaxCrossEntropy(model($0.inputs), labels: $0.labels, labelSmoothing: 0.1) },
      validation: { ["accuracy": accuracy(of: model, on: glimpse)] },
      metric: { ("accuracy", accuracy(of: model, on: data.test)) })
  }

  /// The share of digits that a model names rightly; NaN without digits.
  public static func accuracy(of model: DigitClassifier, on digits: [LabeledDigit]) -> Double {
    let found = model.classify(digits.map(\.image))
    return Double(zip(found, digits).count { $0.label == $1.label }) / Double(digits.count)
  }
}

/// Everything that determines a run, but the classes.
struct DigitRecipe {
  var data: String?
  var limit = TrainingLimit.epochs(30)
  var batchSize = 64
  var learningRate = 2e-3
  var seed: UInt64 = 0

  /// The recipe of a run to go on with, changed as the request says.
  init(_ request: TrainingRequest) throws {
    if let run = request.resume { try read(RunSettings(run: run, task: "digits")) }
    if let path = request.data.first { data = path }
    if let epochs = request.epochs { limit = .epochs(epochs) }
    if let steps = request.steps { limit = .steps(steps) }
    batchSize = request.batchSize ?? batchSize
    learningRate = request.learningRate ?? learningRate
    seed = request.seed ?? seed
  }

  /// The recipe of a run.
  init(_ settings: RunSettings) throws { try read(settings) }

  private mutating func read(_ settings: RunSettings) throws {
    data = settings.json["data"]?.stringValue
    limit = try settings.limit()
    batchSize = try settings.required("batchSize") { $0.intValue.flatMap { $0 > 0 ? $0 : nil } }
    learningRate = try settings.required("learningRate", \.doubleValue)
    seed = try settings.required("seed") { $0.stringValue.flatMap { UInt64($0) } }
  }

  var json: JSON {
    var json: JSON = ["task": "digits", "data": data.map { .string($0) } ?? .null]
    json.setLimit(limit)
    json["batchSize"] = .integer(batchSize)
    json["learningRate"] = .number(learningRate)
    // As text: JSON's integers have no room for the upper half of the seeds.
    json["seed"] = .string(String(seed))
    return json
  }

  func load() throws -> DigitData { try data.map { try DigitData(path: $0, seed: seed) } ?? DigitData() }

  func stepCount(_ batchesPerEpoch: Int) -> Int {
    switch limit {
    case .steps(let steps): steps
    case .epochs(let epochs): epochs * batchesPerEpoch
    }
  }

  /// Batches of augmented digits, the same for the same seed.
  func loader(_ digits: [LabeledDigit]) -> DataLoader<ArrayDataset<LabeledDigit>, Example> {
    var loader = DataLoader(ArrayDataset(digits), batchSize: batchSize, seed: seed, workers: 1) { digits in
      Example(inputs: DigitImage.stacked(digits.map(\.image)), labels: Tensor(digits.map(\.label)))
    }
    loader.dropsLast = digits.count >= batchSize
    loader.augmentation = { digit, generator in
      LabeledDigit(image: DigitAugmentation().apply(to: digit.image, using: &generator), label: digit.label)
    }
    return loader
  }
}
