import MartletCPU
import MartletGraph

// Reductions, shapes and indices.

extension RandomProgram {
  static let reductionKinds: [Kind] = [
    reduce, reduce, reduceBool, argReduce, cumulative, argSort, window, windowSelect,
  ]

  private static func reduce(_ p: inout RandomProgram) throws -> [Value] {
    var x = try p.pick { $0.dtype != .bool && $0.elementCount > 0 && $0.rank > 0 }
    let rank = p.shape(x).rank
    let axes = AxisList((0..<rank).filter { _ in p.random(2) == 0 })
    let kind = p.sketch.random.pick([Reduce.Kind.sum, .sum, .product, .max, .min])
    // The reference does not overflow on the way.
    if kind == .product && p.type(x).dtype.isFloatingPoint { x = try p.bounded(x) }
    let result = try p.add(Reduce(kind, axes: axes), x)
    return p.random(2) == 0 ? result : [try p.sketch.builder.insertingAxes(axes, into: result[0])]
  }

  private static func reduceBool(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.pick { $0.dtype == .bool && $0.rank > 0 }
    return try p.add(Reduce(p.sketch.random.pick([.any, .all]), axes: [p.axis(of: x)]), x)
  }

  private static func argReduce(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.pick { $0.rank > 0 && $0.elementCount > 0 }
    return try p.add(ArgReduce(p.sketch.random.pick([.max, .min]), axis: p.axis(of: x)), x)
  }

  private static func cumulative(_ p: inout RandomProgram) throws -> [Value] {
    let kind = p.sketch.random.pick(Cumulative.Kind.allCases)
    var x = kind == .logSumExp ? try p.real(rank: 1) : try p.pick { $0.rank > 0 && $0.dtype != .bool }
    if kind == .product && p.type(x).dtype.isFloatingPoint { x = try p.bounded(x) }
    return try p.add(Cumulative(kind, axis: p.axis(of: x), isReversed: p.random(2) == 0), x)
  }

  /// An order, and the elements in it.
  private static func argSort(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.pick { $0.rank > 0 && $0.elementCount > 0 }
    let axis = p.axis(of: x)
    let count = p.random(2) == 0 ? nil : p.random(p.shape(x)[axis] + 1)
    let order = try p.add(ArgSort(axis: axis, isDescending: p.random(2) == 0, count: count), x)
    return try order + p.add(Gather(.elements(axis: axis)), x, order[0])
  }

  /// Windows that fit a tensor.
  private mutating func window(over shape: Shape) -> Window {
    func sizes(_ make: (Int) -> Int) -> Shape { Shape(shape.map(make)) }
    let sizes = sizes { 1 + random(min($0, 3)) }
    let strides = Shape(shape.map { _ in 1 + random(2) })
    let dilations = Shape(zip(shape, sizes).map { $1 > 1 && ($1 - 1) * 2 < $0 ? 1 + random(2) : 1 })
    let padding = Shape(zip(sizes, dilations).map { random(($0 - 1) * $1 + 1) })
    return Window(sizes: sizes, strides: strides, dilations: dilations, paddingLow: padding)
  }

  private static func window(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.pick { (1...4).contains($0.rank) && $0.dtype != .bool && $0.elementCount > 0 }
    return try p.add(
      ReduceWindow(p.sketch.random.pick(ReduceWindow.Kind.allCases), window: p.window(over: p.shape(x))), x)
  }

  private static func windowSelect(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.real(rank: 1)
    if p.shape(x).rank > 4 { throw NothingFits() }
    let window = p.window(over: p.shape(x))
    let pooled = try p.add(ReduceWindow(.max, window: window), x)[0]
    let (dtype, shape) = (p.type(x).dtype, p.shape(p.random(2) == 0 ? pooled : x))
    let direction: WindowSelect.Direction = shape == p.shape(pooled) ? .scatter : .gather
    let other = p.input(dtype, direction == .scatter ? p.shape(pooled) : p.shape(x))
    return try p.add(WindowSelect(direction, p.sketch.random.pick([.max, .min]), window: window), x, other)
  }
}

extension RandomProgram {
  static let shapeKinds: [Kind] = [
    reshape, transpose, broadcast, slice, pad, concatenate, reverse, dynamicSlice, dynamicUpdate, iota,
  ]

  private static func reshape(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.pick()
    let count = p.shape(x).elementCount
    let divisor = p.sketch.random.pick([1] + (2...7).filter { count % $0 == 0 })
    return try p.add(Reshape(to: p.random(2) == 0 ? [count] : [divisor, count / divisor]), x)
  }

  private static func transpose(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.pick { $0.rank > 1 }
    var axes = Array(0..<p.shape(x).rank)
    for i in axes.indices { axes.swapAt(i, p.random(axes.count)) }
    return [try p.sketch.builder.transpose(x, axes)]
  }

  private static func broadcast(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.pick { $0.rank < 5 }
    let shape = Shape([1 + p.random(4)] + p.shape(x).map { $0 == 1 ? 1 + p.random(5) : $0 })
    return try p.add(Broadcast(to: shape), x)
  }

  private static func slice(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.pick { $0.rank > 0 && $0.elementCount > 0 }
    let starts = Shape(p.shape(x).map { p.random($0) })
    let limits = Shape(zip(p.shape(x), starts).map { $1 + 1 + p.random($0 - $1) })
    return try p.add(Slice(starts: starts, limits: limits, strides: Shape(starts.map { _ in 1 + p.random(3) })), x)
  }

