public import MartletGraph

// Other views of the same elements. None computes anything; an engine copies only where the order in memory demands.

extension Tensor {
  /// The elements, in row-major order, in another shape.
  ///
  /// - Parameter shape: One size may be -1, and is then what the others leave over.
  /// - Precondition: As many elements as before.
  public func reshaped(to shape: Shape, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    compose("reshaped", fileID, line) { c in
      let sizes = try inferredSizes(shape, elementCount: elementCount)
      if sizes.checkedElementCount != elementCount {
        let count = sizes.checkedElementCount.map(String.init) ?? "too many"
        throw mistake("\(self.shape) has \(elementCount) elements, \(shape) has \(count)")
      }
      return try c.reshape(self, sizes)
    }
  }

  /// The elements in one dimension, or the dimensions `axes` joined into one.
  ///
  /// - Parameter axes: Neighbouring axes; all by default. `[batch, height, width, channels]` flattened from axis 1 to
  ///   3 gives `[batch, height · width · channels]`.
  public func flattened(
    from first: Int = 0, through last: Int = -1, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("flattened", fileID, line) { c in
      if rank == 0 { return try c.reshape(self, [1]) }
      let first = try checkedAxis(first, shape)
      let last = try checkedAxis(last, shape)
      if first > last { throw mistake("axis \(first) comes after axis \(last)") }
      let joined = shape[first...last].reduce(1, *)
      return try c.reshape(self, shape[..<first] + [joined] + shape[(last + 1)...])
    }
  }

  /// One dimension taken apart into several; one size may be -1.
  public func unflattened(
    axis: Int, to sizes: Shape, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("unflattened", fileID, line) { c in
      let axis = try checkedAxis(axis, shape)
      let inner = try inferredSizes(sizes, elementCount: shape[axis])
      if inner.checkedElementCount != shape[axis] {
        throw mistake("axis \(axis) of \(shape) does not divide into \(sizes)")
      }
      return try c.reshape(self, shape[..<axis] + Array(inner) + shape[(axis + 1)...])
    }
  }

  /// The dimensions in another order: dimension *i* of the result is dimension `permutation[i]` of this tensor.
  ///
  /// - Precondition: Every axis exactly once; negative ones count from the end.
  public func transposed(
    _ permutation: [Int], fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("transposed", fileID, line) { c in
      let resolved = try permutation.map { try checkedAxis($0, shape) }
      if resolved.sorted() != Array(0..<rank) {
        throw mistake("\(permutation) is not an order of the \(rank) axes of \(shape)")
      }
      return try c.transpose(self, resolved)
    }
  }

  /// The last two dimensions swapped: the transposes of the matrices that the tensor holds.
  ///
  /// - Precondition: At least 2 dimensions.
  public func transposed(fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    compose("transposed", fileID, line) { c in
      if rank < 2 { throw mistake("needs at least 2 dimensions, got \(shape)") }
      return try c.transpose(self, Array(0..<(rank - 2)) + [rank - 1, rank - 2])
    }
  }

  /// Two dimensions swapped.
  public func swappingAxes(
    _ first: Int, _ second: Int, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("swappingAxes", fileID, line) { c in
      var permutation = Array(0..<rank)
      permutation.swapAt(try checkedAxis(first, shape), try checkedAxis(second, shape))
      return try c.transpose(self, permutation)
    }
  }

  /// One dimension moved elsewhere; the others keep their order.
  public func movedAxis(
    from source: Int, to destination: Int, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("movedAxis", fileID, line) { c in
      let destination = try checkedAxis(destination, shape)
      var permutation = Array(0..<rank)
      let moved = permutation.remove(at: try checkedAxis(source, shape))
      permutation.insert(moved, at: destination)
      return try c.transpose(self, permutation)
    }
  }

  /// Without dimensions of size 1: all of them, or those named.
  ///
  /// - Precondition: The axes named have size 1.
  public func squeezed(
    axes: Axes = .all, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("squeezed", fileID, line) { c in
      let resolved = try axes.resolved(in: shape)
      if axes != .all, let bad = resolved.first(where: { shape[$0] != 1 }) {
        throw mistake("axis \(bad) of \(shape) has size \(shape[bad]), not 1")
      }
      return try c.reshape(self, shape.indices.filter { !resolved.contains($0) || shape[$0] != 1 }.map { shape[$0] })
    }
  }

