import MartletGraph

/// What can stand between the brackets of `x[...]`: integers, ranges, lists, tensors, and `.all`, `.ellipsis`,
/// `.newAxis`.
public protocol TensorIndexing: Sendable {
  /// What the index means.
  var tensorIndex: TensorIndex { get }
}

/// One index of a subscript.
///
/// | index | takes | dimension |
/// |---|---|---|
/// | `3`, `-1` | one slice; negative ones count from the end | disappears |
/// | `1..<3`, `1...`, `..<(-1)`, `.all` | a range; nothing is clipped to fit | stays |
/// | `(0..<10).striding(by: 2)`, `.range(by: -1)` | every *n*-th of a range, backwards if negative | stays |
/// | `.ellipsis` | all of as many dimensions as are left over | stay |
/// | `.newAxis` | nothing | a new one of size 1 |
/// | `[0, 2, 2]`, an integer tensor | the named slices, in that order | the dimensions of the tensor |
public struct TensorIndex: Sendable {
  enum Kind: Sendable {
    case position(Int)
    case range(from: Int?, to: Int?, by: Int)
    case ellipsis
    case newAxis
    case indices(Tensor)
  }

  let kind: Kind
}

extension TensorIndex: TensorIndexing {
  public var tensorIndex: TensorIndex { self }
}

extension TensorIndexing where Self == TensorIndex {
  /// The whole of one dimension.
  public static var all: TensorIndex { .range() }

  /// The whole of as many dimensions as the other indices leave over.
  public static var ellipsis: TensorIndex { TensorIndex(kind: .ellipsis) }

  /// A new dimension of size 1.
  public static var newAxis: TensorIndex { TensorIndex(kind: .newAxis) }

  /// The positions from `start` up to but not including `stop`, in steps of `step`.
  ///
  /// Negative bounds count from the end. With a negative step the positions go down; bounds that are left out are then
  /// the last and the first position.
  public static func range(from start: Int? = nil, to stop: Int? = nil, by step: Int = 1) -> TensorIndex {
    TensorIndex(kind: .range(from: start, to: stop, by: step))
  }
}

extension Int: TensorIndexing {
  public var tensorIndex: TensorIndex { TensorIndex(kind: .position(self)) }
}

extension Tensor: TensorIndexing {
  public var tensorIndex: TensorIndex { TensorIndex(kind: .indices(self)) }
}

extension Array: TensorIndexing where Element == Int {
  public var tensorIndex: TensorIndex { TensorIndex(kind: .indices(Tensor(self))) }
}

extension Range: TensorIndexing where Bound == Int {
  public var tensorIndex: TensorIndex { striding(by: 1) }

  /// Every `step`-th position of the range.
  public func striding(by step: Int) -> TensorIndex { .range(from: lowerBound, to: upperBound, by: step) }
}

extension ClosedRange: TensorIndexing where Bound == Int {
  public var tensorIndex: TensorIndex { striding(by: 1) }

  /// Every `step`-th position of the range.
  public func striding(by step: Int) -> TensorIndex { .range(from: lowerBound, to: after(upperBound), by: step) }
}

extension PartialRangeFrom: TensorIndexing where Bound == Int {
  public var tensorIndex: TensorIndex { striding(by: 1) }

  /// Every `step`-th position from the lower bound on.
  public func striding(by step: Int) -> TensorIndex { .range(from: lowerBound, by: step) }
}

extension PartialRangeUpTo: TensorIndexing where Bound == Int {
  public var tensorIndex: TensorIndex { striding(by: 1) }

  /// Every `step`-th position below the upper bound.
  public func striding(by step: Int) -> TensorIndex { .range(to: upperBound, by: step) }
}

extension PartialRangeThrough: TensorIndexing where Bound == Int {
  public var tensorIndex: TensorIndex { striding(by: 1) }

  /// Every `step`-th position through the upper bound.
  public func striding(by step: Int) -> TensorIndex { .range(to: after(upperBound), by: step) }
}

/// The position after an inclusive bound; -1 is the last, and nothing comes after it.
private func after(_ bound: Int) -> Int? { bound == -1 ? nil : bound + 1 }
