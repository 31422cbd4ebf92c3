import Martlet
import MartletGraph

extension OperatorTable {
  /// Functions that combine the elements along some axes.
  static let reductions: [Operator] = [
    reduction("ReduceSum") { $0.sum(axes: $1, keepingAxes: $2) },
    reduction("ReduceMean") { $0.mean(axes: $1, keepingAxes: $2) },
    reduction("ReduceProd") { $0.product(axes: $1, keepingAxes: $2) },
    reduction("ReduceMax") { extreme($0, $1, $2, isMaximum: true) },
    reduction("ReduceMin") { extreme($0, $1, $2, isMaximum: false) },
    reduction("ReduceL1") { abs($0).sum(axes: $1, keepingAxes: $2) },
    reduction("ReduceL2") { sqrt(($0 * $0).sum(axes: $1, keepingAxes: $2)) },
    reduction("ReduceSumSquare") { ($0 * $0).sum(axes: $1, keepingAxes: $2) },
    reduction("ReduceLogSum") { log($0.sum(axes: $1, keepingAxes: $2)) },
    reduction("ReduceLogSumExp") { logSumExp($0, $1, $2) },
    argReduction("ArgMax", isMaximum: true), argReduction("ArgMin", isMaximum: false),
    cumulative("CumSum") { $0.cumulativeSum(axis: $1, isReversed: $2) },
    cumulative("CumProd") { $0.cumulativeProduct(axis: $1, isReversed: $2) },
  ]

  private typealias Reduction = @Sendable (Tensor, Axes, Bool) -> Tensor

  /// Axes are an attribute in older versions and an input in newer ones; without any all are meant, or none if the
  /// node says so.
  private static func reduction(_ name: String, _ function: @escaping Reduction) -> Operator {
    .one(name, fixed: [1]) { call in
      let x = try call.tensor(0)
      let listed = try call.optionalInts("axes") ?? call.optionalIntegers(1) ?? []
      let keepsAxes = try call.flag("keepdims", default: true)
      if listed.isEmpty {
        if try call.flag("noop_with_empty_axes") { return function(x, [], true) }
        return function(x, .all, keepsAxes)
      }
      return function(x, Axes(try call.axes(listed, rank: x.rank)), keepsAxes)
    }
  }

  /// The greatest or least element; of none, the identity of the comparison.
  private static func extreme(_ x: Tensor, _ axes: Axes, _ keepsAxes: Bool, isMaximum: Bool) -> Tensor {
    if x.dtype == .bool {
      return isMaximum ? x.any(axes: axes, keepingAxes: keepsAxes) : x.all(axes: axes, keepingAxes: keepsAxes)
    }
    guard x.elementCount == 0 else {
      return isMaximum ? x.max(axes: axes, keepingAxes: keepsAxes) : x.min(axes: axes, keepingAxes: keepsAxes)
    }
    let bound = x.dtype.isFloatingPoint ? Double.infinity : Double.greatestFiniteMagnitude
    let sums = x.sum(axes: axes, keepingAxes: keepsAxes)
    return Tensor.full(like: sums, value: isMaximum ? -bound : bound)
  }

  private static func logSumExp(_ x: Tensor, _ axes: Axes, _ keepsAxes: Bool) -> Tensor {
    if x.elementCount == 0 { return log(exp(x).sum(axes: axes, keepingAxes: keepsAxes)) }
    return x.logSumExp(axes: axes, keepingAxes: keepsAxes)
  }

  private static func argReduction(_ name: String, isMaximum: Bool) -> Operator {
    .one(name) { call in
      let x = try call.tensor(0)
      let axis = try call.axis(call.int("axis", default: 0), rank: x.rank)
      let keepsAxis = try call.flag("keepdims", default: true)
      let isLast = try call.flag("select_last_index")
      let source = isLast ? x.reversed(axes: Axes(axis)) : x
      let found =
        isMaximum
        ? source.argMax(axis: axis, keepingAxis: keepsAxis) : source.argMin(axis: axis, keepingAxis: keepsAxis)
      let places = found.dtype == .int64 ? found : found.cast(to: .int64)
      return isLast ? Double(x.shape[axis] - 1) - places : places
    }
  }

  private static func cumulative(
    _ name: String, _ function: @escaping @Sendable (Tensor, Int, Bool) -> Tensor
  ) -> Operator {
    .one(name, fixed: [1]) { call in
      let x = try call.tensor(0)
      let axis = try call.axis(call.integer(1), rank: x.rank)
      let isReversed = try call.flag("reverse")
      let sums = function(x, axis, isReversed)
      guard try call.flag("exclusive"), x.shape[axis] > 0 else { return sums }
      // Shifted by one, so that each element is left out of its own sum, with the sum of nothing at the end.
      let size = x.shape[axis]
      let rest = sums.slice(axis, from: isReversed ? 1 : 0, count: size - 1)
      let empty = function(x.slice(axis, from: 0, count: 1), axis, false)
      let neutral = Tensor.full(like: empty, value: name == "CumSum" ? 0 : 1)
      return Tensor(concatenating: isReversed ? [rest, neutral] : [neutral, rest], axis: axis)
    }
  }
}

extension Tensor {
  /// `count` slices along one axis, every `step`-th from a position on.
  func slice(_ axis: Int, from start: Int, count: Int, step: Int = 1) -> Tensor {
    guard rank > axis else { return self }
    var starts = Shape(repeating: 0, rank: rank)
    var limits = shape
    var strides = Shape(repeating: 1, rank: rank)
    starts[axis] = start
    limits[axis] = count == 0 ? start : start + (count - 1) * step + 1
    strides[axis] = step
    return .record(
      Slice(starts: starts, limits: limits, strides: strides), self, at: SourceLocation(#fileID, #line))
  }
}
