import MartletKernels
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// An attention and its results by the plain formula in float 64, gradients by the rules of matrix calculus.
private struct Attention {
  var batch = 2, heads = 3
  var queries: Int, keys: Int, headSize: Int, valueSize: Int
  var causalOffset: Int?
  /// Strides of the mask; the mask holds one number for each distinct place.
  var maskStrides: (Int, Int, Int, Int)?
  var hiddenQuery: Int?  // all keys are masked for it
  /// Whether tensors lie as `[batch, heads, size, length]` instead of `[batch, length, heads, size]`.
  var isTransposed = false

  func strides(_ length: Int, _ size: Int) -> (Int, Int, Int, Int) {
    isTransposed
      ? (heads * size * length, 1, size * length, length) : (length * heads * size, heads * size, size, 1)
  }

  struct Results { var output, query, key, value: [Double] }
  struct Found { var output, logSums, query, key, value: [Float] }

  var mask: [Float]? {
    guard let strides = maskStrides else { return nil }
    var numbers = Numbers(seed: 3)
    var mask = numbers.floats(
      (batch - 1) * strides.0 + (heads - 1) * strides.1 + (queries - 1) * strides.2 + (keys - 1) * strides.3 + 1)
    if let hidden = hiddenQuery {
      for b in 0..<batch {
        for h in 0..<heads {
          for k in 0..<keys { mask[b * strides.0 + h * strides.1 + hidden * strides.2 + k * strides.3] = -.infinity }
        }
      }
    }
    return mask
  }

  var shape: martlet_attention {
    var shape = martlet_attention()
    (shape.batch, shape.heads, shape.queries, shape.keys) = (batch, heads, queries, keys)
    (shape.head_size, shape.value_size, shape.scale) = (headSize, valueSize, 0.7)
    (shape.is_causal, shape.causal_offset) = (causalOffset != nil, causalOffset ?? 0)
    shape.query.at = strides(queries, headSize)
    shape.key.at = strides(keys, headSize)
    shape.value.at = strides(keys, valueSize)
    shape.output.at = strides(queries, valueSize)
    shape.mask_strides.at = maskStrides ?? (0, 0, 0, 0)
    return shape
  }

  var counts: (query: Int, key: Int, value: Int, output: Int) {
    let n = batch * heads
    return (n * queries * headSize, n * keys * headSize, n * keys * valueSize, n * queries * valueSize)
  }

  func run(q: [Float], k: [Float], v: [Float], g: [Float]) -> Found {
    func blank(_ count: Int) -> [Float] { .init(repeating: .nan, count: count) }
    var found = Found(
      output: blank(counts.output), logSums: blank(batch * heads * queries), query: blank(q.count), key: blank(k.count),
      value: blank(v.count))
    (mask ?? [0]).withUnsafeBufferPointer { mask in
      var shape = shape
      shape.mask = maskStrides == nil ? nil : mask.baseAddress
      #expect(martlet_attention_forward_f32(&shape, q, k, v, &found.output, &found.logSums) == MARTLET_OK)
      #expect(
        martlet_attention_backward_f32(
          &shape, q, k, v, found.output, found.logSums, g, &found.query, &found.key, &found.value) == MARTLET_OK)
    }
    return found
  }

  func expected(q: [Float], k: [Float], v: [Float], g: [Float]) -> Results {
    var results = Results(
      output: .init(repeating: 0, count: counts.output), query: .init(repeating: 0, count: q.count),
      key: .init(repeating: 0, count: k.count), value: .init(repeating: 0, count: v.count))
    let mask = mask
    for b in 0..<batch {
      for h in 0..<heads {
        func at(_ s: (Int, Int, Int, Int), _ l: Int, _ d: Int) -> Int { b * s.0 + l * s.1 + h * s.2 + d * s.3 }
        let (sq, sk, sv) = (strides(queries, headSize), strides(keys, headSize), strides(keys, valueSize))
        let so = strides(queries, valueSize)
        for i in 0..<queries {
          let weights = (0..<keys).map { j -> Double in
            if let offset = causalOffset, j > i + offset { return 0 }
            let score = (0..<headSize).reduce(0.0) { $0 + Double(q[at(sq, i, $1)]) * Double(k[at(sk, j, $1)]) }
            let m = maskStrides.map { Double(mask![b * $0.0 + h * $0.1 + i * $0.2 + j * $0.3]) } ?? 0
            return exp(Double(Float(0.7)) * score + m)
          }
          let total = weights.reduce(0, +)
          if total == 0 { continue }
          let p = weights.map { $0 / total }
          let dp = (0..<keys).map { j in
            (0..<valueSize).reduce(0.0) { $0 + Double(g[at(so, i, $1)]) * Double(v[at(sv, j, $1)]) }
          }
          let mean = zip(p, dp).reduce(0) { $0 + $1.0 * $1.1 }
          for j in 0..<keys {
            for d in 0..<valueSize {
              results.output[at(so, i, d)] += p[j] * Double(v[at(sv, j, d)])
              results.value[at(sv, j, d)] += p[j] * Double(g[at(so, i, d)])
            }
            let ds = p[j] * (dp[j] - mean) * Double(Float(0.7))
            for d in 0..<headSize {
              results.query[at(sq, i, d)] += ds * Double(k[at(sk, j, d)])
              results.key[at(sk, j, d)] += ds * Double(q[at(sq, i, d)])
            }
          }
        }
      }
    }
    return results
  }

  /// Inputs of a few units each way, so that probabilities are far from equal.
  func inputs() -> (q: [Float], k: [Float], v: [Float], g: [Float]) {
    var numbers = Numbers(seed: UInt64(queries * 1000 + keys))
    return (
      numbers.floats(counts.query).map { $0 * 4 }, numbers.floats(counts.key).map { $0 * 4 },
      numbers.floats(counts.value), numbers.floats(counts.output)
    )
  }
}

