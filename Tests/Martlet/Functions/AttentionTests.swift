import Martlet
import MartletGraph
import MartletTestSupport
import Testing

/// What the definition says, one query at a time, in doubles.
private func defined(
  _ query: Tensor, _ key: Tensor, _ value: Tensor, scale: Double, isVisible: (Int, Int) -> Bool
) -> (output: [Double], logSumExp: [Double]) {
  let (q, k, v) = (query.scalars(as: Double.self), key.scalars(as: Double.self), value.scalars(as: Double.self))
  let (batch, queries, heads, width) = (query.shape[0], query.shape[1], query.shape[2], query.shape[3])
  let (keys, keyHeads, valueWidth) = (key.shape[1], key.shape[2], value.shape[3])
  var output = [Double](repeating: 0, count: batch * queries * heads * valueWidth)
  var logs = [Double](repeating: -.infinity, count: batch * heads * queries)
  for b in 0..<batch {
    for h in 0..<heads {
      let shared = h / (heads / keyHeads)
      for i in 0..<queries {
        var total = 0.0
        for j in 0..<keys where isVisible(i, j) {
          let score = (0..<width).reduce(0) { sum, w in
            sum + q[((b * queries + i) * heads + h) * width + w] * k[((b * keys + j) * keyHeads + shared) * width + w]
          }
          let weight = Tensor(score * scale)
          let power = exp(weight).scalar
          total += power
          for w in 0..<valueWidth {
            output[((b * queries + i) * heads + h) * valueWidth + w] +=
              power * v[((b * keys + j) * keyHeads + shared) * valueWidth + w]
          }
        }
        if total > 0 { logs[(b * heads + h) * queries + i] = log(Tensor(total)).scalar }
        for w in 0..<valueWidth where total > 0 { output[((b * queries + i) * heads + h) * valueWidth + w] /= total }
      }
    }
  }
  return (output, logs)
}

private func agrees(_ a: [Double], _ b: [Double]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { $0 == $1 || abs($0 - $1) < 1e-12 }
}

@Suite(.endsAtZero) struct AttentionTests {
  private func sample(_ shape: Shape, _ seed: UInt64) -> Tensor { .normal(shape, dtype: .float64, seed: seed) }

  @Test(arguments: [(4, 4), (3, 5), (5, 3), (1, 6), (4, 0)], [false, true])
  func `grouped heads, caches and queries without keys follow the definition`(lengths: (Int, Int), isCausal: Bool) {
    let (queries, keys) = lengths
    let q = sample([2, queries, 4, 3], 1)
    let k = sample([2, keys, 2, 3], 2)
    let v = sample([2, keys, 2, 5], 3)
    let (output, logs) = attentionWithLogSumExp(q, k, v, scale: 0.7, isCausal: isCausal)
    let expected = defined(q, k, v, scale: 0.7) { i, j in !isCausal || j <= i + keys - queries }
    #expect(output.shape == [2, queries, 4, 5] && logs.shape == [2, 4, queries])
    #expect(agrees(output.scalars(), expected.output))
    #expect(agrees(logs.scalars(), expected.logSumExp))
  }

  @Test func `bool and additive masks are the same, and a query that sees nothing gives zeros`() {
    let (q, k, v) = (sample([1, 3, 2, 4], 1), sample([1, 3, 2, 4], 2), sample([1, 3, 2, 4], 3))
    let mask = Tensor([[true, false, true], [false, false, false], [true, true, true]])
    let additive = select(mask, Tensor.zeros([3, 3], dtype: .float64), -.infinity)
    let a = attention(q, k, v, mask: mask, scale: 0.5)
    let expected = defined(q, k, v, scale: 0.5) { i, j in i == 2 || (i == 0 && j != 1) }
    #expect(agrees(a.scalars(), expected.output))
    #expect(agrees(attention(q, k, v, mask: additive, scale: 0.5).scalars(), expected.output))
    #expect(a[0, 1].scalars() == Array(repeating: 0.0, count: 8))
  }

  @Test func `derivatives stay finite where a query sees nothing`() {
    let (q, k, v) = (sample([1, 3, 2, 4], 1), sample([1, 2, 2, 4], 2), sample([1, 2, 2, 4], 3))
    let gradients = gradient(at: [q, k, v]) { x in
      let result = attention(x[0], x[1], x[2], isCausal: true)
      return (result * result).sum()
    }
    #expect(gradients.allSatisfy { isFinite($0).all().scalar == 1 })
    #expect(gradients[0][0, 0].scalars() == Array(repeating: 0.0, count: 8))
  }
}
