import Martlet
import MartletGraph
import MartletTestSupport
import Synchronization
import Testing

/// Several threads that record, read, drop, train and serve at once: what they compute is what one thread computes, and
/// the thread sanitizer, under which `.ci/run` runs this suite, sees no race.
@Suite(.endsAtZero) struct ConcurrencyTests {
  private static let threads = 4

  /// What threads have to say at their end.
  private final class Results: Sendable {
    private let values = Mutex<[Double]>([])
    func append(_ value: Double) { values.withLock { $0.append(value) } }
    var all: [Double] { values.withLock { $0 } }
  }

  @Test func `threads that each record and read get what one gets`() {
    let results = Results()
    onThreads(Self.threads) { thread in
      var sum = 0.0
      for step in 0..<40 {
        let x = Tensor([Double(thread), Double(step)])
        var y = x
        for _ in 0..<20 { y = y * 0.5 + x }
        sum += y.sum().scalar
      }
      results.append(sum - Double(thread) * 80 * (1 - 0x1p-21))
    }
    // Twenty times y / 2 + x, from x: x · (2 - 2⁻²⁰). What depends on the thread is taken off.
    let expected = (0..<40).reduce(0.0) { $0 + Double($1) } * (2 - 0x1p-20)
    #expect(results.all.count == Self.threads)
    for value in results.all { #expect(abs(value - expected) < 1e-6) }
  }

  @Test func `a tensor that one thread recorded is read by many, and computed as one`() {
    for round in 0..<20 {
      let x = Tensor([1.0, 2, Double(round)])
      let pending = exp(x - x) + x
      let results = Results()
      onThreads(Self.threads) { thread in
        // Some read it whole, others what they make of it.
        results.append(thread % 2 == 0 ? pending.scalars(as: Double.self).reduce(0, +) : (pending * 1).sum().scalar)
      }
      #expect(results.all == [Double](repeating: Double(round) + 6, count: Self.threads))
    }
  }

  @Test func `tensors made by one thread are dropped by others while it goes on recording`() {
    let box = Mutex<[Tensor]>([])
    let isOver = Atomic(false)
    onThreads(Self.threads) { thread in
      if thread == 0 {
        var kept = Tensor([0.0])
        for step in 0..<3000 {
          let one = kept + 1
          box.withLock { $0.append(one * 2) }
          kept = step % 100 == 99 ? Tensor([one.scalar]) : one
        }
        #expect(kept.scalar == 3000)
        isOver.store(true, ordering: .releasing)
      } else {
        var count = 0
        while !isOver.load(ordering: .acquiring) {
          let taken = box.withLock { $0.popLast() }
          count += 1
          // Most are never computed; a few are read on the way out.
          if let taken, count % 50 == 0 { #expect(taken.scalar >= 2) }
        }
      }
    }
    box.withLock { $0.removeAll() }
  }

  @Test func `a tensor keeps its place in a gradient when the thread that held it lets go`() {
    let weight = Tensor([1.0, 2, 3])
    // Who acts next; the two threads take turns.
    let turn = Atomic(0)
    @Sendable func waitFor(_ place: Int) { while turn.load(ordering: .acquiring) != place {} }
    onThreads(2) { thread in
      if thread == 0 {
        let held = weight * 2
        turn.store(1, ordering: .releasing)
        waitFor(2)
        #expect(throws: Never.self) { try Recorder.current.finishStep() }
        #expect(held.sum().scalar == 12)
        #expect(throws: Never.self) { try Recorder.current.finishStep() }
        turn.store(3, ordering: .releasing)
      } else {
        waitFor(1)
        let parameter = Parameter(weight)
        let (value, gradients) = valueAndGradient {
          let first = (parameter.tensor * parameter.tensor).sum()
          turn.store(2, ordering: .releasing)
          waitFor(3)
          return first + (parameter.tensor * 5).sum()
        }
        #expect(value.scalar == 14 + 30)
        #expect(gradients[parameter]?.scalars(as: Double.self) == [7, 9, 11])
      }
    }
  }

  @Test func `one model serves on several threads`() throws {
    let model = withSeed(1) { Network() }
    let x = Tensor.normal([4, 8], seed: 2)
    let expected = model(x).scalars(as: Float.self)
    onThreads(Self.threads) { _ in
      for _ in 0..<20 { #expect(model(x).scalars(as: Float.self) == expected) }
    }
  }

  @Test func `one model serves while another trains, and takes over its weights`() throws {
    let (served, trained) = (withSeed(1) { Network() }, withSeed(1) { Network() })
    let weights = Mutex<[Tensor]>(trained.parameters.map(\.tensor))
    let x = Tensor.normal([4, 8], seed: 2)
    let y = Tensor.zeros([4, 2])
    try evaluate(x, y)
    onThreads(3) { thread in
      if thread == 0 {
        let optimizer = Adam(trained.parameters, learningRate: 0.01)
        for _ in 0..<60 {
          let (_, gradients) = valueAndGradient { meanSquaredError(trained(x), y) }
          optimizer.update(with: gradients)
          // The other threads hold these while the next step wants to overwrite them.
          let now = trained.parameters.map(\.tensor)
          weights.withLock { $0 = now }
        }
      } else if thread == 1 {
        for _ in 0..<60 {
          let now = weights.withLock { $0 }
          for (parameter, tensor) in zip(served.parameters, now) { parameter.tensor = tensor }
          #expect(served(x).scalars(as: Float.self).allSatisfy { $0.isFinite })
        }
      } else {
        for _ in 0..<60 {
          let now = weights.withLock { $0 }
          #expect(now.allSatisfy { $0.sum().scalar.isFinite })
        }
      }
    }
    for (parameter, tensor) in zip(served.parameters, weights.withLock { $0 }) { parameter.tensor = tensor }
    #expect(served(x).scalars(as: Float.self) == trained(x).scalars(as: Float.self))
  }

  @Test func `copies that train at once end with the same bits`() {
    let results = Mutex<[[Float]]>([])
    onThreads(Self.threads) { _ in
      let model = withSeed(3) { Network() }
      let optimizer = SGD(model.parameters, learningRate: 0.1, momentum: 0.9)
      let x = Tensor.normal([4, 8], seed: 2)
      for _ in 0..<20 {
        let (_, gradients) = valueAndGradient { meanSquaredError(model(x), x[0..., 0..<2]) }
        optimizer.update(with: gradients)
      }
      let weights = model.parameters.flatMap { $0.tensor.scalars(as: Float.self) }
      results.withLock { $0.append(weights) }
    }
    let all = results.withLock { $0 }
    #expect(all.count == Self.threads && all.allSatisfy { $0 == all[0] })
  }

  @Test func `compiled functions of several threads do not meet`() {
    onThreads(Self.threads) { thread in
      let counter = State(Tensor([Double(thread)]))
      let step = compiled { (x: Tensor) -> Tensor in
        counter.tensor = counter.tensor + x
        return counter.tensor * 2
      }
      var last = Tensor([0.0])
      for _ in 0..<50 { last = step(Tensor([1.0])) }
      #expect(last.scalar == 2 * Double(thread + 50))
    }
  }

  @Test func `programs of many shapes are planned by all threads at once`() {
    onThreads(Self.threads) { thread in
      for size in 1...30 {
        let x = Tensor.full([size, (size + thread) % 7 + 1], value: 0.5, dtype: .float64)
        #expect(abs((x * x).sum().scalar - 0.25 * Double(x.elementCount)) < 1e-9)
      }
    }
  }

  @Test func `mistakes collected on one thread are not those of another`() {
    onThreads(Self.threads) { thread in
      for _ in 0..<50 {
        let isWrong = thread % 2 == 0
        var isCaught = false
        do {
          _ = try checked { Tensor([1.0, 2]) + Tensor(isWrong ? [1.0, 2, 3] : [1.0, 2]) }
        } catch { isCaught = true }
        #expect(isCaught == isWrong)
      }
    }
  }

  @Test func `threads that come and go leave their recordings usable`() {
    let kept = Mutex<[Tensor]>([])
    for round in 0..<30 {
      onThreads(2) { thread in
        let x = Tensor([Double(round)]) + Double(thread)
        kept.withLock { $0.append(x) }
      }
    }
    let sum = kept.withLock { $0 }.reduce(0.0) { $0 + $1.scalar }
    #expect(sum == 2 * 435 + 30)
  }
}

/// A small network.
private struct Network: Layer {
  let hidden = Dense(8, 16), output = Dense(16, 2)
  func callAsFunction(_ x: Tensor) -> Tensor { output(tanh(hidden(x))) }
}
