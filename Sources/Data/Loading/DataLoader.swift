import Martlet
import Synchronization

/// Puts samples of a data set together into batches: shuffled, augmented, read ahead on threads of their own.
///
/// What a batch holds depends on the settings and the position alone. Any number of workers gives the same batches in
/// the same order, each sample comes once an epoch, and a loader that starts at a saved position goes on as if it had
/// never stopped.
public struct DataLoader<Source: Dataset, Batch: Sendable>: BatchSource, Sendable {
  /// Where the samples come from.
  public let dataset: Source
  /// Samples in a batch; the last batch of an epoch may have fewer.
  public var batchSize: Int
  /// Whether every epoch has an order of its own; otherwise samples come by number.
  public var isShuffled = true
  /// Whether samples that do not fill a batch are left out at the end of an epoch.
  public var dropsLast = false
  /// Determines order and augmentation, together with the epoch.
  public var seed: UInt64
  /// Threads that work ahead; with 0 the reader does the work itself.
  public var workers = 0
  /// The most batches that exist ahead of the reader; two for each worker if nil.
  public var prefetchedBatches: Int?
  /// How long to wait for a batch before the loader reports that it hangs; for ever if nil.
  public var stallLimit: Duration?
  /// What happens with records that cannot be read.
  public var badRecords = BadRecordPolicy.fail
  /// Changes a sample, with random numbers that belong to this sample in this epoch.
  public var augmentation: (@Sendable (Source.Element, inout SampleGenerator) throws -> Source.Element)?

  private let collate: @Sendable ([Source.Element]) throws -> Batch
  private let skipped = SkippedRecords()

  /// A loader that puts samples together with `collate`.
  ///
  /// - Precondition: A positive batch size.
  public init(
    _ dataset: Source, batchSize: Int, seed: UInt64, workers: Int = 0,
    collate: @escaping @Sendable ([Source.Element]) throws -> Batch
  ) {
    precondition(batchSize > 0, "DataLoader: the batch size \(batchSize) is not positive")
    precondition(workers >= 0, "DataLoader: the number of workers \(workers) is negative")
    self.dataset = dataset
    self.batchSize = batchSize
    self.seed = seed
    self.workers = workers
    self.collate = collate
  }

  public var batchesPerEpoch: Int { batchCount(dataset.count) }

  /// Records that were left out of the batches handed out so far, over all epochs and by all copies of this loader.
  public var skippedCount: Int { skipped.state.withLock { $0.count } }

  /// The first hundred of the records that were left out.
  public var skippedRecords: [DataError] { skipped.state.withLock { $0.first } }
}

extension DataLoader where Source.Element: Collatable, Batch == Source.Element.Batch {
  /// A loader that puts samples together as their type says.
  ///
  /// - Precondition: A positive batch size.
  public init(_ dataset: Source, batchSize: Int, seed: UInt64, workers: Int = 0) {
    self.init(dataset, batchSize: batchSize, seed: seed, workers: workers) { try Source.Element.collated($0) }
  }
}

// MARK: - Batches

extension DataLoader {
  /// The batches of one epoch.
  public func batches(epoch: Int) -> BatchStream<Batch> { batches(from: DataPosition(epoch: epoch)) }

  /// The batches from a position to the end of its epoch.
  ///
  /// - Precondition: The offset is in `0...dataset.count`.
  public func batches(from position: DataPosition) -> BatchStream<Batch> {
    let count = dataset.count
    precondition(
      (0...count).contains(position.offset), "DataLoader: position \(position.offset) of \(count) samples")
    let order = isShuffled ? permutation(count: count, seed: seed, epoch: position.epoch) : nil
    let loader = self
    let prefetcher = Prefetcher(
      0..<batchCount(count - position.offset), workers: workers, depth: prefetchedBatches ?? 2 * workers,
      stallLimit: stallLimit
    ) { number in
      let start = position.offset + number * loader.batchSize
      let end = Swift.min(start + loader.batchSize, count)
      let indices = order.map { Array($0[start..<end]) } ?? Array(start..<end)
      return try loader.load(indices, epoch: position.epoch, end: end)
    }
    let reader = Reader(prefetcher)
    return BatchStream(from: position) { try loader.nextBatch(reader, epoch: position.epoch) }
  }

  private func batchCount(_ samples: Int) -> Int {
    dropsLast ? samples / batchSize : (samples + batchSize - 1) / batchSize
  }

  private func nextBatch(_ reader: Reader<Loaded<Batch>>, epoch: Int) throws -> (batch: Batch, end: DataPosition)? {
    // A batch of nothing but bad records is passed over.
    while let loaded = try reader.prefetcher.next() {
      reader.skippedCount += loaded.skipped.count
      skipped.add(loaded.skipped)
      if case .skip(let limit) = badRecords, reader.skippedCount > limit, let last = loaded.skipped.last {
        throw DataError(
          "\(reader.skippedCount) bad records in one pass, \(limit) are allowed; the last one: \(last.message)",
          index: last.index, file: last.file, offset: last.offset)
      }
      if let batch = loaded.batch { return (batch, DataPosition(epoch: epoch, offset: loaded.end)) }
    }
    return nil
  }

  private func load(_ indices: [Int], epoch: Int, end: Int) throws -> Loaded<Batch> {
    var samples: [Source.Element] = []
    var skipped: [DataError] = []
    samples.reserveCapacity(indices.count)
    for index in indices {
      do {
        samples.append(try sample(index, epoch: epoch))
      } catch {
        let error = DataError(index: index, error)
        guard case .skip = badRecords else { throw error }
        skipped.append(error)
      }
    }
    return Loaded(batch: samples.isEmpty ? nil : try collate(samples), skipped: skipped, end: end)
  }

  private func sample(_ index: Int, epoch: Int) throws -> Source.Element {
    let sample = try dataset.element(at: index)
    guard let augmentation else { return sample }
    var generator = SampleGenerator(seed: seed, epoch: epoch, index: index)
    return try augmentation(sample, &generator)
  }
}

private struct Loaded<Batch: Sendable>: Sendable {
  var batch: Batch?
  var skipped: [DataError]
  var end: Int
}

/// What one stream reads from; stops the threads when the stream goes away.
private final class Reader<Output: Sendable> {
  let prefetcher: Prefetcher<Output>
  var skippedCount = 0
  init(_ prefetcher: Prefetcher<Output>) { self.prefetcher = prefetcher }
  deinit { prefetcher.stop() }
}

/// Counts bad records, as they are met by the reader: what was read ahead and never used does not count.
private final class SkippedRecords: Sendable {
  let state = Mutex((count: 0, first: [DataError]()))

  func add(_ errors: [DataError]) {
    if errors.isEmpty { return }
    state.withLock { state in
      state.count += errors.count
      state.first += errors.prefix(100 - Swift.min(state.first.count, 100))
    }
  }
}
