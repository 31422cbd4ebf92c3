import Martlet
import MartletCPU
import MartletGraph
import MartletTestSupport
import Testing

/// The counter of leaks, the bound on what is cached, and the comparison with the reference interpreter.
@Suite(.endsAtZero) struct LiveMemoryTests {
  @Test func `nodes and bytes are counted while tensors live, and are zero afterwards`() throws {
    #expect(LiveMemory.measured().bytes == 0)
    do {
      let x = Tensor([1, 2, 3, 4] as [Float])
      let y = exp(x) * 2
      let before = LiveMemory.measured()
      #expect(before.nodes == 4, "x, exp, 2 and the product")
      #expect(before.bytes == 16 && before.buffers == 1)
      try y.evaluated()
      let after = LiveMemory.measured()
      #expect(after.nodes == 0, "what is known needs no history")
      #expect(after.bytes == 32 && after.buffers == 2)
    }
    let end = LiveMemory.measured()
    #expect(end.nodes == 0 && end.bytes == 0 && end.buffers == 0)
    #expect(end.peakBytes >= 32)
  }

  @Test func `a thousand steps of training leave what the first left`() {
    let layer = Dense(3, 2, seed: 1)
    let optimizer = Adam(layer.parameters, learningRate: 0.01)
    var bytes: [Int] = []
    for step in 0..<1000 {
      optimizer.update(with: valueAndGradient { layer(Tensor.ones([4, 3])).sum() }.gradients)
      if step % 100 == 0 { bytes.append(LiveMemory.measured().bytes) }
    }
    // The thread of a step may hold its inputs a moment longer; what is held for good shows in the least of several.
    #expect(bytes.prefix(5).min() == bytes.suffix(5).min(), "\(bytes)")
  }

  @Test func `what is cached stays within the budget, and goes back when asked`() throws {
    BufferCache.budget = 1 << 20
    for size in 1...8 { try Tensor.ones([size << 16]).evaluated() }
    #expect(BufferCache.cachedBytes <= 1 << 20)
    #expect(BufferCache.cachedBytes > 0)
    #expect(BufferCache.summary.contains("of 1 MiB cached"), "\(BufferCache.summary)")
    BufferCache.budget = 1 << 10
    #expect(BufferCache.cachedBytes <= 1 << 10)
    BufferCache.budget = 1 << 30
    try Tensor.ones([1 << 16]).evaluated()
    BufferCache.clear()
    #expect(BufferCache.cachedBytes == 0)
    #expect(BufferCache.budget == 1 << 30)
  }

  @Test func `comparing with the reference changes no bits`() {
    func trained() -> [UInt64] {
      let layer = Dense(3, 2, seed: 1)
      let optimizer = SGD(layer.parameters, learningRate: 0.1, momentum: 0.9)
      for step in 0..<5 {
        let x = Tensor.normal([4, 3], seed: UInt64(step))
        optimizer.update(with: valueAndGradient { power(layer(x), 2).mean() }.gradients)
      }
      return layer.parameters.flatMap { $0.tensor.words }
    }
    #expect(checkingResults { trained() } == trained())
  }

  @Test func `an error of a checked step is what it is without`() {
    #expect(throws: ExecutionError.self) {
      try checkingResults { try Tensor([1, 2] as [Float]).gathered(at: Tensor([2])).evaluated() }
    }
  }
}
