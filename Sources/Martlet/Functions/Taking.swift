import MartletGraph

// Elements by their place, and places by their element, in forms whose shape does not depend on values.

extension Tensor {
  /// Elements by their position in row-major order; negative positions count from the end.
  ///
  /// - Returns: The shape of `positions`.
  public func taken(at positions: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    compose("taken", fileID, line) { c in try c(Gather(.axis(0)), c.reshape(self, [elementCount]), positions) }
  }

  /// The coordinates at which elements are not 0 (or true), in row-major order.
  ///
  /// - Parameters:
  ///   - count: How many are asked for; if there are more, the later ones are left out.
  ///   - fillValue: What fills places that are left over.
  /// - Returns: `int64 [count, rank]`, as ``gatheredPoints(at:batchDimensions:fileID:line:)`` takes them.
  public func nonzeroIndices(
    count: Int, fillValue: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("nonzeroIndices", fileID, line) { c in
      let mask = dtype == .bool ? self : try c.compare(.notEqual, self, 0)
      let positions = try c.positions(of: mask, count: count, fill: -1)
      let strides = shape.rowMajorStrides
      let isThere = try c.compare(.greaterOrEqual, positions, 0)
      var columns: [Tensor] = []
      for (size, stride) in zip(shape, strides) {
        let row = try c.binary(.divide, positions, Double(Swift.max(stride, 1)))
        let coordinate = try c.binary(.modulo, row, Double(Swift.max(size, 1)))
        columns.append(try c.expand(c.select(isThere, coordinate, Double(fillValue)), [1]))
      }
      if columns.isEmpty { return try c.full(0, TensorType(.int64, checkedSizes([count, 0]))) }
      return try c.concatenate(columns, axis: 1)
    }
  }

  /// The elements at which `mask` is true, in row-major order.
  ///
  /// - Parameters:
  ///   - mask: Bool, of this tensor's shape, or one that broadcasts to it.
  ///   - count: How many are asked for; if there are more, the later ones are left out.
  ///   - fillValue: What fills places that are left over.
  /// - Returns: `[count]`.
  public func elements(
    where mask: Tensor, count: Int, fillValue: Double = 0, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("elements", fileID, line) { c in
      let positions = try c.positions(of: c.broadcast(mask, shape), count: count, fill: elementCount)
      let filler = try c.full(fillValue, TensorType(dtype, [1]))
      let extended = try c.concatenate([c.reshape(self, [elementCount]), filler], axis: 0)
      return try c(Gather(.axis(0)), extended, positions)
    }
  }

  /// This tensor with the elements at which `mask` is true replaced, in row-major order, by those of `values`.
  ///
  /// - Precondition: `values` has at least as many elements as `mask` has places; an error when the program runs.
  public func replacing(
    where mask: Tensor, with values: Tensor, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("replacing", fileID, line) { c in
      if values.dtype != dtype { throw mistake("values are \(values.dtype), elements \(dtype); cast one of them") }
      let flat = try c.flags(c.broadcast(mask, shape))
      let rank = try c.binary(.subtract, c(Cumulative(.sum, axis: 0), c.cast(flat, .int64)), 1)
      // Whatever is not replaced looks at the first value, of which at least one is needed.
      if values.elementCount == 0 && elementCount > 0 { throw mistake("there are no values") }
      let source = try c.reshape(values, [values.elementCount])
      let taken = try c(Gather(.axis(0)), source, c.select(flat, rank, 0))
      return try c.reshape(c.select(flat, taken, c.reshape(self, [elementCount])), shape)
    }
  }

  /// The coordinates of positions in row-major order.
  ///
  /// - Returns: `[...]` gives `[..., axes]`; the last dimension has a coordinate for each axis of `shape`.
  public func unraveled(
    in shape: Shape, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("unraveled", fileID, line) { c in
      guard let total = shape.checkedElementCount, total > 0, shape.rank > 0 else {
        throw mistake("there is no position in \(shape)")
      }
      if !dtype.isInteger { throw mistake("positions are integers, not \(dtype)") }
      // A look-up among all positions checks the bounds.
      let positions = try c(Gather(.axis(0)), c.iota([total], axis: 0), self)
      let columns = try zip(shape, shape.rowMajorStrides).map { size, stride in
        let row = try c.binary(.divide, positions, Double(stride))
        return try c.expand(c.binary(.modulo, row, Double(size)), [rank])
      }
      return try c.concatenate(columns, axis: rank)
    }
  }
}

extension Tensor {
  /// This tensor with the updates for each place along an axis reduced into it.
  ///
  /// - Parameters:
  ///   - indices: One for each update, along `axis`; rank and sizes as for
  ///     ``scatteringAlong(axis:_:at:combining:fileID:line:)``.
  ///   - includesSelf: Whether the element that is there takes part. Places without updates keep theirs either way.
  /// - Precondition: `mean` needs floating-point elements.
  public func scatterReduced(
    axis: Int, _ updates: Tensor, at indices: Tensor, by reduction: ScatterReduction, includesSelf: Bool = true,
    fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("scatterReduced", fileID, line) { c in
      let scatter = Scatter(.elements(axis: try checkedAxis(axis, shape)), reduction.combination)
      if reduction == .mean { try checkFloatingPoint(self) }
      if includesSelf && reduction != .mean { return try c(scatter, self, indices, updates) }
      let counter = Scatter(scatter.form, .add)
      let ones = try c.full(1, TensorType(.int32, updates.shape))
      let counts = try c(counter, c.full(includesSelf ? 1 : 0, TensorType(.int32, shape)), indices, ones)
      let isUntouched = try c.compare(.equal, counts, 0)
      let start = includesSelf ? self : try c.select(isUntouched, self, reduction.identity(dtype))
      let reduced = try c(scatter, start, indices, updates)
      guard reduction == .mean else { return reduced }
      return try c.binary(.divide, reduced, c.cast(c.binary(.maximum, counts, 1), dtype))
    }
  }
}

extension Composition {
  fileprivate func flags(_ mask: Tensor) throws(GraphError) -> Tensor {
    if mask.dtype != .bool { throw mistake("the mask is \(mask.dtype), not bool; compare first") }
    return try reshape(mask, [mask.elementCount])
  }

  /// The positions at which a mask is true, in order.
  fileprivate func positions(of mask: Tensor, count: Int, fill: Int) throws(GraphError) -> Tensor {
    let flat = try flags(mask)
    let total = flat.shape[0]
    let result = try checkedSizes([count])
    let rank = try binary(.subtract, self(Cumulative(.sum, axis: 0), cast(flat, .int64)), 1)
    // One more place takes in what is not asked for.
    let place = try select(flat, binary(.minimum, rank, Double(count)), Double(count))
    let start = try full(Double(fill), TensorType(.int64, [count + 1]))
    let found = try self(Scatter(.axis(0), .set), start, place, iota([total], axis: 0))
    return try reshape(slice(found, 0..<count, axis: 0), result)
  }
}
