import Martlet
import MartletGraph

// The gamma and Bessel families, and other functions of single elements.
extension SmoothFunction {
  static let specialFunctions: [SmoothFunction] = [
    .init("lgamma", one(0.5...4)) { [lgamma($0[0])] },
    .init("lgamma below 0", one(-1.8 ... -1.2)) { [lgamma($0[0])] },
    .init("gamma", one(-1.8 ... -1.2)) { [gamma($0[0])] },
    .init("digamma", one(0.5...4)) { [digamma($0[0])] },
    .init("polygamma", one(0.8...4)) { [polygamma(order: 2, $0[0])] },
    .init("zeta", one(0.5...4)) { [zeta(.full([], value: 2.5, dtype: $0[0].dtype), $0[0])] },
    .init("logBeta", two(0.5...3, 0.5...3)) { [logBeta($0[0], $0[1])] },
    .init("besselJ0", one(-6...6)) { [besselJ0($0[0])] },
    .init("besselJ1", one(-6...6)) { [besselJ1($0[0])] },
    .init("besselY0", one(0.5...6)) { [besselY0($0[0])] },
    .init("besselY1", one(0.5...6)) { [besselY1($0[0])] },
    .init("besselI0", one(-4...4)) { [besselI0($0[0])] },
    .init("besselI1", one(-4...4)) { [besselI1($0[0])] },
    .init("inverseErf", one(-0.9...0.9)) { [inverseErf($0[0])] },
    .init("sinc", one(0.2...3)) { [sinc($0[0])] },
    .init("xlogy", two(0.5...2, 0.5...2)) { [xlogy($0[0], $0[1])] },
    .init("logAddExp", two(-2...2, -2...2)) { [logAddExp($0[0], $0[1])] },
    .init("heaviside", two(0.5...2, -1...1)) { [heaviside($0[0] * 0, valueAtZero: $0[1])] },
    .init("clipped", two(-1...0.9, 1...2)) {
      [$0[0].clipped(from: .full([], value: -5, dtype: $0[0].dtype), to: $0[1])]
    },
    .init("fractionalPart", one(0.1...0.9)) { [$0[0].fractionalPart()] },
    .init("trueDivided", two(0.5...2, 0.5...2)) { [trueDivided($0[0], $0[1])] },
  ]
}
