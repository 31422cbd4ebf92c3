import Martlet
import MartletData
import MartletFormats
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct DataLoaderTests {
  @Test(arguments: [1, 2, 8])
  func `any number of workers gives the same batches in the same order`(workers: Int) throws {
    let numbers = Numbers(count: 1003, isUneven: true)
    for epoch in 0..<3 {
      let expected = try all(loader(numbers, batchSize: 16).batches(epoch: epoch))
      #expect(try all(loader(numbers, batchSize: 16, workers: workers).batches(epoch: epoch)) == expected)
    }
  }

  @Test(arguments: [0, 1, 2, 8])
  func `each sample comes once an epoch, in another order each time`(workers: Int) throws {
    let loader = loader(Numbers(count: 517), batchSize: 10, workers: workers)
    let epochs = try (0..<3).map { try all(loader.batches(epoch: $0)) }
    for batches in epochs {
      #expect(batches.joined().sorted() == Array(0..<517))
      #expect(batches.dropLast().allSatisfy { $0.count == 10 })
      #expect(batches.last?.count == 7)
    }
    #expect(Set(epochs.map { Array($0.joined()) }).count == 3)
    #expect(!epochs.map { Array($0.joined()) }.contains(Array(0..<517)))
  }

  @Test func `the seed determines the order`() throws {
    func order(_ seed: UInt64) throws -> [Int] {
      let loader = DataLoader(Numbers(count: 50), batchSize: 50, seed: seed) { $0 }
      return try all(loader.batches(epoch: 0))[0]
    }
    #expect(try order(1) == order(1))
    #expect(try order(1) != order(2))
  }

  @Test func `every order of three samples comes about equally often`() throws {
    var counts: [[Int]: Int] = [:]
    for seed in 0..<6000 as Range<UInt64> {
      let loader = DataLoader(Numbers(count: 3), batchSize: 3, seed: seed) { $0 }
      counts[try all(loader.batches(epoch: 0))[0], default: 0] += 1
    }
    #expect(counts.count == 6)
    // 1,000 expected with a standard deviation of 29; six of those leave room for chance and none for a bias.
    for count in counts.values { #expect(abs(count - 1000) < 174) }
  }

  @Test(arguments: 0..<50)
  func `a loader that starts at a saved position goes on as if it had not stopped`(trial: Int) throws {
    var generator = SampleGenerator(seed: 5, epoch: 0, index: trial)
    let numbers = Numbers(count: 1 + generator.below(300))
    let whole = loader(numbers, batchSize: 1 + generator.below(20))
    let expected = try all(whole.batches(epoch: trial))
    let stop = generator.below(expected.count + 1)
    let stream = loader(numbers, batchSize: whole.batchSize, workers: 2).batches(epoch: trial)
    var seen: [[Int]] = []
    for _ in 0..<stop { seen.append(try #require(try stream.next())) }
    let resumed = loader(numbers, batchSize: whole.batchSize, workers: generator.below(4))
    seen += try all(resumed.batches(from: stream.position))
    #expect(seen == expected)
  }

  @Test(arguments: [0, 3])
  func `a bad record stops with its number, file and offset`(workers: Int) throws {
    let stream = loader(Numbers(count: 100, bad: [37]), batchSize: 8, workers: workers).batches(epoch: 0)
    var good = 0
    let error = #expect(throws: DataError.self) { while try stream.next() != nil { good += 1 } }
    #expect(error?.index == 37)
    #expect(error?.description == "sample 37: numbers.bin: is bad (at byte 296)")
    let order = try all(loader(Numbers(count: 100), batchSize: 8).batches(epoch: 0)).joined()
    #expect(good == Array(order).firstIndex(of: 37)! / 8)
  }

  @Test(arguments: [0, 4])
  func `skipped records are counted exactly, and all others stay where they are`(workers: Int) throws {
    let bad: Set<Int> = [0, 3, 77, 500, 999, 412, 413, 414, 600, 601]
    var skipping = loader(Numbers(count: 1000, bad: bad), batchSize: 25, workers: workers)
    skipping.badRecords = .skip(limit: 10)
    let whole = try all(loader(Numbers(count: 1000), batchSize: 25).batches(epoch: 2))
    #expect(try all(skipping.batches(epoch: 2)) == whole.map { $0.filter { !bad.contains($0) } })
    #expect(skipping.skippedCount == 10)
    #expect(Set(skipping.skippedRecords.compactMap(\.index)) == bad)
    skipping.badRecords = .skip(limit: 9)
    #expect(throws: DataError.self) { try all(skipping.batches(epoch: 2)) }
  }

  @Test func `a batch of nothing but bad records is passed over`() throws {
    var skipping = loader(Numbers(count: 9, bad: [3, 4, 5]), batchSize: 3)
    (skipping.isShuffled, skipping.badRecords) = (false, .skip(limit: 5))
    let stream = skipping.batches(epoch: 0)
    #expect(try all(stream) == [[0, 1, 2], [6, 7, 8]])
    #expect(stream.position == DataPosition(epoch: 0, offset: 9))
  }

  @Test func `samples that do not fill a batch are left out where asked`() throws {
    var dropping = loader(Numbers(count: 23), batchSize: 5)
    #expect(dropping.batchesPerEpoch == 5)
    dropping.dropsLast = true
    #expect(dropping.batchesPerEpoch == 4)
    #expect(try all(dropping.batches(epoch: 0)).map(\.count) == [5, 5, 5, 5])
    #expect(try all(loader(Numbers(count: 0), batchSize: 5).batches(epoch: 0)).isEmpty)
  }

  @Test func `augmentation draws the same for a sample and epoch on any worker, and anew in another epoch`() throws {
    func batches(epoch: Int, workers: Int) throws -> [[Int]] {
      var augmented = loader(Numbers(count: 200), batchSize: 7, workers: workers)
      augmented.isShuffled = false
      augmented.augmentation = { sample, generator in sample * 1000 + generator.below(1000) }
      return try all(augmented.batches(epoch: epoch))
    }
    let first = try batches(epoch: 0, workers: 0)
    #expect(try batches(epoch: 0, workers: 5) == first)
    let second = try batches(epoch: 1, workers: 0)
    #expect(second != first)
    #expect(second.joined().map { $0 / 1000 } == Array(0..<200))
    #expect(Set(first.joined().map { $0 % 1000 }).count > 150)
  }

  @Test func `a reader that goes away early leaves no thread waiting`() throws {
    for _ in 0..<200 {
      let stream = loader(Numbers(count: 1000), batchSize: 2, workers: 4).batches(epoch: 0)
      _ = try stream.next()
    }
    #expect(try all(loader(Numbers(count: 10), batchSize: 2, workers: 4).batches(epoch: 0)).count == 5)
  }

  @Test func `workers keep close to the reader`() throws {
    let counter = Counter()
    var counting = DataLoader(Numbers(count: 1000).map { counter.count($0) }, batchSize: 1, seed: 0, workers: 3) { $0 }
    counting.prefetchedBatches = 4
    let stream = counting.batches(epoch: 0)
    for read in 1...100 {
      _ = try stream.next()
      #expect(counter.value <= read + 4)
    }
  }

  @Test func `a read that hangs is reported`() throws {
    let gate = Gate()
    defer { gate.open() }
    var hanging = DataLoader(Numbers(count: 10).map { gate.wait($0) }, batchSize: 2, seed: 0, workers: 1) { $0 }
    hanging.stallLimit = .milliseconds(50)
    let error = #expect(throws: DataError.self) { try hanging.batches(epoch: 0).next() }
    #expect(error?.message.contains("was not ready") == true)
  }
}
