/// A place in the data of a run: which pass over it, and how many samples of that pass are behind.
public struct DataPosition: Sendable, Hashable {
  /// The number of completed passes.
  public var epoch: Int
  /// Samples of this pass that are done, bad ones included.
  public var offset: Int

  /// The beginning, unless told otherwise.
  public init(epoch: Int = 0, offset: Int = 0) {
    self.epoch = epoch
    self.offset = offset
  }
}

/// Where training batches come from.
///
/// A batch is a pure function of the source's own settings and the position, so that a run that is interrupted and
/// resumed at a position sees what the uninterrupted run would have seen.
public protocol BatchSource<Batch> {
  /// What a training step works on.
  associatedtype Batch

  /// The number of batches in one pass; 0 when there are none.
  var batchesPerEpoch: Int { get }

  /// The batches from a position to the end of that pass.
  func batches(from position: DataPosition) -> BatchStream<Batch>
}

/// The batches of one pass, handed out one after the other.
///
/// One thread reads it. Dropping it stops whatever worked ahead.
public final class BatchStream<Batch> {
  /// Where the next batch begins: what to save for resuming.
  public private(set) var position: DataPosition
  private let produce: () throws -> (batch: Batch, end: DataPosition)?

  /// A stream of what `produce` gives, each batch with the position behind it; nil ends the pass.
  public init(from position: DataPosition, produce: @escaping () throws -> (batch: Batch, end: DataPosition)?) {
    self.position = position
    self.produce = produce
  }

  /// The next batch, or nil at the end of the pass.
  public func next() throws -> Batch? {
    guard let (batch, end) = try produce() else { return nil }
    position = end
    return batch
  }
}
