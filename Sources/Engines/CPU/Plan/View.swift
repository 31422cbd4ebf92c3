import MartletGraph

/// Where the elements of a value lie: in the memory of another value (or its own), at an offset, by strides.
struct View {
  /// The value whose memory it is.
  var base: Int32
  /// Elements before the first one.
  var offset = 0
  /// Elements to skip for a step along each dimension of the value.
  var strides: Shape

  /// A value's own memory, dense and row-major.
  init(dense base: Int32, _ shape: Shape) {
    self.base = base
    strides = shape.rowMajorStrides
  }

  /// Whether the elements lie one after the other in row-major order.
  func isDense(_ shape: Shape) -> Bool {
    var step = 1
    for i in shape.indices.reversed() where shape[i] != 1 {
      if strides[i] != step { return false }
      step *= shape[i]
    }
    return true
  }

  /// Strides over the dimensions of `target`, to which the value of shape `shape` broadcasts; 0 where it repeats or
  /// there is one element.
  func strides(_ shape: Shape, over target: Shape) -> Shape {
    var result = Shape(repeating: 0, rank: target.rank)
    let shift = target.rank - shape.rank
    for i in 0..<shape.rank where shape[i] != 1 { result[i + shift] = strides[i] }
    return result
  }
}

extension View {
  /// The view of the result of an operation that only looks at its operand in another way; nil when the elements have
  /// to be moved, or when the operation is of another kind.
  func applying(_ primitive: Primitive, from shape: Shape, to result: Shape) -> View? {
    var view = self
    switch primitive {
    case .identity, .bitCast: return self
    case .reshape:
      guard let strides = reshaped(from: shape, to: result) else { return nil }
      view.strides = strides
    case .transpose(let transpose):
      view.strides = Shape(transpose.permutation.map { strides[$0] })
    case .broadcast:
      view.strides = strides(shape, over: result)
    case .slice(let slice):
      for i in 0..<shape.rank {
        view.offset += slice.starts[i] * strides[i]
        view.strides[i] = strides[i] * slice.strides[i]
      }
    case .reverse(let reverse):
      for axis in reverse.axes where shape[axis] > 0 {
        view.offset += (shape[axis] - 1) * strides[axis]
        view.strides[axis] = -strides[axis]
      }
    default: return nil
    }
    return view
  }

  /// Strides for the same elements in the same order under another shape, if there are any.
  private func reshaped(from shape: Shape, to result: Shape) -> Shape? {
    if result.elementCount <= 1 || isDense(shape) { return result.rowMajorStrides }
    var strides = Shape(repeating: 0, rank: result.rank)
    var source = shape.rank - 1
    var target = result.rank - 1
    while target >= 0 {
      if result[target] == 1 {
        target -= 1
        continue
      }
      while source >= 0 && shape[source] == 1 { source -= 1 }
      // A run of source dimensions that lie evenly, and the target dimensions that have as many elements.
      var size = shape[source]
      let step = self.strides[source]
      var filled = 1
      while filled < size || target >= 0 && result[target] == 1 {
        guard target >= 0 else { return nil }
        if result[target] != 1 {
          strides[target] = step * filled
          filled *= result[target]
        }
        target -= 1
        while filled > size {
          var next = source - 1
          while next >= 0 && shape[next] == 1 { next -= 1 }
          guard next >= 0, self.strides[next] == self.strides[source] * shape[source] else { return nil }
          source = next
          size *= shape[source]
        }
      }
      source -= 1
    }
    return strides
  }
}
