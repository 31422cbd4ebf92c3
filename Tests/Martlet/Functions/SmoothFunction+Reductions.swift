import Martlet
import MartletGraph

// Sums, extremes, orders and running forms.
extension SmoothFunction {
  static let reductions: [SmoothFunction] = [
    .init("sum", lines) { [$0[0].sum(), $0[0].sum(axes: -1, keepingAxes: true)] },
    .init("product", lines) { [$0[0].product(), $0[0].product(axes: 0)] },
    .init("product with zeros", lines) { [($0[0] * ($0[0] .> 0.5).cast(to: $0[0].dtype)).product(axes: -1)] },
    .init("mean", lines) { [$0[0].mean(), $0[0].mean(axes: -1)] },
    .init("max", lines) { [$0[0].max(), $0[0].max(axes: -1)] },
    .init("min", lines) { [$0[0].min(), $0[0].min(axes: -1, keepingAxes: true)] },
    .init("variance", lines) { [$0[0].variance(), $0[0].variance(axes: -1, correction: 1)] },
    .init("standardDeviation", lines) {
      [$0[0].standardDeviation(), $0[0].standardDeviation(axes: -1, correction: 0.5)]
    },
    .init("norm", lines) { [$0[0].norm(), $0[0].norm(order: 1, axes: -1), $0[0].norm(order: .infinity)] },
    .init("logSumExp", lines) { [$0[0].logSumExp(), $0[0].logSumExp(axes: -1, keepingAxes: true)] },
    .init("softmax", lines) { [$0[0].softmax(), $0[0].softmax(axis: 0)] },
    .init("logSoftmax", lines) { [$0[0].logSoftmax(), $0[0].logSoftmax(axis: 0)] },
    .init("sumIgnoringNaN", lines) { [$0[0].sumIgnoringNaN(axes: -1)] },
    .init("meanIgnoringNaN", lines) { [$0[0].meanIgnoringNaN(axes: -1)] },
    .init("minIgnoringNaN", lines) { [$0[0].minIgnoringNaN(axes: -1)] },
    .init("weightedMean", { lines().map { [$0[0], $0[0] * $0[0] + 0.5] } }) { [$0[0].weightedMean($0[1], axes: -1)] },
    .init("covariance", tables) { [$0[0].covariance(), $0[0].covariance(correction: 0)] },
    .init("correlation", tables) { [$0[0].correlation()] },
    .init("cumulativeSum", lines) { [$0[0].cumulativeSum(axis: -1), $0[0].cumulativeSum(axis: 0, isReversed: true)] },
    .init("cumulativeProduct", lines) {
      [$0[0].cumulativeProduct(axis: -1), $0[0].cumulativeProduct(axis: 0, isReversed: true)]
    },
    .init("cumulativeMax", lines) { [$0[0].cumulativeMax(axis: -1), $0[0].cumulativeMax(axis: 0, isReversed: true)] },
    .init("cumulativeMin", lines) { [$0[0].cumulativeMin(axis: -1), $0[0].cumulativeMin(axis: 0, isReversed: true)] },
    .init("cumulativeMinWithIndices", lines) { [$0[0].cumulativeMinWithIndices(axis: -1).values] },
    .init("sorted", lines) { [$0[0].sorted(), $0[0].sorted(axis: 0, isDescending: true)] },
    .init("quantile", lines) { [$0[0].quantile(0.3, axes: -1), $0[0].quantile(0.8, interpolation: .midpoint)] },
  ]

  /// Rows of variables, columns of observations.
  private static let tables: @Sendable () -> [[Tensor]] = {
    ([[2, 4], [3, 5], [1, 6], [4, 3], [2, 7]] as [Shape]).enumerated().map { [uniform($0.element, -2...2, $0.offset)] }
  }

  static let orderStatistics: [SmoothFunction] = [
    .init("median", lines) { [$0[0].median(axes: -1)] },
    .init("quantiles", lines) { [$0[0].quantiles([0.2, 0.55], axes: -1)] },
    .init("quantile ignoring NaN", lines) { [$0[0].quantile(0.4, axes: -1, ignoringNaN: true)] },
    .init("varianceIgnoringNaN", lines) { [$0[0].varianceIgnoringNaN(axes: -1, correction: 1)] },
    .init("productIgnoringNaN", lines) { [$0[0].productIgnoringNaN(axes: -1)] },
    .init("maxIgnoringNaN", lines) { [$0[0].maxIgnoringNaN(axes: -1)] },
    .init("norm of order 3", lines) { [$0[0].norm(order: 3, axes: -1)] },
    .init("norm, smallest magnitude", lines) { [$0[0].norm(order: -.infinity, axes: -1)] },
    .init("cumulativeLogSumExp", lines) { [$0[0].cumulativeLogSumExp(axis: -1)] },
    .init("cumulativeMaxWithIndices", lines) { [$0[0].cumulativeMaxWithIndices(axis: -1).values] },
    .init("differences", lines) { [$0[0].differences(order: 2)] },
    .init("topK", lines) { [$0[0].topK(2).values] },
    .init("binCounts", lines) { x in
      [
        Tensor.range(0..<x[0].elementCount).reshaped(to: x[0].shape).cast(to: .int32).binCounts(
          count: 20, weights: x[0])
      ]
    },
    .init("histogram", lines) { [$0[0].histogram(count: 3, range: -4...4, weights: $0[0] * $0[0]).counts] },
  ]
}
