import MartletGraph

/// Where random values come from: each request takes the next stream of a counter-based generator.
///
/// Random values are a pure function of key, stream and position, so the same source gives the same values again,
/// whatever the engine and the number of threads.
public protocol RandomSource {
  /// The key and the stream for one request, `uint64 [2]`; no other request gets the same.
  mutating func nextKey() -> Tensor
}

/// A value that makes random tensors one after the other: a key, and a stream that moves on by one a request.
///
/// A copy continues on its own and gives the same values as the original. Inside `compiled` or `checkpoint` its keys
/// are constants: use ``RandomState`` where every run must draw anew.
public struct RandomGenerator: RandomSource, Sendable, Hashable {
  /// The key.
  public let seed: UInt64
  /// The stream that the next request takes.
  public private(set) var stream: UInt64 = 0

  /// A generator whose values are determined by `seed`.
  public init(seed: UInt64) { self.seed = seed }

  /// A generator that stands at a given stream, as one that was saved.
  public init(seed: UInt64, stream: UInt64) {
    self.seed = seed
    self.stream = stream
  }

  public mutating func nextKey() -> Tensor {
    defer { stream &+= 1 }
    return Tensor([seed, stream])
  }

  /// A generator whose values have nothing to do with those of this one, which moves on.
  public mutating func split() -> RandomGenerator {
    defer { stream &+= 1 }
    return RandomGenerator(seed: mixed(seed ^ mixed(stream &+ 0x9E37_79B9_7F4A_7C15)))
  }
}

/// A finalizer that spreads every bit over all others (Stafford's variant 13 of the 64-bit MurmurHash3 mix).
private func mixed(_ word: UInt64) -> UInt64 {
  var word = word
  word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
  word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
  return word ^ (word >> 31)
}

/// A random source that is part of a model's state: layers such as dropout keep one.
///
/// The stream moves on inside the program, so that every run of a compiled step draws anew, a checkpointed block draws
/// the same when it is recomputed, and a step that fails or is repeated from a checkpoint file draws the same again.
public struct RandomState: RandomSource, Sendable {
  /// The key and the next stream, `uint64 [2]`.
  public let state: State

  /// A source whose values are determined by `seed`.
  public init(seed: UInt64) { state = State(Tensor([seed, 0])) }

  public func nextKey() -> Tensor {
    let key = state.tensor
    let location = SourceLocation(#fileID, #line)
    // [0, 1] is counted rather than stored, so that the program holds it.
    let step = Tensor.record(Iota(TensorType(.uint64, [2]), axis: 0), at: location)
    state.tensor = .binary(.add, key, step, at: location)
    return key
  }
}
