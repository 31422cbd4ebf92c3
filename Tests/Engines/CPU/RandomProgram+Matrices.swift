import MartletCPU
import MartletGraph

// Contractions, dense algebra and regions.

extension RandomProgram {
  static let matrixKinds: [Kind] = [
    contract, contract, convolve, convolve, factorize, triangularSolve, fourier,
  ]

  private static func contract(_ p: inout RandomProgram) throws -> [Value] {
    let a = try p.bounded(p.real(rank: 2))
    let shape = p.shape(a)
    let free = 1 + p.random(9)
    let batch = shape.rank > 2 && p.random(2) == 0 ? 1 : 0
    let inner = batch + p.random(shape.rank - batch)
    let sizes = Shape(Array(shape[..<batch]) + [shape[inner], free])
    let b = p.input(p.type(a).dtype, sizes)
    return try p.add(
      Contract(
        leftBatch: AxisList(0..<batch), rightBatch: AxisList(0..<batch), leftContracted: [inner],
        rightContracted: [batch]), a, b)
  }

  /// Along the dimensions between the first and the last, forward or as a derivative of it.
  private static func convolve(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.bounded(p.pick { (3...4).contains($0.rank) && $0.dtype.isFloatingPoint && $0.elementCount > 0 })
    let (dtype, shape) = (p.type(x).dtype, p.shape(x))
    let spatial = shape.dropFirst().dropLast()
    let groups = p.random(2) == 0 ? 1 : (2...4).first { shape.last! % $0 == 0 } ?? 1
    let sizes = spatial.map { 1 + p.random(min($0, 3)) }
    let filter = p.input(dtype, Shape(sizes + [shape.last! / groups, groups * (1 + p.random(3))]))
    func numbers(_ make: (Int) -> Int) -> Shape { Shape(sizes.map(make)) }
    let dilations = Shape(zip(spatial, sizes).map { ($1 - 1) * 2 < $0 ? 1 + p.random(2) : 1 })
    let convolution = Convolve(
      strides: numbers { _ in 1 + p.random(2) }, dilations: dilations, paddingLow: numbers { p.random($0) },
      paddingHigh: numbers { p.random($0) }, groups: groups)
    let output = try p.add(convolution, x, filter)
    if p.random(2) == 0 { return output }
    var gradient = convolution
    gradient.form = p.random(2) == 0 ? .inputGradient : .filterGradient
    gradient.resultSizes = gradient.form == .inputGradient ? Shape(spatial) : Shape(sizes)
    return gradient.form == .inputGradient
      ? try p.add(gradient, output[0], filter) : try p.add(gradient, x, output[0])
  }

  /// A matrix whose factors are well conditioned, and what of them does not depend on a choice of signs.
  private static func factorize(_ p: inout RandomProgram) throws -> [Value] {
    let dtype = p.sketch.random.pick([DType.float32, .float64])
    let (rows, columns) = (2 + p.random(5), 2 + p.random(5))
    let kind = p.sketch.random.pick(Factorize.Kind.allCases)
    let isSquare = kind == .cholesky || kind == .symmetricEigen || kind == .lu
    let shape: Shape = isSquare ? [rows, rows] : [max(rows, columns), min(rows, columns)]
    var x = p.input(dtype, p.random(2) == 0 ? shape : Shape([2] + shape))
    if kind == .cholesky || kind == .symmetricEigen { x = try p.positiveDefinite(x) }
    let results = try p.add(Factorize(kind, of: p.type(x)), x)
    switch kind {
    case .cholesky, .lu, .qr: return results
    case .completeQR: return [results[1]]
    case .symmetricEigen: return [results[0]]
    case .singularValues: return [results[1]]
    }
  }

  /// X Xᵀ plus an uneven diagonal, so that no two eigenvalues are close.
  private mutating func positiveDefinite(_ x: Value) throws -> Value {
    let rank = shape(x).rank
    let product = try sketch.builder.add(
      Contract(
        leftBatch: AxisList(0..<(rank - 2)), rightBatch: AxisList(0..<(rank - 2)), leftContracted: [rank - 1],
        rightContracted: [rank - 1]), Operands(x, x))
    let (row, column) = (
      try sketch.builder.iota(type(x), axis: rank - 2), try sketch.builder.iota(type(x), axis: rank - 1)
    )
    let diagonal = try sketch.builder.multiply(sketch.builder.add(row, number: 1), by: 7)
    let isDiagonal = try sketch.builder.compare(.equal, row, column)
    return try sketch.builder.add(product, sketch.builder.selectOrZero(isDiagonal, diagonal))
  }

