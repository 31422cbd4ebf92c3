import MartletCPU
import MartletGraph
import Testing

@Suite struct FusionTests {
  /// Lines of a plan that do something.
  private func steps(_ sketch: Sketch, _ outputs: [Value], donated: [Bool]? = nil) throws -> [String] {
    let isDonated = donated ?? sketch.data.map { _ in false }
    let plan = try CPUEngine.shared.explain(Program(graph: sketch.graph(outputs), isDonated: isDonated))
    return plan.split(separator: "\n").map(String.init).filter { $0.first!.isNumber }
  }

  @Test(arguments: [[4, 7], [3, 1000], [1, 70000], [513, 3]] as [Shape])
  func `a softmax is one pass`(shape: Shape) throws {
    var sketch = Sketch()
    let x = sketch.input(.float32, shape)
    let y = try softmax(x, &sketch.builder)
    try expectAgreement(sketch, [y])
    #expect(try steps(sketch, [y]).count == 1)
  }

  private func softmax(_ x: Value, _ b: inout GraphBuilder) throws -> Value {
    let rank = b.shape(x).rank
    let peak = try b.add(Reduce(.max, axes: [rank - 1]), Operands(x))
    let shifted = try b.subtract(x, b.insertingAxes([rank - 1], into: peak))
    let e = try b.unary(.exp, shifted)
    let total = try b.add(Reduce(.sum, axes: [rank - 1]), Operands(e))
    return try b.divide(e, b.insertingAxes([rank - 1], into: total))
  }

  @Test(arguments: [[4, 7], [2, 3, 300], [1, 5000]] as [Shape])
  func `a layer normalization with its statistics is one pass`(shape: Shape) throws {
    var sketch = Sketch()
    let last = shape.rank - 1
    let x = sketch.input(.float32, shape)
    let scale = sketch.input(.float32, [shape[last]])
    let shift = sketch.input(.float32, [shape[last]])
    let n = 1 / Double(shape[last])
    let mean = try sketch.builder.multiply(sketch.builder.add(Reduce(.sum, axes: [last]), Operands(x)), by: n)
    let centered = try sketch.builder.subtract(x, sketch.builder.insertingAxes([last], into: mean))
    let squares = try sketch.builder.multiply(centered, centered)
    let sum = try sketch.builder.add(Reduce(.sum, axes: [last]), Operands(squares))
    let variance = try sketch.builder.add(sketch.builder.multiply(sum, by: n), number: 1e-5)
    let rate = try sketch.builder.unary(.rsqrt, variance)
    let normal = try sketch.builder.multiply(centered, sketch.builder.insertingAxes([last], into: rate))
    let y = try sketch.builder.add(sketch.builder.multiply(normal, scale), shift)
    try expectAgreement(sketch, [y, mean, rate], scale: 4)
    #expect(try steps(sketch, [y, mean, rate]).count == 1)
  }

  @Test(arguments: [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]] as [AxisList], DType.allCases)
  func `reductions over any axes agree with the reference`(axes: AxisList, dtype: DType) throws {
    for kind in Reduce.Kind.allCases {
      var sketch = Sketch(seed: 9)
      let x = sketch.input(dtype, [5, 6, 37])
      guard let y = try? sketch.builder.add(Reduce(kind, axes: axes), Operands(x)) else { continue }
      let turned = try sketch.builder.transpose(x, [1, 2, 0])
      let z = try sketch.builder.add(Reduce(kind, axes: axes), Operands(turned))
      try expectAgreement(sketch, [y, z], scale: 10, "\(kind) of \(dtype)")
    }
  }

  @Test func `reductions of nothing give the neutral element`() throws {
    var sketch = Sketch()
    let x = sketch.input(.float32, [3, 0, 2])
    let a = try sketch.builder.add(Reduce(.sum, axes: [1]), Operands(x))
    let b = try sketch.builder.add(Reduce(.product, axes: [0, 1, 2]), Operands(x))
    let c = try sketch.builder.add(Reduce(.sum, axes: [1, 2]), Operands(x))
    let d = try sketch.builder.add(x, x)
    try expectAgreement(sketch, [a, b, c, d])
  }

  @Test func `two column sums and what they are made of share a pass`() throws {
    var sketch = Sketch()
    let x = sketch.input(.float32, [40, 9])
    let y = sketch.input(.float32, [40, 9])
    let product = try sketch.builder.multiply(x, y)
    let a = try sketch.builder.add(Reduce(.sum, axes: [0]), Operands(product))
    let b = try sketch.builder.add(Reduce(.max, axes: [0]), Operands(x))
    let rows = try sketch.builder.add(Reduce(.sum, axes: [1]), Operands(product))
    try expectAgreement(sketch, [a, b, rows], scale: 4)
    #expect(try steps(sketch, [a, rows]).count == 1)
  }

  @Test(arguments: [(1, 1, 1), (3, 5, 7), (128, 70, 33), (64, 300, 130), (5, 0, 6)] as [(Int, Int, Int)])
  func `bias, activation and residual run on the tiles of a product`(m: Int, k: Int, n: Int) throws {
    var sketch = Sketch()
    let a = sketch.input(.float32, [m, k])
    let b = sketch.input(.float32, [n, k])
    let bias = sketch.input(.float32, [n])
    let residual = sketch.input(.float32, [m, n])
    let product = try sketch.builder.add(
      Contract(leftBatch: [], rightBatch: [], leftContracted: [1], rightContracted: [1]), Operands(a, b))
    let biased = try sketch.builder.add(product, bias)
    let active = try sketch.builder.unary(.tanh, biased)
    let y = try sketch.builder.add(active, residual)
    try expectAgreement(sketch, [y], scale: 10)
    try expectAgreement(sketch, [y, product, active], scale: 10)
    if k > 0 { #expect(try steps(sketch, [y]).count == 1) }
  }

  @Test func `a chain far beyond the limit of one group agrees with the reference`() throws {
    var sketch = Sketch()
    let x = sketch.input(.float32, [3, 50])
    var y = x
    for i in 0..<300 { y = try i % 3 == 0 ? sketch.builder.unary(.tanh, y) : sketch.builder.add(y, x) }
    try expectAgreement(sketch, [y], scale: 20)
  }
}
