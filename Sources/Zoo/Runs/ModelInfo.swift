import Martlet
import MartletCPU
public import MartletFormats

/// What a model consists of, what it computes, and how much memory it takes.
public struct ModelInfo: Sendable, CustomStringConvertible {
  /// The layers, for one input.
  public let summary: ModelSummary
  /// Bytes of the weights.
  public let weightBytes: Int
  /// Bytes of weights, gradients and Adam's two averages, without what a step keeps of each example.
  public let trainingBytes: Int
  /// The most bytes of tensors that were alive while the model computed one input; weights included.
  public let runBytes: Int

  /// Looks at a model, and lets it compute one input of zeros.
  init(_ model: some Layer, input: Shape, dtype: DType = .float32) throws {
    summary = Martlet.summary(model, input: input, dtype: dtype)
    weightBytes = model.variables.reduce(0) { $0 + $1.type.sizeInBytes }
    trainingBytes = weightBytes + 3 * model.parameters.reduce(0) { $0 + $1.type.sizeInBytes }
    try model(.zeros(input, dtype: dtype)).evaluated()
    runBytes = CPUEngine.shared.pool.statistics.peakLiveBytes
  }

  /// One object.
  public var json: JSON {
    [
      "parameters": .integer(summary.parameterCount),
      "floatingPointOperations": .integer(summary.floatingPointOperations), "weightBytes": .integer(weightBytes),
      "trainingBytes": .integer(trainingBytes), "runBytes": .integer(runBytes),
      "layers": .array(summary.rows.map(ModelInfo.json)),
    ]
  }

  private static func json(_ row: ModelSummary.Row) -> JSON {
    [
      "path": .string(row.path), "layer": .string(row.layer),
      "output": row.output.map { .array($0.map { .integer($0) }) } ?? .null,
      "parameters": .integer(row.parameterCount), "floatingPointOperations": .integer(row.floatingPointOperations),
    ]
  }

  /// The table of layers, and the memory.
  public var description: String {
    """
    \(summary)
    memory: weights \(size(weightBytes)), a run \(size(runBytes)), training \(size(trainingBytes)) and a step's results
    """
  }

  private func size(_ bytes: Int) -> String {
    bytes < 1 << 20 ? "\((bytes + 1023) >> 10) KiB" : "\((Double(bytes) / 104857.6).rounded() / 10) MiB"
  }
}

extension TrainedModel {
  /// What the model consists of.
  public func info() throws -> ModelInfo {
    switch self {
    case .digits(let digits): try ModelInfo(digits.model, input: [1, DigitImage.side, DigitImage.side, 1])
    case .text(let text): try ModelInfo(text.model, input: [1, text.model.configuration.context], dtype: .int32)
    }
  }
}
