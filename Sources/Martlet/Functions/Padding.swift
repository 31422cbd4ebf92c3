import MartletGraph

/// What `padded` puts around a tensor.
public enum PaddingMode: Sendable, Hashable {
  /// One number everywhere.
  case constant(Double)
  /// The elements as a mirror at the border shows them; the border itself is not repeated.
  case reflect
  /// The elements at the border, repeated.
  case edge
  /// The elements of the opposite side.
  case wrap
}

extension Tensor {
  /// This tensor with elements added before and after each dimension.
  ///
  /// - Parameters:
  ///   - widths: How many, one pair a dimension. With a constant they may be negative, which crops.
  ///   - mode: What is added; zeros by default.
  /// - Precondition: A mirror shows at most size - 1 elements, the opposite side has at most size.
  public func padded(
    _ widths: [(before: Int, after: Int)], mode: PaddingMode = .constant(0), fileID: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    compose("padded", fileID, line) { c in
      if widths.count != rank { throw mistake("\(widths.count) widths for the \(rank) axes of \(shape)") }
      if case .constant(let value) = mode {
        let low = Shape(widths.map(\.before))
        return try c(Pad(low: low, high: Shape(widths.map(\.after))), self, c.scalar(value, dtype))
      }
      var result = self
      for (axis, width) in widths.enumerated() where width != (0, 0) {
        result = try c.extend(result, axis, width.before, width.after, mode)
      }
      return result
    }
  }
}

extension Composition {
  fileprivate func extend(
    _ x: Tensor, _ axis: Int, _ before: Int, _ after: Int, _ mode: PaddingMode
  ) throws(GraphError) -> Tensor {
    let size = x.shape[axis]
    let limit = mode == .edge ? (size > 0 ? Int.max : 0) : mode == .wrap ? size : Swift.max(size - 1, 0)
    if let bad = [before, after].first(where: { $0 < 0 || $0 > limit }) {
      throw mistake("the width \(bad) along axis \(axis) of \(x.shape) is not in 0...\(limit)")
    }
    let first: Tensor
    let last: Tensor
    switch mode {
    case .reflect:
      first = try self(Reverse(axes: [axis]), slice(x, 1..<(before + 1), axis: axis))
      last = try self(Reverse(axes: [axis]), slice(x, (size - 1 - after)..<(size - 1), axis: axis))
    case .wrap:
      first = try slice(x, (size - before)..<size, axis: axis)
      last = try slice(x, 0..<after, axis: axis)
    case .edge, .constant:
      first = try repeatedSlice(x, 0, before, axis)
      last = try repeatedSlice(x, size - 1, after, axis)
    }
    return try concatenate([first, x, last].filter { $0.shape[axis] > 0 }, axis: axis)
  }

  private func repeatedSlice(_ x: Tensor, _ position: Int, _ count: Int, _ axis: Int) throws(GraphError) -> Tensor {
    var shape = x.shape
    shape[axis] = count
    return try broadcast(slice(x, position..<(position + 1), axis: axis), shape)
  }
}