  private static func pad(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.pick { $0.rank > 0 && $0.elementCount > 0 }
    let zero = p.sketch.builder.scalar(1, like: x)
    func some(_ from: Int) -> Shape { Shape(p.shape(x).map { _ in from + p.random(3) }) }
    return try p.add(Pad(low: some(-1), high: some(0), interior: Shape(some(-2).map { max($0, 0) })), x, zero)
  }

  private static func concatenate(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.pick { $0.rank > 0 }
    let axis = p.axis(of: x)
    let (type, rank) = (p.type(x), p.shape(x).rank)
    let others = p.values.filter { value in
      let other = p.type(value)
      return other.dtype == type.dtype && other.rank == rank
        && (0..<rank).allSatisfy { $0 == axis || other.shape[$0] == type.shape[$0] }
    }
    return try p.add(
      Concatenate(axis: axis), list: [x] + (0..<(1 + p.random(3))).map { _ in others[p.random(others.count)] })
  }

  private static func reverse(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.pick { $0.rank > 0 }
    return try p.add(Reverse(axes: AxisList((0..<p.shape(x).rank).filter { _ in p.random(2) == 0 })), x)
  }

  /// Where a block of some sizes can begin in a tensor.
  private mutating func starts(of sizes: Shape, in shape: Shape) -> Value {
    let numbers = zip(shape, sizes).map { Int64(random($0 - $1 + 1)) }
    return sketch.input(ReferenceTensor(TensorType(.int64, [shape.rank]), wrapping: numbers))
  }

  private static func dynamicSlice(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.pick { $0.rank > 0 && $0.elementCount > 0 }
    let sizes = Shape(p.shape(x).map { 1 + p.random($0) })
    return try p.add(DynamicSlice(sizes: sizes), x, p.starts(of: sizes, in: p.shape(x)))
  }

  private static func dynamicUpdate(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.pick { $0.rank > 0 && $0.elementCount > 0 }
    let sizes = Shape(p.shape(x).map { 1 + p.random($0) })
    let block =
      p.random(2) == 0
      ? p.input(p.type(x).dtype, sizes)
      : try p.add(
        Slice(
          starts: Shape(repeating: 0, rank: sizes.rank), limits: sizes), x)[0]
    return try p.add(DynamicUpdate(), x, block, p.starts(of: sizes, in: p.shape(x)))
  }

  private static func iota(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.pick { $0.rank > 0 && $0.dtype != .bool }
    return [try p.sketch.builder.iota(p.type(x), axis: p.axis(of: x))]
  }
}

extension RandomProgram {
  static let indexKinds: [Kind] = [gather, gather, scatter, scatter, searchSorted, randomBits]

  /// Indices of some form into a tensor; negative ones count from the end.
  private mutating func indices(into shape: Shape) -> (form: IndexForm, indices: Value) {
    let axis = random(shape.rank)
    let dtype = sketch.random.pick([DType.int64, .int32, .uint8, .int16])
    switch random(3) {
    case 0:
      let sizes = sketch.random.pick([[], [3], [2, 2], [17]] as [Shape])
      return (.axis(axis), input(dtype, sizes, integersBelow: min(shape[axis], 120)))
    case 1:
      var sizes = shape
      sizes[axis] = 1 + random(4)
      return (.elements(axis: axis), input(dtype, sizes, integersBelow: min(shape[axis], 120)))
    default:
      let depth = 1 + random(min(shape.rank, 2))
      let batch = random(shape.rank - depth + 1)
      let bound = min(shape[batch..<(batch + depth)].min()!, 120)
      return (.points(batch: batch), input(dtype, Shape(Array(shape[..<batch]) + [3, depth]), integersBelow: bound))
    }
  }

  private static func gather(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.pick { (1...4).contains($0.rank) && $0.elementCount > 0 }
    let (form, indices) = p.indices(into: p.shape(x))
    return try p.add(Gather(form), x, indices)
  }

  private static func scatter(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.pick { (1...4).contains($0.rank) && $0.elementCount > 0 && $0.dtype != .bool }
    let (form, indices) = p.indices(into: p.shape(x))
    let selected = try p.sketch.builder.add(Gather(form), Operands(x, indices))
    let updates = p.random(2) == 0 ? selected : p.input(p.type(x).dtype, p.shape(selected))
    return try p.add(Scatter(form, p.sketch.random.pick(Scatter.Combination.allCases)), x, indices, updates)
  }

  private static func searchSorted(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.pick { $0.rank > 0 && $0.dtype != .bool && $0.elementCount > 0 }
    let axis = p.shape(x).rank - 1
    let order = try p.sketch.builder.add(ArgSort(axis: axis), Operands(x))
    let sorted = try p.sketch.builder.add(Gather(.elements(axis: axis)), Operands(x, order))
    return try p.add(SearchSorted(isRight: p.random(2) == 0), sorted, x)
  }

  private static func randomBits(_ p: inout RandomProgram) throws -> [Value] {
    let key = p.input(.uint64, [2], integersBelow: 1000)
    let bits = try p.add(RandomBits(TensorType(p.sketch.random.pick([.uint32, .uint64]), [3, 7])), key)
    return bits + [try p.sketch.builder.cast(bits[0], to: p.dtype)]
  }
}
