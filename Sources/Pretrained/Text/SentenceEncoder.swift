public import Martlet
import MartletData
import MartletFormats
public import MartletZoo

/// Vectors of sentences that lie close to each other where the sentences mean similar things.
///
/// ```swift
/// let encoder = try SentenceEncoder(pretrained: "all-MiniLM-L6-v2")
/// let vectors = try encoder(["A bird that never lands.", "The swift sleeps in the air."])
/// print(dot(vectors[0], vectors[1]))
/// ```
/// - Note: Reimers and Gurevych, *Sentence-BERT: sentence embeddings using Siamese BERT-networks*, EMNLP 2019.
public struct SentenceEncoder: Sendable {
  /// How the vectors of a sentence's positions become one.
  public enum Pooling: Sendable, Hashable {
    /// Their mean.
    case mean
    /// The largest of each element.
    case max
    /// The first position's.
    case first
  }

  /// The model.
  public let model: BERT
  /// How positions become one vector.
  public let pooling: Pooling
  /// Whether vectors have length 1.
  public let isNormalized: Bool
  /// The most tokens of a sentence, special ones included; what is beyond them is not read.
  public let maximumLength: Int
  private let tokenizer: PretrainedTokenizer

  /// A model as Sentence Transformers publishes it.
  ///
  /// - Parameter folder: With the files of a BERT, `tokenizer.json`, and optionally `modules.json`, the settings of
  ///   pooling that it names (the mean by default), and `sentence_bert_config.json`.
  /// - Throws: `FormatError`, `DataError` or `WeightError` if one of the files is not as it should be.
  public init(pretrained folder: String) throws {
    model = try BERT(pretrained: folder)
    tokenizer = try PretrainedTokenizer(path: "\(folder)/tokenizer.json")
    let source = try ModelFolder(folder)
    let settings = try SentenceSettings(source)
    (pooling, isNormalized) = (settings.pooling, settings.isNormalized)
    maximumLength = Swift.min(settings.maximumLength ?? model.configuration.context, model.configuration.context)
    guard tokenizer.vocabularySize <= model.configuration.vocabulary else {
      throw source.settings.error(
        .mismatch,
        "is for \(model.configuration.vocabulary) tokens, the tokenizer has \(tokenizer.vocabularySize)")
    }
  }

  /// The vectors of sentences.
  ///
  /// - Parameter batchSize: How many are computed together; those of similar length are.
  /// - Returns: `[sentences, width]`, in the order of the sentences.
  /// - Throws: ``DataError`` if the tokenizer has no token for something.
  public func callAsFunction(_ sentences: [String], batchSize: Int = 32) throws -> Tensor {
    precondition(batchSize > 0, "SentenceEncoder: a batch of \(batchSize) sentences")
    let tokens = try sentences.map(tokens)
    let order = tokens.indices.sorted { (tokens[$0].count, $0) < (tokens[$1].count, $1) }
    var vectors = [Tensor?](repeating: nil, count: sentences.count)
    for start in stride(from: 0, to: order.count, by: batchSize) {
      let batch = order[start..<Swift.min(start + batchSize, order.count)]
      let result = self.vectors(batch.map { tokens[$0] })
      for (row, sentence) in batch.enumerated() { vectors[sentence] = result[row] }
    }
    if vectors.isEmpty { return .zeros([0, model.configuration.width]) }
    return Tensor(stacking: vectors.map { $0! }, axis: 0)
  }

  /// The tokens of a sentence, cut before the special ones behind it if there are too many.
  func tokens(of sentence: String) throws -> [Int32] {
    let encoding = try tokenizer.encoding(of: sentence)
    let excess = encoding.count - maximumLength
    guard excess > 0 else { return encoding.ids }
    let last = (encoding.isSpecial.lastIndex(of: false) ?? -1) + 1
    let kept = encoding.ids[..<Swift.max(last - excess, 0)] + encoding.ids[last...]
    return Array(kept.prefix(maximumLength))
  }

  /// `[batch, width]` of at least one sentence.
  private func vectors(_ sentences: [[Int32]]) -> Tensor {
    let length = Swift.max(sentences.map(\.count).max() ?? 0, 1)
    let padded = sentences.flatMap { $0 + [Int32](repeating: 0, count: length - $0.count) }
    let mask = sentences.flatMap { sentence in (0..<length).map { $0 < sentence.count } }
    let shape = Shape([sentences.count, length])
    let isTold = Tensor(mask, shape: shape)
    let vectors = model(Tensor(padded, shape: shape), mask: mask.contains(false) ? isTold : nil)
    let pooled = pool(vectors, isTold.expandingDimensions(at: 2))
    guard isNormalized else { return pooled }
    return pooled / maximum(pooled.norm(axes: -1, keepingAxes: true), 1e-12)
  }

  private func pool(_ vectors: Tensor, _ isTold: Tensor) -> Tensor {
    switch pooling {
    case .first: return vectors[0..., 0]
    case .max: return select(isTold, vectors, -Double.infinity).max(axes: 1)
    case .mean:
      let weights = isTold.cast(to: vectors.dtype)
      return (vectors * weights).sum(axes: 1) / maximum(weights.sum(axes: 1), 1e-9)
    }
  }
}

/// What the files of Sentence Transformers say beside the model.
private struct SentenceSettings {
  var pooling = SentenceEncoder.Pooling.mean
  var isNormalized = false
  var maximumLength: Int?

  init(_ folder: ModelFolder) throws(FormatError) {
    if folder.has("sentence_bert_config.json") {
      let settings = try ModelSettings(path: "\(folder.path)/sentence_bert_config.json")
      if settings["max_seq_length"] != nil { maximumLength = try settings.size("max_seq_length") }
    }
    guard folder.has("modules.json") else { return }
    let modules = try ModelSettings(path: "\(folder.path)/modules.json")
    for module in modules.json.arrayValue ?? [] {
      let kind = module["type"]?.stringValue?.split(separator: ".").last ?? ""
      switch kind {
      case "Transformer": break
      case "Normalize": isNormalized = true
      case "Pooling":
        let name = module["path"]?.stringValue ?? ""
        guard !name.contains("..") && !name.hasPrefix("/") else {
          throw modules.error(.malformed, "names a folder outside of the model's: \(FormatError.quoted(name))")
        }
        pooling = try SentenceSettings.pooling(ModelSettings(path: "\(folder.path)/\(name)/config.json"))
      default:
        throw modules.error(.unsupported, "asks for \(FormatError.quoted(String(kind))), which is not computed here")
      }
    }
  }

  /// The one way of pooling that is switched on, by the older names or the newer one.
  private static func pooling(_ settings: ModelSettings) throws(FormatError) -> SentenceEncoder.Pooling {
    let kinds: [(String, SentenceEncoder.Pooling)] = [("mean", .mean), ("max", .max), ("cls", .first)]
    if let mode = settings["pooling_mode"]?.stringValue, let kind = kinds.first(where: { $0.0 == mode }) {
      return kind.1
    }
    let chosen = settings.json.objectValue?.members.filter {
      $0.key.hasPrefix("pooling_mode_") && $0.value == true
    }
    let names = ["mean": "pooling_mode_mean_tokens", "max": "pooling_mode_max_tokens", "cls": "pooling_mode_cls_token"]
    guard let chosen, chosen.count == 1, let kind = kinds.first(where: { names[$0.0] == chosen[0].key }) else {
      throw settings.error(.unsupported, "asks for a pooling that is not computed here")
    }
    return kind.1
  }
}
