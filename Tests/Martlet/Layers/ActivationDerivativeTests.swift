import Martlet
import MartletGraph
import MartletTestSupport
import Testing

/// Derivatives of every activation in double precision, against differences.
@Suite(.endsAtZero) struct ActivationDerivativeTests {
  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
  func `derivatives are what differences say`(seed: UInt64) {
    let shape: Shape = [[6], [2, 4], [1, 8], [3, 2], [2, 3, 2]][Int(seed) - 1]
    let x = Tensor.normal(shape, standardDeviation: 2, dtype: .float64, seed: seed)
    let slopes = Tensor.uniform([shape.last!], in: 0.1...0.5, dtype: .float64, seed: seed + 10)
    for (name, function) in Self.functions {
      let complaint = derivativeComplaint(at: [x]) { function($0[0]) }
      #expect(complaint == nil, "\(name): \(complaint ?? "")")
    }
    let learned = derivativeComplaint(at: [x, slopes]) { parametricReLU($0[0], slopes: $0[1]) }
    #expect(learned == nil, "\(learned ?? "")")
  }

  /// Activations by the names of the functions.
  static let functions: [(String, @Sendable (Tensor) -> Tensor)] = [
    ("relu", { relu($0) }), ("relu6", { relu6($0) }),
    ("leakyReLU", { leakyReLU($0, negativeSlope: 0.2) }),
    ("elu", { elu($0, alpha: 0.7) }), ("selu", { selu($0) }), ("celu", { celu($0, alpha: 1.3) }),
    ("gelu", { gelu($0) }), ("gelu by tanh", { gelu($0, approximation: .tanh) }),
    ("silu", { silu($0) }),
    ("mish", { mish($0) }), ("softplus", { softplus($0) }),
    ("squarePlus", { squarePlus($0, b: 2) }),
    ("softsign", { softsign($0) }), ("logSigmoid", { logSigmoid($0) }),
    ("sigmoid", { sigmoid($0) }),
    ("tanh", { tanh($0) }), ("hardSigmoid", { hardSigmoid($0) }),
    ("hardSwish", { hardSwish($0) }),
    ("hardTanh", { hardTanh($0) }), ("hardShrink", { hardShrink($0) }),
    ("softShrink", { softShrink($0) }),
    ("tanhShrink", { tanhShrink($0) }), ("threshold", { threshold($0, above: 0.3, value: -1) }),
    ("squaredReLU", { squaredReLU($0) }), ("maxout", { maxout($0, size: 2) }),
    ("sparsemax", { sparsemax($0) }),
    ("sparsemax along 0", { sparsemax($0, axis: 0) }), ("softmax", { $0.softmax() }),
    ("logSoftmax", { $0.logSoftmax() }), ("glu", { glu($0) }),
    ("gated by sigmoid", { gated($0, by: .sigmoid) }),
    ("gated by relu", { gated($0, by: .relu) }), ("gated by gelu", { gated($0, by: .gelu) }),
    ("gated by silu", { gated($0, by: .silu) }), ("gated by none", { gated($0, by: .none) }),
  ]

  @Test func `activations of large numbers and of NaN are what they should be`() {
    let x = Tensor([-1e30, -100, 0, 100, 1e30, Double.nan])
    let cases: [(String, Tensor, [Double])] = [
      ("celu", celu(x), [-1, -1, 0, 100, 1e30, .nan]),
      ("squarePlus at 0", squarePlus(x), [0, 0.01, 1, 100.01, 1e30, .nan]),
      ("softShrink", softShrink(x), [-1e30, -99.5, 0, 99.5, 1e30, .nan]),
      ("hardShrink", hardShrink(x), [-1e30, -100, 0, 100, 1e30, .nan]),
      ("tanhShrink", tanhShrink(x), [-1e30, -99, 0, 99, 1e30, .nan]),
      ("threshold", threshold(x, above: 1, value: 7), [7, 7, 7, 100, 1e30, .nan]),
      ("softplus", softplus(x), [0, 0, 0.6931471805599453, 100, 1e30, .nan]),
    ]
    for (name, got, expected) in cases {
      for (a, b) in zip(got.scalars(as: Double.self), expected) {
        #expect(
          (a.isNaN && b.isNaN) || abs(a - b) <= 1e-4 * max(1, abs(b)), "\(name): \(a) for \(b)")
      }
    }
    let p = sparsemax(Tensor([[1e9, 0, -1e9], [3, 3, 3]])).scalars(as: Double.self)
    #expect(p[0] == 1 && p[1] == 0 && p[2] == 0)
    for share in p[3...] { #expect(abs(share - 1.0 / 3) < 1e-12) }
  }
}