  /// With new dimensions of size 1, which stand at `axes` of the result.
  public func expandingDimensions(
    at axes: Axes, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("expandingDimensions", fileID, line) { c in
      let count = axes.count ?? 0
      let result = try checkedShape(Array(repeating: 1, count: rank + count))
      return try c.expand(self, axes.resolved(in: result))
    }
  }

  /// Dimensions of size 1 repeated, and outer dimensions added, up to `shape` (NumPy's rules).
  public func broadcast(to shape: Shape, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    compose("broadcast", fileID, line) { c in try c.broadcast(self, shape) }
  }

  /// The order of elements turned around along some axes.
  public func reversed(axes: Axes = .all, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    compose("reversed", fileID, line) { c in
      let axes = try axes.resolved(in: shape)
      return axes.isEmpty ? self : try c(Reverse(axes: axes), self)
    }
  }

  /// The elements moved along an axis by `shift` places, around the end.
  public func rolled(
    by shift: Int, axis: Int, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("rolled", fileID, line) { c in
      let axis = try checkedAxis(axis, shape)
      let size = shape[axis]
      if size == 0 { return self }
      let cut = (size - shift % size) % size
      if cut == 0 { return self }
      return try c.concatenate([c.slice(self, cut..<size, axis: axis), c.slice(self, 0..<cut, axis: axis)], axis: axis)
    }
  }

  /// The whole tensor repeated, `counts[i]` times along axis *i*.
  ///
  /// - Parameter counts: One number an axis; more numbers than axes add outer axes.
  public func tiled(_ counts: [Int], fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    compose("tiled", fileID, line) { c in
      if let bad = counts.first(where: { $0 < 0 }) { throw mistake("the count \(bad) is negative") }
      let rank = Swift.max(rank, counts.count)
      var x = try c.expand(self, 0..<(rank - self.rank))
      let counts = Array(repeating: 1, count: rank - counts.count) + counts
      for (axis, count) in counts.enumerated() where count != 1 {
        if count == 0 {
          x = try c.slice(x, 0..<0, axis: axis)
        } else if rank == Shape.maximumRank {
          _ = try multiplied(x.shape, axis, by: count)
          x = try c.concatenate(Array(repeating: x, count: count), axis: axis)
        } else {
          let tiles = try c.expand(x, [axis])
          var sizes = Array(tiles.shape)
          sizes[axis] = count
          x = try c.reshape(c.broadcast(tiles, Shape(sizes)), multiplied(x.shape, axis, by: count))
        }
      }
      return x
    }
  }

  /// Every element repeated `count` times in its place along an axis.
  public func repeated(
    _ count: Int, axis: Int, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("repeated", fileID, line) { c in
      if count < 0 { throw mistake("the count \(count) is negative") }
      let axis = try checkedAxis(axis, shape)
      let result = try multiplied(shape, axis, by: count)
      if rank == Shape.maximumRank {
        let index = try c.binary(.divide, c.iota([result[axis]], axis: 0), Double(Swift.max(count, 1)))
        return try c(Gather(.axis(axis)), self, index)
      }
      var sizes = Array(shape)
      sizes.insert(count, at: axis + 1)
      let repeated = try c.broadcast(c.expand(self, [axis + 1]), checkedShape(sizes))
      return try c.reshape(repeated, result)
    }
  }
}

/// A shape with one size multiplied, if there can be as many elements.
private func multiplied(_ shape: Shape, _ axis: Int, by count: Int) throws(GraphError) -> Shape {
  let (size, overflow) = shape[axis].multipliedReportingOverflow(by: count)
  var result = shape
  result[axis] = size
  guard !overflow, result.checkedElementCount != nil else {
    throw mistake("\(shape) with axis \(axis) \(count) times has too many elements")
  }
  return result
}

/// A shape whose size -1, if there is one, is what the others leave over.
private func inferredSizes(_ shape: Shape, elementCount: Int) throws(GraphError) -> Shape {
  guard let open = shape.firstIndex(where: { $0 < 0 }) else { return shape }
  if shape[open] != -1 || shape[(open + 1)...].contains(where: { $0 < 0 }) {
    throw mistake("\(shape) has a negative size; only one size may be -1")
  }
  var sizes = shape
  sizes[open] = 1
  guard let rest = sizes.checkedElementCount, rest > 0, elementCount % rest == 0 else {
    throw mistake("\(elementCount) elements do not divide into \(shape)")
  }
  sizes[open] = elementCount / rest
  return sizes
}
