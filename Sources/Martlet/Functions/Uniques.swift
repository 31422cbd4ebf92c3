import MartletGraph

/// The different elements of a tensor, as ``Tensor/uniques(size:fillValue:fileID:line:)`` finds them.
public struct Uniques: Sendable {
  /// The different elements in ascending order, `[size]`.
  public let values: Tensor
  /// For each element of the tensor, the place of its equal in `values`; `int64`, of the tensor's shape.
  public let places: Tensor
  /// How often each of the values occurs, `int64 [size]`; 0 for filled places.
  public let counts: Tensor
  /// How many different elements there are, `int64`: more than `size` if some were left out.
  public let count: Tensor
}

extension Tensor {
  /// The different elements, in ascending order.
  ///
  /// How many there are only the values tell, so the result has the size that is asked for: places that are left over
  /// hold `fillValue`, and if there are more different elements than places, the greatest are left out (`places` still
  /// numbers them). All NaN are one element, the greatest. The elements carry no derivative.
  ///
  /// - Parameter size: How many elements are kept; all that there may be by default.
  public func uniques(
    size: Int? = nil, fillValue: Double = 0, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Uniques {
    let results = compose("uniques", results: 4, fileID, line) { c in
      let size = size ?? elementCount
      let places = try checkedSizes([size])
      let total = elementCount
      let x = try c.stopGradient(c.reshape(self, [total]))
      let order = try c(ArgSort(axis: 0), x)
      let sorted = try c(Gather(.axis(0)), x, order)
      let group = try c.groups(sorted)
      // One more place takes in what finds none.
      let target = try c.binary(.minimum, group, Double(size))
      func collected(_ start: Tensor, _ kind: Scatter.Combination, _ updates: Tensor) throws(GraphError) -> Tensor {
        try c.reshape(c.slice(c(Scatter(.axis(0), kind), start, target, updates), 0..<size, axis: 0), places)
      }
      let values = try collected(c.full(fillValue, TensorType(dtype, [size + 1])), .set, sorted)
      let ones = try c.full(1, TensorType(.int64, [total]))
      let counts = try collected(c.full(0, TensorType(.int64, [size + 1])), .add, ones)
      let inverse = try c(Scatter(.axis(0), .set), c.full(0, TensorType(.int64, [total])), order, group)
      let last = total == 0 ? try c.scalar(0, .int64) : try c.binary(.add, c.reduce(.max, group, [0]), 1)
      return [values, try c.reshape(inverse, shape), counts, last]
    }
    return Uniques(values: results[0], places: results[1], counts: results[2], count: results[3])
  }
}

extension Composition {
  /// For each element of a sorted vector, how many different ones come before it.
  fileprivate func groups(_ sorted: Tensor) throws(GraphError) -> Tensor {
    let count = sorted.shape[0]
    if count < 2 { return try full(0, TensorType(.int64, sorted.shape)) }
    let (later, earlier) = (try slice(sorted, 1..<count, axis: 0), try slice(sorted, 0..<(count - 1), axis: 0))
    var isNew = try compare(.notEqual, later, earlier)
    if sorted.dtype.isFloatingPoint {
      isNew = try self(Binary(.and), isNew, self(Unary(.not), unary(.isNaN, earlier)))
    }
    let steps = try concatenate([full(0, TensorType(.int64, [1])), cast(isNew, .int64)], axis: 0)
    return try self(Cumulative(.sum, axis: 0), steps)
  }
}
