import Martlet
import MartletGraph

/// Pieces of a long text at random places, for training a language model.
///
/// Batch *s* is a pure function of seed and *s*, and there is no end: an epoch is only a number of batches. Inputs are
/// `int32 [batch, length]`, labels the same moved on by one token.
public struct TextWindows: BatchSource, Sendable {
  /// The tokens of the whole text.
  public let tokens: [Int32]
  /// Tokens in one window.
  public let length: Int
  /// Windows in one batch.
  public let batchSize: Int
  /// Batches that are called an epoch.
  public let batchesPerEpoch: Int
  /// Determines where the windows lie.
  public let seed: UInt64

  /// Windows into the given tokens.
  ///
  /// - Parameter batchesPerEpoch: As many as it takes to see as many tokens as there are, if nil.
  /// - Throws: ``DataError`` if the text is shorter than one window and the token behind it.
  /// - Precondition: Positive length and batch size.
  public init(tokens: [Int32], length: Int, batchSize: Int, batchesPerEpoch: Int? = nil, seed: UInt64) throws {
    precondition(length > 0 && batchSize > 0, "TextWindows: length \(length), batch size \(batchSize)")
    guard tokens.count > length else {
      throw DataError("a text of \(tokens.count) tokens has no window of \(length) with a token behind it")
    }
    self.tokens = tokens
    self.length = length
    self.batchSize = batchSize
    self.batchesPerEpoch = batchesPerEpoch ?? max(1, tokens.count / (length * batchSize))
    self.seed = seed
  }

  /// Batch `step`, counted from the beginning of training.
  public func batch(step: Int) -> Example {
    var generator = SampleGenerator(seed: seed, epoch: 0, index: step)
    let starts = (0..<batchSize).map { _ in generator.below(tokens.count - length) }
    return Example(inputs: windows(at: starts), labels: windows(at: starts.map { $0 + 1 }))
  }

  public func batches(from position: DataPosition) -> BatchStream<Example> {
    var offset = position.offset
    return BatchStream(from: position) {
      // Offsets count samples, as everywhere.
      guard offset < batchesPerEpoch * batchSize else { return nil }
      let batch = batch(step: position.epoch * batchesPerEpoch + offset / batchSize)
      offset += batchSize
      return (batch, DataPosition(epoch: position.epoch, offset: offset))
    }
  }

  private func windows(at starts: [Int]) -> Tensor {
    var elements: [Int32] = []
    elements.reserveCapacity(starts.count * length)
    for start in starts { elements += tokens[start..<(start + length)] }
    return Tensor(elements, shape: [starts.count, length])
  }
}

/// Every window of a text, one behind the other without overlap: for measuring a language model.
public struct TextSegments: Dataset {
  private let tokens: [Int32]
  private let length: Int

  /// The windows of `length` tokens; what is left at the end is not used.
  ///
  /// - Precondition: A positive length.
  public init(tokens: [Int32], length: Int) {
    precondition(length > 0, "TextSegments: the length \(length) is not positive")
    self.tokens = tokens
    self.length = length
  }

  public var count: Int { max(tokens.count - 1, 0) / length }

  public func element(at index: Int) -> Example {
    let start = index * length
    return Example(
      inputs: Tensor(Array(tokens[start..<(start + length)])),
      labels: Tensor(Array(tokens[(start + 1)..<(start + length + 1)])))
  }
}
