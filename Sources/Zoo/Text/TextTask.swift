import Martlet
import MartletData
import MartletFormats

/// The sizes of a model of text that somebody asks for; nil leaves the choice to the recipe.
public struct TextSizes: Sendable {
  /// As in ``GPTConfiguration``: 4 layers, 4 heads, width 128 and context 64 unless given.
  public var layers, heads, width, context: Int?
  /// Tokens of a byte-pair vocabulary; nil takes one token a character.
  public var vocabulary: Int?

  /// A request that leaves everything open.
  public init() {}
}

/// Learning to write text.
public enum TextTask {
  /// Trains a ``GPT`` on text.
  ///
  /// The recipe is nanoGPT's for processors: batches of 12 windows at random places; AdamW with β 0.9 and 0.99 and a
  /// weight decay of 0.1 on all but the norms' scales; gradients' norm at most 1; a learning rate that rises for 100 of
  /// 2,000 steps to 0.001 and falls along half a cosine to a tenth of it.
  ///
  /// - Throws: What data, folder and training throw.
  public static func train(_ request: TrainingRequest, sizes: TextSizes = TextSizes()) throws -> TrainingSummary {
    let recipe = try TextRecipe(request, sizes)
    let texts = try TextCorpus.texts(of: recipe.data)
    let tokenizer = try TextTokenizer(of: texts.training, vocabularySize: recipe.vocabulary)
    let corpus = TextCorpus(training: texts.training, heldOut: texts.heldOut, tokenizer: tokenizer)
    let model = withSeed(recipe.seed) { GPT(recipe.configuration(vocabulary: tokenizer.vocabularySize)) }
    var settings = recipe.json
    settings["model"] = model.configuration.json
    var run = try TrainingRun(request, task: "text", limit: recipe.limit, settings: settings)
    run.options.gradientNormLimit = 1
    run.options.checkpointInterval = 500
    try FileSystem.createDirectory(run.path)
    try tokenizer.save(to: "\(run.path)/tokenizer.json")
    let windows = try TextWindows(
      tokens: corpus.training, length: recipe.context, batchSize: recipe.batchSize, seed: recipe.seed)
    let segments = TextSegments(tokens: corpus.heldOut, length: recipe.context)
    guard segments.count > 0 else { throw DataError("the held-out text has no window of \(recipe.context) tokens") }
    let glimpse = segments.selecting(Array(stride(from: 0, to: segments.count, by: max(1, segments.count / 512))))
    return try run.train(
      model, with: recipe.optimizer(model, batchesPerEpoch: windows.batchesPerEpoch), on: windows,
      loss: { softmaxCrossEntropy(model($0.inputs), labels: $0.labels) },
      validation: { ["validation_loss": try loss(of: model, on: glimpse)] },
      metric: { ("validation_loss", try loss(of: model, on: segments)) })
  }

  /// The mean loss of a model on windows of a text, in nats a token; NaN without windows.
  public static func loss(of model: GPT, on windows: some Dataset<Example>) throws -> Double {
    let size = 64
    var sum = 0.0
    for start in stride(from: 0, to: windows.count, by: size) {
      let batch = try Example.collated((start..<min(start + size, windows.count)).map { try windows.element(at: $0) })
      sum += softmaxCrossEntropy(model(batch.inputs), labels: batch.labels).scalar * Double(batch.labels.shape[0])
    }
    return sum / Double(windows.count)
  }
}

/// Everything that determines a run.
struct TextRecipe {
  var data: [String] = []
  var limit = TrainingLimit.steps(2000)
  var batchSize = 12
  var learningRate = 1e-3
  var seed: UInt64 = 0
  var vocabulary: Int?
  var layers = 4
  var heads = 4
  var width = 128
  var context = 64

  /// The recipe of a run to go on with, changed as the request says.
  init(_ request: TrainingRequest, _ sizes: TextSizes) throws {
    if let run = request.resume { try read(RunSettings(run: run, task: "text")) }
    if !request.data.isEmpty { data = request.data }
    if let epochs = request.epochs { limit = .epochs(epochs) }
    if let steps = request.steps { limit = .steps(steps) }
    batchSize = request.batchSize ?? batchSize
    learningRate = request.learningRate ?? learningRate
    seed = request.seed ?? seed
    vocabulary = sizes.vocabulary ?? vocabulary
    (layers, heads) = (sizes.layers ?? layers, sizes.heads ?? heads)
    (width, context) = (sizes.width ?? width, sizes.context ?? context)
    guard width % heads == 0 else { throw DataError("a width of \(width) does not divide into \(heads) heads") }
  }

  private mutating func read(_ settings: RunSettings) throws {
    data = try settings.strings("data")
    limit = try settings.limit()
    batchSize = try settings.required("batchSize") { $0.intValue.flatMap { $0 > 0 ? $0 : nil } }
    learningRate = try settings.required("learningRate", \.doubleValue)
    seed = try settings.required("seed") { $0.stringValue.flatMap { UInt64($0) } }
    vocabulary = settings.json["vocabulary"]?.intValue
    let model = try settings.required("model", GPTConfiguration.init)
    (layers, heads, width, context) = (model.layers, model.heads, model.width, model.context)
  }

  var json: JSON {
    var json: JSON = ["task": "text", "data": .array(data.map { .string($0) })]
    json.setLimit(limit)
    json["batchSize"] = .integer(batchSize)
    json["learningRate"] = .number(learningRate)
    // As text: JSON's integers have no room for the upper half of the seeds.
    json["seed"] = .string(String(seed))
    json["vocabulary"] = vocabulary.map { .integer($0) } ?? .null
    return json
  }

  func configuration(vocabulary: Int) -> GPTConfiguration {
    GPTConfiguration(layers: layers, heads: heads, width: width, context: context, vocabulary: vocabulary)
  }

  func optimizer(_ model: GPT, batchesPerEpoch: Int) -> AdamW {
    let steps: Int
    switch limit {
    case .steps(let count): steps = count
    case .epochs(let epochs): steps = epochs * batchesPerEpoch
    }
    let schedule = CosineSchedule(
      peak: learningRate, stepCount: steps, warmupSteps: min(100, steps / 10), floor: learningRate / 10)
    return AdamW(
      model.parameters, learningRate: schedule, betas: (0.9, 0.99), weightDecay: 0.1,
      rules: [ParameterRule(weightDecay: 0) { $0.shape.rank < 2 }])
  }
}
