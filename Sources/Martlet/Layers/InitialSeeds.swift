import Synchronization

/// Runs `body`, in which new layers take their initial values from `seed`, one after the other.
///
/// The same seed and the same order of layers give the same bits.
///
/// ```swift
/// let model = withSeed(7) { Classifier() }
/// ```
public func withSeed<Result>(_ seed: UInt64, _ body: () throws -> Result) rethrows -> Result {
  try InitialSeeds.local.withValue(InitialSeeds(seed: seed), operation: body)
}

/// Runs `body` under a seed if there is one.
func withSeed<Result>(_ seed: UInt64?, _ body: () throws -> Result) rethrows -> Result {
  guard let seed else { return try body() }
  return try withSeed(seed, body)
}

/// A source of seeds for layers that are given none.
///
/// Outside ``withSeed(_:_:)`` all threads share one that begins at 0 with the process: a program that builds its layers
/// on one thread is reproducible, one that builds them on several is not.
final class InitialSeeds: Sendable {
  static let local = TaskLocal(wrappedValue: InitialSeeds(seed: 0))
  private let generator: Mutex<RandomGenerator>

  init(seed: UInt64) { generator = Mutex(RandomGenerator(seed: seed)) }

  /// The seed of the next layer.
  static func next() -> UInt64 { local.get().generator.withLock { $0.split().seed } }
}
