/// Random numbers for one sample in one pass: a pure function of the loader's seed, the epoch and the sample's number.
///
/// So an augmented sample is the same on every worker, and again after a resumed run.
public struct SampleGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// The generator of a sample.
  public init(seed: UInt64, epoch: Int, index: Int) {
    state = spread(spread(spread(seed) &+ UInt64(bitPattern: Int64(epoch))) &+ UInt64(bitPattern: Int64(index)))
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return spread(state)
  }

  /// A number in 0..<1 with 53 random bits.
  public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A whole number in 0..<`bound`, uniform to within `bound` / 2⁶⁴.
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "below: the bound \(bound) is not positive")
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// `true` with a probability.
  public mutating func chance(_ probability: Double) -> Bool { unit() < probability }
}

/// Spreads every bit over all others, one-to-one (Steele, Lea and Flood, *Fast splittable pseudorandom number
/// generators*, 2014).
func spread(_ word: UInt64) -> UInt64 {
  var z = word &+ 0x9E37_79B9_7F4A_7C15
  z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
  z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
  return z ^ (z >> 31)
}

/// The numbers 0..<`count` in an order that depends on seed and epoch only (Fisher and Yates).
///
/// - Complexity: O(`count`) time and memory, once an epoch.
func permutation(count: Int, seed: UInt64, epoch: Int) -> [Int] {
  var order = Array(0..<count)
  var generator = SampleGenerator(seed: ~seed, epoch: epoch, index: 0)
  for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, generator.below(i + 1)) }
  return order
}
