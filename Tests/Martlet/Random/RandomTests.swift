import Martlet
import MartletGraph
import MartletTestSupport
import Testing

/// Moments of samples are compared with the distribution's own, at six standard errors.
@Suite(.endsAtZero) struct RandomTests {
  @Test func `bits are those of Philox for key and stream`() {
    // The published test vector of Philox-4x32-10 for counter 0 and key 0.
    let operation = RandomBits(TensorType(.uint32, [4]))
    let bits = Tensor.record(operation, Tensor([0, 0] as [UInt64]), at: MartletGraph.SourceLocation(#fileID, #line))
    #expect(bits.scalars() == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8] as [UInt32])
    let uniform = Tensor.uniform([4], seed: 0).scalars(as: Float.self)
    #expect(uniform == [0x6627e8, 0xe169c5, 0xbc57ac, 0x9b00db].map { Float($0) / 16_777_216 })
  }

  @Test func `a generator gives new values each time, a copy the same ones`() {
    var generator = RandomGenerator(seed: 3)
    var copy = generator
    let first = Tensor.uniform([8], using: &generator).scalars(as: Float.self)
    let second = Tensor.uniform([8], using: &generator).scalars(as: Float.self)
    #expect(first != second)
    #expect(first == Tensor.uniform([8], using: &copy).scalars(as: Float.self))
    #expect(first == Tensor.uniform([8], seed: 3).scalars(as: Float.self))
    var resumed = RandomGenerator(seed: 3, stream: 1)
    #expect(second == Tensor.uniform([8], using: &resumed).scalars(as: Float.self))
    var child = generator.split()
    var other = generator.split()
    let values = Tensor.uniform([8], using: &child).scalars(as: Float.self)
    #expect(values != Tensor.uniform([8], using: &other).scalars(as: Float.self))
  }

  @Test func `a random state moves on inside the program`() {
    var state = RandomState(seed: 3)
    let first = Tensor.uniform([8], using: &state).scalars(as: Float.self)
    #expect(state.state.tensor.scalars() == [3, 1] as [UInt64])
    let (value, _) = valueAndGradient { Tensor.uniform([8], using: &state).sum() }
    #expect(state.state.tensor.scalars() == [3, 2] as [UInt64])
    #expect(first == Tensor.uniform([8], seed: 3).scalars(as: Float.self))
    var second = RandomGenerator(seed: 3, stream: 1)
    #expect(value.scalar == Tensor.uniform([8], using: &second).sum().scalar)
  }

  @Test func `uniform numbers lie in their range and have its moments`() {
    let n = 100_000.0
    let x = Tensor.uniform([Int(n)], in: -2...6, dtype: .float64, seed: 5)
    let (mean, variance) = (x.mean().scalar, x.variance().scalar)
    #expect(x.min().scalar >= -2 && x.max().scalar <= 6)
    #expect(abs(mean - 2) < 6 * (64 / 12 / n).squareRoot())
    // The variance of the square of a uniform number of width w is w⁴ / 180.
    #expect(abs(variance - 64.0 / 12) < 6 * (4096 / 180 / n).squareRoot())
    for dtype in [DType.float16, .bfloat16, .float32] {
      #expect(Tensor.uniform([1000], dtype: dtype, seed: 5).max().scalar < 1)
    }
  }

  @Test(arguments: [DType.float32, .float64, .bfloat16])
  func `normal numbers have the moments of their distribution`(dtype: MartletGraph.DType) {
    let n = 100_001.0
    let x = Tensor.normal([Int(n)], mean: 1, standardDeviation: 2, dtype: dtype, seed: 9).cast(to: .float64)
    let z = (x - 1) / 2
    #expect(abs(z.mean().scalar) < 6 / n.squareRoot())
    #expect(abs((z * z).mean().scalar - 1) < 6 * (2 / n).squareRoot())
    #expect(abs((z * z * z).mean().scalar) < 6 * (15 / n).squareRoot())
    #expect(abs((z * z * z * z).mean().scalar - 3) < 6 * (96 / n).squareRoot())
    let inside = (abs(z) .< 1).cast(to: .float64).mean().scalar
    #expect(abs(inside - 0.6826894921370859) < 6 * (0.2166 / n).squareRoot())
  }

  @Test func `truncated normal numbers stay inside their bound`() {
    let n = 100_000.0
    let z = Tensor.truncatedNormal([Int(n)], dtype: .float64, seed: 2)
    #expect(z.max().scalar <= 2 && z.min().scalar >= -2 && z.max().scalar > 1.99)
    #expect(abs(z.mean().scalar) < 6 * (0.774 / n).squareRoot())
    // 1 - 2·2·φ(2) / (2Φ(2) - 1)
    #expect(abs((z * z).mean().scalar - 0.7737413035) < 6 * (1.2 / n).squareRoot())
  }

  @Test func `the inverse error function undoes the error function`() {
    let x = Tensor.linspace(-4, 4, count: 801, dtype: .float64)
    let back = inverseErf(erf(x))
    for (a, b) in zip(back.scalars(as: Double.self), x.scalars(as: Double.self)) where abs(b) < 3 {
      // The spacing of erf's doubles, divided by its slope.
      #expect(abs(a - b) <= 4e-16 + 3e-16 * abs(b) + 2.3e-16 / (1.128 * exponential(-b * b)))
    }
    let y = Tensor.linspace(-0.999, 0.999, count: 401)
    let error = abs(erf(inverseErf(y)) - y).max().scalar
    #expect(error < 5e-7)
    #expect(inverseErf(Tensor([-1.0, 0, 1])).scalars() == [-Double.infinity, 0, Double.infinity])
    #expect(inverseErf(Tensor([1.5])).scalar.isNaN)
  }

  @Test func `bernoulli meets its probability, exactly at the ends`() {
    let n = 100_000.0
    let share = Tensor.bernoulli([Int(n)], probability: 0.3, seed: 4).sum().scalar / n
    #expect(abs(share - 0.3) < 6 * (0.21 / n).squareRoot())
    #expect(Tensor.bernoulli([1000], probability: 0, seed: 4).sum().scalar == 0)
    #expect(Tensor.bernoulli([1000], probability: 1, seed: 4).sum().scalar == 1000)
  }

  @Test func `random integers cover their range evenly`() {
    let counts = Tensor.randomIntegers([60_000], in: -2..<4, seed: 6).scalars(as: Int.self)
      .reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
    #expect(counts.keys.sorted() == [-2, -1, 0, 1, 2, 3])
    #expect(counts.values.allSatisfy { abs(Double($0) - 10_000) < 6 * (60_000.0 * 5 / 36).squareRoot() })
    let wide = Tensor.randomIntegers([100], in: Int.min..<Int.max, seed: 6).scalars(as: Int.self)
    #expect(wide.contains { $0 < 0 } && wide.contains { $0 > 0 })
    #expect(Tensor.randomIntegers([4], in: 0..<200, dtype: .uint8, seed: 6).dtype == .uint8)
  }

  @Test func `a permutation holds every integer once, and shuffles rows`() {
    let order = Tensor.permutation(100, seed: 8).scalars(as: Int.self)
    #expect(order.sorted() == Array(0..<100) && order != Array(0..<100))
    let rows = Tensor.range(0..<200).reshaped(to: [100, 2]).shuffled(seed: 8)
    #expect(rows[.all, 0].scalars() == order.map { $0 * 2 })
    #expect(rows[.all, 1].scalars() == order.map { $0 * 2 + 1 })
  }

  @Test func `the same bits whatever the shape is called`() {
    let vector = Tensor.normal([6], seed: 1).scalars(as: Float.self)
    #expect(vector == Tensor.normal([2, 3], seed: 1).scalars(as: Float.self))
    #expect(Tensor.normal([0], seed: 1).shape == [0])
    #expect(Tensor.normal([], seed: 1).shape == [])
  }
}

/// By its series, so that no function under test is used.
private func exponential(_ x: Double) -> Double {
  let part = x / 64
  var (term, sum) = (1.0, 1.0)
  for k in 1..<30 {
    term *= part / Double(k)
    sum += term
  }
  for _ in 0..<6 { sum *= sum }
  return sum
}