  private static func triangularSolve(_ p: inout RandomProgram) throws -> [Value] {
    let dtype = p.sketch.random.pick([DType.float32, .float64])
    let size = 1 + p.random(6)
    let a = try p.positiveDefinite(p.input(dtype, [size, size]))
    let b = p.input(dtype, [size, 1 + p.random(4)])
    let solve = TriangularSolve(
      isLower: p.random(2) == 0, isTransposed: p.random(2) == 0, hasUnitDiagonal: p.random(4) == 0)
    return try p.add(solve, solve.hasUnitDiagonal ? p.bounded(a) : a, b)
  }

  private static func fourier(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.pick { ($0.dtype == .float32 || $0.dtype == .float64) && $0.rank > 0 && $0.elementCount > 0 }
    let axis = p.axis(of: x)
    let (type, length) = (p.type(x), p.shape(x)[axis])
    switch p.random(4) {
    case 0: return try p.add(Fourier(.realForward, axis: axis, length: length, of: type), x)
    case 1 where length > 1:
      let whole = 2 * (length - 1) + p.random(2)
      return try p.add(Fourier(.realInverse, axis: axis, length: whole, of: type), x, x)
    case 2:
      return try p.add(Fourier(.inverse, axis: axis, length: length, of: type), x, p.input(type.dtype, type.shape))
    default:
      return try p.add(Fourier(.forward, axis: axis, length: length, of: type), x, p.input(type.dtype, type.shape))
    }
  }
}

extension RandomProgram {
  static let regionKinds: [Kind] = [call, scan, conditional, loop]

  /// A function with a boundary: `checkpoint` is recomputed by its derivative.
  private static func call(_ p: inout RandomProgram) throws -> [Value] {
    let (x, y) = try p.pair()
    let body = try record([p.type(x), p.type(y)]) { builder, values in
      [try builder.unary(.tanh, builder.multiply(values[0], values[1])), try builder.unary(.sin, values[0])]
    }
    return try p.add(Call(p.sketch.random.pick(["checkpoint", "own"]), body: body), x, y)
  }

  private static func scan(_ p: inout RandomProgram) throws -> [Value] {
    let sequence = try p.real(rank: 1)
    let type = p.type(sequence)
    let length = type.shape[0]
    if length > 12 { throw NothingFits() }
    let step = TensorType(type.dtype, Shape(type.shape.dropFirst()))
    let carry = p.input(step.dtype, step.shape)
    let body = try record([step, step]) { builder, values in
      let next = try builder.unary(.tanh, builder.add(values[0], values[1]))
      return [next, try builder.multiply(next, values[1])]
    }
    let scan = Scan(body: body, length: length, carryCount: 1, sequenceCount: 1, isReversed: p.random(2) == 0)
    return try p.add(scan, carry, sequence)
  }

  private static func conditional(_ p: inout RandomProgram) throws -> [Value] {
    let (x, y) = try p.pair()
    let types = [p.type(x), p.type(y)]
    let predicate = p.input(.bool, [])
    let ifTrue = try record(types) { builder, values in [try builder.add(values[0], values[1])] }
    let ifFalse = try record(types) { builder, values in
      [try builder.unary(.sin, builder.multiply(values[0], values[1]))]
    }
    return try p.add(Conditional(ifTrue: ifTrue, ifFalse: ifFalse), predicate, x, y)
  }

  /// So many turns as its first operand says; there is no derivative, so the gradient is stopped.
  private static func loop(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.sketch.builder.stopGradient(p.real())
    let turns = p.input(.int32, [], integersBelow: 4)
    let types = [p.type(turns), p.type(x)]
    let condition = try record(types) { builder, values in
      [try builder.compare(.greater, values[0], builder.scalar(0, .int32))]
    }
    let body = try record(types) { builder, values in
      [try builder.subtract(values[0], builder.scalar(1, .int32)), try builder.unary(.sin, values[1])]
    }
    return try p.add(WhileLoop(condition: condition, body: body, carryCount: 2), turns, x)
  }

  /// Two floating-point values of one type.
  private mutating func pair() throws -> (Value, Value) {
    let x = try real()
    let type = type(x)
    return (x, try pick { $0 == type })
  }
}

/// The region that `body` records.
private func record(
  _ types: [TensorType], _ body: (inout GraphBuilder, [Value]) throws -> [Value]
) throws -> Region {
  var builder = GraphBuilder()
  let inputs = types.map { builder.input($0) }
  let outputs = try body(&builder, inputs)
  return Region(builder.graph(inputs: inputs, outputs: outputs))
}
