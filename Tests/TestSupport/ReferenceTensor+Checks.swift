import MartletGraph

extension ReferenceTensor {
  /// Values between -1 and 1 that depend on `seed` alone; of integers, between -5 and 5 (0 and 10 without a sign).
  public static func random(_ type: TensorType, seed: Int) -> ReferenceTensor {
    random(type, in: -1...1, seed: seed)
  }

  /// Values in `range` that depend on `seed` alone; integers and bool ignore the range.
  public static func random(_ type: TensorType, in range: ClosedRange<Double>, seed: Int) -> ReferenceTensor {
    // A Weyl sequence through the finalizer of SplitMix64.
    var state = UInt64(truncatingIfNeeded: seed) &* 0xD134_2543_DE82_EF95
    let units = (0..<type.elementCount).map { _ -> Double in
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
    }
    if type.dtype.isFloatingPoint {
      let width = range.upperBound - range.lowerBound
      return ReferenceTensor(type, rounding: units.map { range.lowerBound + $0 * width })
    }
    if type.dtype == .bool { return ReferenceTensor(type, wrapping: units.map { $0 < 0.5 ? 0 : 1 }) }
    return ReferenceTensor(type, wrapping: units.map { Int64($0 * 11) - (type.dtype.isSigned ? 5 : 0) })
  }

  /// Distinct values in a fixed shuffle, `spacing` apart and none nearer to 0 than half of it: no ties, no kinks.
  public static func distinct(_ type: TensorType, spacing: Double = 0.25, seed: Int) -> ReferenceTensor {
    let keys = random(TensorType(.float64, type.shape), seed: seed).doubles
    let order = keys.indices.sorted { keys[$0] < keys[$1] }
    var values = [Double](repeating: 0, count: keys.count)
    for (rank, position) in order.enumerated() { values[position] = (Double(rank - keys.count / 2) + 0.5) * spacing }
    return ReferenceTensor(type, rounding: values)
  }

  /// Tensors of one type as the slices of another along a new first dimension.
  public init(stacking tensors: [ReferenceTensor], of type: TensorType) {
    var shape = type.shape
    shape.insert(tensors.count, at: 0)
    let stacked = TensorType(type.dtype, shape)
    if type.dtype.isFloatingPoint {
      self.init(type: stacked, elements: .floating(tensors.flatMap(\.doubles)))
    } else {
      self.init(type: stacked, elements: .integer(tensors.flatMap(\.integers)))
    }
  }

  /// The elements at other positions, in another shape.
  func rearranged(_ positions: [Int], _ shape: Shape) -> ReferenceTensor {
    let type = TensorType(type.dtype, shape)
    return switch elements {
    case .floating(let values): ReferenceTensor(type: type, elements: .floating(positions.map { values[$0] }))
    case .integer(let values): ReferenceTensor(type: type, elements: .integer(positions.map { values[$0] }))
    }
  }

  /// The same elements, each `count` positions earlier, the first ones at the end.
  func rotated(by count: Int) -> ReferenceTensor {
    let total = type.elementCount
    return rearranged((0..<total).map { ($0 + count) % total }, type.shape)
  }

  /// The elements that `selection` names, along the dimension whose loop index is `index`; itself without one.
  func selecting(_ selection: [Int], where dimensions: [Int?], is index: Int) -> ReferenceTensor {
    guard let axis = dimensions.firstIndex(of: index) else { return self }
    let strides = type.shape.rowMajorStrides
    var shape = type.shape
    shape[axis] = selection.count
    let steps = shape.rowMajorStrides
    let positions = (0..<shape.elementCount).map { flat in
      (0..<shape.rank).reduce(0) { sum, i in
        let coordinate = flat / steps[i] % shape[i]
        return sum + (i == axis ? selection[coordinate] : coordinate) * strides[i]
      }
    }
    return rearranged(positions, shape)
  }

  /// The tensor with one element changed.
  func moved(_ element: Int, by step: Double) -> ReferenceTensor {
    var values = doubles
    values[element] += step
    return ReferenceTensor(type, rounding: values)
  }

  /// The tensor and `step` times a direction.
  func moved(along direction: ReferenceTensor, by step: Double) -> ReferenceTensor {
    ReferenceTensor(type, rounding: zip(doubles, direction.doubles).map { $0 + step * $1 })
  }
}

extension ReferenceTensor {
  /// Whether there are as many elements as the type says, and each is a value of it.
  var isWellFormed: Bool {
    switch elements {
    case .floating(let values):
      type.dtype.isFloatingPoint && values.count == type.elementCount
        && values.allSatisfy { $0.isNaN || type.dtype.rounded($0) == $0 }
    case .integer(let values):
      !type.dtype.isFloatingPoint && values.count == type.elementCount
        && values.allSatisfy { type.dtype.wrapped($0) == $0 }
    }
  }

  /// Whether type and all elements are the same; NaN is the same as NaN.
  public func isIdentical(to other: ReferenceTensor) -> Bool { isClose(to: other, 0) }

  /// Whether the types are the same and no element differs by more than `tolerance`, relative to 1 plus its magnitude.
  public func isClose(to other: ReferenceTensor, _ tolerance: Double) -> Bool {
    if type != other.type { return false }
    return zip(doubles, other.doubles).allSatisfy { a, b in
      a == b || (a.isNaN && b.isNaN) || abs(a - b) <= tolerance * (1 + abs(b))
    }
  }
}
