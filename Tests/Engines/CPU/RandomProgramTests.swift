import MartletCPU
import MartletGraph
import Testing

/// Programs put together at random from operations whose results do not jump when a last bit differs.
@Suite struct RandomProgramTests {
  @Test(arguments: 0..<60)
  func `a random program agrees with the reference`(seed: Int) throws {
    var sketch = Sketch(seed: UInt64(seed + 100))
    let dtype: DType = sketch.random.pick([.float32, .float64, .int32, .float32])
    let shape: Shape = sketch.random.pick([[4, 6], [2, 3, 8], [1, 40], [7, 1, 5], [16]])
    var values = [sketch.input(dtype, shape), sketch.input(dtype, shape)]
    values.append(sketch.input(dtype, Shape(shape.suffix(1))))
    for _ in 0..<24 {
      if let value = try step(&sketch, values, dtype) { values.append(value) }
    }
    var outputs = Array(values.suffix(3))
    outputs.append(sketch.random.pick(values))
    try expectAgreement(sketch, outputs, scale: 1000, "seed \(seed)")
    // The same with inputs that may be overwritten: results must not notice.
    let graph = sketch.graph(outputs)
    let kept = try run(graph, sketch.data, on: CPUEngine.shared)
    let donated = try run(graph, sketch.data, on: CPUEngine.shared, donated: sketch.data.map { _ in true })
    for (a, b) in zip(donated, kept) { #expect(difference(a, b, 0) == nil, "seed \(seed)") }
  }

  /// One more operation, or nil when the dice chose one that does not fit.
  private func step(_ sketch: inout Sketch, _ values: [Value], _ dtype: DType) throws -> Value? {
    let a = sketch.random.pick(values)
    let b = sketch.random.pick(values)
    let rank = sketch.builder.shape(a).rank
    let axis = rank > 0 ? sketch.random.below(rank) : 0
    switch sketch.random.below(12) {
    case 0: return try? sketch.builder.add(a, b)
    case 1: return try? sketch.builder.subtract(a, b)
    case 2: return try? sketch.builder.binary(.maximum, a, b)
    case 3: return try? bounded(sketch.builder.multiply(a, b), &sketch.builder)
    case 4: return try bounded(a, &sketch.builder)
    case 5: return try? sketch.builder.select(sketch.builder.compare(.less, values[0], values[1]), a, b)
    case 6:
      guard rank > 0, let sum = try? sketch.builder.add(Reduce(.sum, axes: [axis]), Operands(a)) else { return nil }
      return try sketch.builder.insertingAxes([axis], into: bounded(sum, &sketch.builder))
    case 7:
      return rank > 1 ? try sketch.builder.transpose(a, (0..<rank).reversed()) : nil
    case 8:
      return rank > 0 ? try sketch.builder.reverse(a, axes: [axis]) : nil
    case 9:
      return try sketch.builder.reshape(a, to: [sketch.builder.shape(a).elementCount])
    case 10:
      guard rank == 2, sketch.builder.shape(b).rank == 2, sketch.builder.shape(a)[1] == sketch.builder.shape(b)[1]
      else {
        return nil
      }
      let product = try sketch.builder.add(
        Contract(leftBatch: [], rightBatch: [], leftContracted: [1], rightContracted: [1]), Operands(a, b))
      return try bounded(product, &sketch.builder)
    default:
      guard rank > 0, sketch.builder.shape(a)[axis] > 1 else { return nil }
      return try sketch.builder.slice(a, axis: axis, 1..<sketch.builder.shape(a)[axis])
    }
  }

  private func bounded(_ x: Value, _ builder: inout GraphBuilder) throws -> Value {
    if builder.type(x).dtype.isFloatingPoint { return try builder.unary(.tanh, x) }
    return try builder.binary(.minimum, x, builder.scalar(9, like: x))
  }
}
