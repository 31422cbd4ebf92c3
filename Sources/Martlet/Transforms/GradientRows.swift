import MartletGraph

/// What a gradient is: a whole tensor, or a few rows of one.
package enum Derivative: Sendable {
  case whole(Tensor)
  case rows(GradientRows)

  /// The rows, if `gradient` is nothing but rows added into zeros.
  init(_ gradient: Tensor) {
    if let (updates, indices, location) = gradient.scatteredRows {
      self = .rows(GradientRows(updates: updates, indices: indices, type: gradient.type, location: location))
    } else {
      self = .whole(gradient)
    }
  }

  /// The whole gradient.
  package var whole: Tensor {
    switch self {
    case .whole(let gradient): gradient
    case .rows(let rows): rows.whole
    }
  }

  /// The gradient times a number.
  func scaled(by factor: Tensor) -> Derivative {
    switch self {
    case .whole(let gradient): return .whole(gradient * factor.cast(to: gradient.dtype))
    case .rows(var rows):
      rows.updates = rows.updates * factor.cast(to: rows.updates.dtype)
      return .rows(rows)
    }
  }

  /// The sum of the squares of the whole gradient's elements, `float32 []`, or `float64 []` of such a gradient.
  var sumOfSquares: Tensor {
    let elements: Tensor
    switch self {
    case .whole(let gradient): elements = gradient
    case .rows(let rows): elements = rows.added.sums
    }
    let wide = elements.dtype == .float64 ? elements : elements.cast(to: .float32)
    return (wide * wide).sum()
  }
}

/// The gradient of a table of which some rows were looked up: what is added to each, and zero for all others.
package struct GradientRows: Sendable {
  /// `indices.shape + row`.
  package var updates: Tensor
  /// Which row each update belongs to, of any integer type; a row may occur more than once.
  package var indices: Tensor
  /// The type of the table.
  package var type: TensorType
  /// Where they were looked up.
  package var location: SourceLocation

  /// The updates added into zeros.
  package var whole: Tensor {
    .record(
      Scatter(.axis(0), .add), Tensor.zeros(type.shape, dtype: type.dtype), indices, updates, at: location)
  }

  /// The updates of equal rows added up, without a table.
  ///
  /// - Returns: `indices` in ascending order `[count]`; `updates`, for each of them the sum of all updates of its row,
  ///   so that equal indices have equal updates; and `sums`, each such sum once, followed by zeros.
  var added: (updates: Tensor, indices: Tensor, sums: Tensor) {
    let row = Array(type.shape.dropFirst())
    let places = indices.flattened().cast(to: .int64)
    let size = Double(type.shape[0])
    let positions = select(places .< 0, places + size, places)
    let order = positions.argSorted(axis: 0)
    let sorted = positions.gathered(at: order)
    let count = sorted.shape[0]
    let flat = updates.reshaped(to: Shape([count] + row)).gathered(at: order)
    if count == 0 { return (flat, sorted, flat) }
    let isNext = sorted[1...] .!= sorted[..<(-1)]
    let steps = Tensor(concatenating: [.zeros([1], dtype: .int64), isNext.cast(to: .int64)], axis: 0)
    let group = steps.cumulativeSum(axis: 0)
    let sums = Tensor.zeros(flat.shape, dtype: flat.dtype).scattering(flat, at: group, combining: .add)
    return (sums.gathered(at: group), sorted, sums)
  }
}

extension Tensor {
  /// The rows, where they belong and where they were looked up, if this tensor is nothing but rows added into zeros, as
  /// the gradient of a lookup.
  var scatteredRows: (updates: Tensor, indices: Tensor, location: SourceLocation)? {
    let recorder = Recorder.current
    // The position first: a tensor from elsewhere is taken in by asking.
    let position = recorder.position(of: storage)
    let node = recorder.builder[Value(position)]
    guard case .scatter(let scatter) = node.primitive, scatter.form == .axis(0), scatter.combination == .add else {
      return nil
    }
    let target = recorder.builder[node.operands[0]]
    guard case .broadcast = target.primitive, case .scalar(let zero) = recorder.builder[target.operands[0]].primitive,
      zero.literal.doubleValue == 0
    else { return nil }
    return (
      Tensor(storage: recorder.adoptNode(node.operands[2])), Tensor(storage: recorder.adoptNode(node.operands[1])),
      node.location
    )
  }
}
