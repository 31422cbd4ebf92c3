import Martlet
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct LayerStateTests {
  @Test func `dropout is the identity in evaluation, and keeps the mean in training`() {
    let dropout = Dropout(probability: 0.25, seed: 3)
    let x = Tensor.ones([10_000])
    #expect(dropout(x).words == x.words)
    let y = withMode(.training) { dropout(x) }.scalars(as: Float.self)
    #expect(Set(y) == [0, Float(1 / 0.75)])
    // Five standard deviations of the share of zeros.
    let deviation = (0.25 * 0.75 / 10_000).squareRoot()
    let share = Double(y.count { $0 == 0 }) / 10_000
    #expect(abs(share - 0.25) < 5 * deviation)
  }

  @Test func `dropout in a checkpoint has one mask, and its counter moves once`() {
    func run(_ wrap: (() -> Tensor) -> Tensor) -> (value: [UInt64], gradient: [UInt64], counter: [UInt64]) {
      withMode(.training) {
        let dropout = Dropout(probability: 0.5, seed: 3)
        let x = Parameter(.normal([64], seed: 1))
        let (loss, gradients) = valueAndGradient { wrap { exp(dropout(x.tensor)).sum() } }
        return (loss.words, gradients[x]!.words, dropout.random.state.tensor.words)
      }
    }
    let plain = run { $0() }
    let recomputed = run { body in checkpoint { body() } }
    #expect(plain.value == recomputed.value)
    #expect(plain.gradient == recomputed.gradient)
    #expect(plain.counter == recomputed.counter)
    #expect(plain.counter[1] == 1)
  }

  @Test func `running statistics move once in a checkpoint, and carry no derivative`() {
    func run(_ wrap: (() -> Tensor) -> Tensor) -> [[Float]] {
      withMode(.training) {
        let norm = BatchNorm(3)
        let x = Parameter(.normal([6, 3], seed: 1))
        let (_, gradients) = valueAndGradient { wrap { (norm(x.tensor) * x.tensor).sum() } }
        return [gradients[x]!, norm.runningMean.tensor, norm.runningVariance.tensor].map { $0.scalars() }
      }
    }
    let plain = run { $0() }
    for (a, b) in zip(plain.joined(), run { body in checkpoint { body() } }.joined()) { #expect(abs(a - b) < 1e-5) }
    #expect(plain[1].contains { $0 != 0 })
  }

  @Test func `a layer mapped over examples gives what it gives for the batch`() {
    let model = withSeed(2) {
      Sequential {
        Dense(4, 5); LayerNorm(5); Activation.gelu; BatchNorm(5); Dense(5, 2)
      }
    }
    let x = Tensor.normal([7, 4], seed: 1)
    let mapped = vmap(x) { model($0) }.scalars(as: Float.self)
    for (a, b) in zip(mapped, model(x).scalars(as: Float.self)) { #expect(abs(a - b) < 1e-5) }
  }

  @Test func `a state that would differ between examples is refused`() {
    let norm = BatchNorm(3)
    #expect(throws: ProgramError.self) {
      try checked { withMode(.training) { vmap(Tensor.ones([4, 2, 3])) { norm($0) } } }
    }
  }

  @Test(arguments: [1, 3])
  func `a cache gives piece by piece what the whole sequence gives`(piece: Int) {
    let block = TransformerBlock(8, headCount: 2, isCausal: true, seed: 5)
    let x = Tensor.normal([2, 6, 8], seed: 1)
    let whole = block(x).scalars(as: Float.self)
    let cache = KeyValueCache(batch: 2, capacity: 9, headCount: 2, headWidth: 4)
    var parts: [Tensor] = []
    for start in stride(from: 0, to: 6, by: piece) {
      parts.append(block(x[0..., start..<(start + piece)], mask: nil, cache: cache))
    }
    let joined = Tensor(concatenating: parts, axis: 1).scalars(as: Float.self)
    // The order of sums differs with the number of keys.
    for (a, b) in zip(joined, whole) { #expect(abs(a - b) < 1e-5) }
    #expect(cache.count.tensor.scalar == 6)
  }

  @Test func `a full cache is an error`() throws {
    let attention = MultiHeadAttention(4, headCount: 1, isCausal: true, seed: 5)
    let cache = KeyValueCache(batch: 1, capacity: 2, headCount: 1, headWidth: 4)
    try attention(.ones([1, 2, 4]), cache: cache).evaluated()
    #expect(throws: ExecutionError.self) { try attention(.ones([1, 1, 4]), cache: cache).evaluated() }
  }

  @Test func `a reversed sequence is read from its end`() {
    let forward = LSTM(3, 4, seed: 1)
    let backward = LSTM(3, 4, isReversed: true, seed: 1)
    let x = Tensor.normal([2, 5, 3], seed: 1)
    #expect(backward(x.reversed(axes: 1)).reversed(axes: 1).words == forward(x).words)
  }
}