private let cases = [
  Attention(queries: 1, keys: 1, headSize: 1, valueSize: 1),
  Attention(queries: 7, keys: 5, headSize: 3, valueSize: 2, causalOffset: 0),
  Attention(queries: 64, keys: 128, headSize: 16, valueSize: 16),
  Attention(queries: 100, keys: 150, headSize: 20, valueSize: 33, isTransposed: true),
  Attention(queries: 150, keys: 300, headSize: 8, valueSize: 8, causalOffset: 150),
  // The first five queries see no key at all.
  Attention(queries: 130, keys: 129, headSize: 8, valueSize: 12, causalOffset: -5),
  Attention(queries: 70, keys: 140, headSize: 5, valueSize: 4, maskStrides: (0, 70 * 140, 140, 1), hiddenQuery: 66),
  Attention(queries: 9, keys: 200, headSize: 5, valueSize: 4, causalOffset: 100, maskStrides: (200, 0, 0, 1)),
]

extension KernelTests {
  @Suite struct AttentionTests {
    @Test(arguments: availableISAs, cases.indices)
    func `output and gradients agree with the plain formula`(isa: martlet_isa, index: Int) {
      let attention = cases[index]
      let (q, k, v, g) = attention.inputs()
      let expected = attention.expected(q: q, k: k, v: v, g: g)
      let found = withISA(isa) { attention.run(q: q, k: k, v: v, g: g) }
      // Scores of up to about 20 carry an error of 20 units of 6e-8 into the exponent.
      #expect(distance(found.output, expected.output) < 2e-6)
      #expect(distance(found.query, expected.query) < 1e-5)
      #expect(distance(found.key, expected.key) < 1e-5)
      #expect(distance(found.value, expected.value) < 1e-5)
    }

    @Test(arguments: cases.indices)
    func `the bits are the same with any number of threads`(index: Int) {
      let (q, k, v, g) = cases[index].inputs()
      let results = (1...4).map { count in withThreads(count) { cases[index].run(q: q, k: k, v: v, g: g) } }
      for result in results {
        #expect(result.output == results[0].output)
        #expect(result.query == results[0].query)
        #expect(result.key == results[0].key)
        #expect(result.value == results[0].value)
      }
    }

    @Test(arguments: availableISAs)
    func `a score that is not a number spoils its own row only, and huge scores do not overflow`(isa: martlet_isa) {
      let attention = Attention(batch: 1, heads: 1, queries: 3, keys: 2, headSize: 1, valueSize: 1)
      let found = withISA(isa) { attention.run(q: [.nan, 1e4, -1e4], k: [1, -1], v: [3, 5], g: [1, 1, 1]) }
      #expect(found.output[0].isNaN)
      #expect(found.output[1] == 3)
      #expect(found.output[2] == 5)
    }
  }
}
