/// The lines of a tensor along one axis: positions of their elements, in row-major order of the other axes.
struct ReductionLines {
  private let count: Int
  private let inner: Int
  private let outer: Int

  init(_ shape: Shape, axis: Int) {
    count = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
    outer = shape[..<axis].reduce(1, *)
  }

  /// The positions of the elements of each line, from the first to the last.
  var positions: [[Int]] {
    (0..<(outer * inner)).map { line in
      let start = line / inner * count * inner + line % inner
      return (0..<count).map { start + $0 * inner }
    }
  }
}

extension ReferenceTensor {
  /// Whether the element at `a` comes before that at `b` as a candidate for the largest (or smallest): NaN first.
  func wins(_ kind: ArgReduce.Kind, _ a: Int, over b: Int) -> Bool {
    switch elements {
    case .floating(let values):
      let (x, y) = (values[a], values[b])
      if x.isNaN || y.isNaN { return x.isNaN && !y.isNaN }
      return kind == .max ? x > y : x < y
    case .integer(let values):
      let dtype = type.dtype
      return kind == .max
        ? Binary.isLess(values[b], values[a], dtype) : Binary.isLess(values[a], values[b], dtype)
    }
  }
}
