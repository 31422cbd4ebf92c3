import Martlet
import MartletData
import MartletFormats
import Testing

/// A folder for what a test writes, removed at its end.
struct Scratch: ~Copyable {
  let path: String

  init() throws { path = try FileSystem.createTemporaryDirectory(prefix: "martlet-data-tests-") }

  deinit { try? FileSystem.removeTree(path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// Sample *i* is *i*; some records are bad, and some take longer.
struct Numbers: Dataset {
  let count: Int
  var bad: Set<Int> = []
  var isUneven = false

  func element(at index: Int) throws -> Int {
    if bad.contains(index) { throw FormatError(.malformed, file: "numbers.bin", "is bad", offset: index * 8) }
    if isUneven { burn(index % 7 == 0 ? 20_000 : 10) }
    return index
  }

  private func burn(_ rounds: Int) {
    var word: UInt64 = 1
    for _ in 0..<rounds { word = word &* 0x5851_F42D_4C95_7F2D &+ 1 }
    if word == 0 { print(word) }
  }
}

/// All batches of a stream.
func all<Batch>(_ stream: BatchStream<Batch>) throws -> [Batch] {
  var batches: [Batch] = []
  while let batch = try stream.next() { batches.append(batch) }
  return batches
}

/// A loader of numbers whose batches are arrays.
func loader(_ dataset: Numbers, batchSize: Int, workers: Int = 0) -> DataLoader<Numbers, [Int]> {
  DataLoader(dataset, batchSize: batchSize, seed: 17, workers: workers) { $0 }
}
