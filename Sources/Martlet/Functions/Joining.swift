import MartletGraph

extension Tensor {
  /// Tensors joined along an existing axis.
  ///
  /// - Precondition: At least one tensor; same element type, and same sizes apart from `axis`.
  public init(
    concatenating parts: [Tensor], axis: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    self = compose("concatenate", fileID, line) { c in
      guard let first = parts.first else { throw mistake("there is nothing to join") }
      return try c.concatenate(parts, axis: checkedAxis(axis, first.shape))
    }
  }

  /// Tensors of the same type joined along a new axis.
  ///
  /// - Parameter axis: Where the new axis stands in the result.
  /// - Returns: Three tensors `[4, 5]` stacked at axis 0 give `[3, 4, 5]`.
  /// - Precondition: At least one tensor, all of the same element type and shape.
  public init(stacking parts: [Tensor], axis: Int = 0, fileID: StaticString = #fileID, line: UInt = #line) {
    self = compose("stack", fileID, line) { c in
      guard let first = parts.first else { throw mistake("there is nothing to stack") }
      if let (position, other) = parts.enumerated().first(where: { $0.element.type != first.type }) {
        throw mistake("\(first.type) and \(other.type) (operand \(position)) differ")
      }
      let result = try checkedShape([1] + first.shape)
      let axis = try checkedAxis(axis, result)
      return try c.concatenate(parts.map { try c.expand($0, [axis]) }, axis: axis)
    }
  }

  /// The slices along an axis, which disappears from each.
  public func unstacked(
    axis: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
  ) -> [Tensor] {
    let count = axis >= -rank && axis < rank ? shape[axis < 0 ? axis + rank : axis] : 0
    return compose("unstacked", results: count, fileID, line) { c in
      let axis = try checkedAxis(axis, shape)
      var sizes = shape
      sizes.remove(at: axis)
      return try (0..<count).map { try c.reshape(c.slice(self, $0..<($0 + 1), axis: axis), sizes) }
    }
  }

  /// Neighbouring parts of the given sizes along an axis.
  ///
  /// - Precondition: The sizes add up to that of the axis.
  public func split(
    sizes: [Int], axis: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
  ) -> [Tensor] {
    compose("split", results: sizes.count, fileID, line) { c in
      let axis = try checkedAxis(axis, shape)
      let total = sizes.reduce(0, +)
      if total != shape[axis] || sizes.contains(where: { $0 < 0 }) {
        throw mistake("sizes \(sizes) do not add up to axis \(axis) of \(shape) (\(total) ≠ \(shape[axis]))")
      }
      var start = 0
      return try sizes.map { size in
        defer { start += size }
        return try c.slice(self, start..<(start + size), axis: axis)
      }
    }
  }

  /// `count` neighbouring parts of equal size along an axis.
  ///
  /// - Precondition: The axis divides into `count` parts.
  public func chunks(
    _ count: Int, axis: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
  ) -> [Tensor] {
    compose("chunks", results: count, fileID, line) { c in
      let axis = try checkedAxis(axis, shape)
      if count < 1 || shape[axis] % count != 0 {
        throw mistake("axis \(axis) of \(shape) does not divide into \(count) parts")
      }
      let size = shape[axis] / count
      return try (0..<count).map { try c.slice(self, $0 * size..<($0 + 1) * size, axis: axis) }
    }
  }
}
