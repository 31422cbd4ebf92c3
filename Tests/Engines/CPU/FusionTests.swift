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

  @Test(arguments: Compare.Kind.allCases, DType.allCases)
  func `a selection between the operands of its own comparison is what it says`(
    kind: Compare.Kind, dtype: DType
  ) throws {
    for isExchanged in [false, true] {
      var sketch = Sketch(seed: 5)
      let x = sketch.input(dtype, [7, 33])
      let row = sketch.input(dtype, [33])
      let bound = sketch.builder.scalar(1, dtype)
      var outputs: [Value] = []
      for y in [sketch.input(dtype, [7, 33]), row, bound] {
        let holds = try sketch.builder.add(Compare(kind), Operands(x, y))
        outputs.append(try sketch.builder.add(Select(), isExchanged ? Operands(holds, x, y) : Operands(holds, y, x)))
      }
      try expectAgreement(sketch, outputs, "\(kind) of \(dtype)")
    }
  }

  @Test func `NaN stays where a selection replaces what is less or greater`() throws {
    var sketch = Sketch()
    let x = sketch.input(ReferenceTensor(TensorType(.float32, [4]), rounding: [.nan, -3, 0.5, 9]))
    let (low, high) = (sketch.builder.scalar(-1, .float32), sketch.builder.scalar(1, .float32))
    let raised = try sketch.builder.select(sketch.builder.compare(.less, x, low), low, x)
    let clipped = try sketch.builder.select(sketch.builder.compare(.greater, raised, high), high, raised)
    let found = try run(sketch.graph([clipped]), sketch.data, on: CPUEngine.shared)[0].doubles
    #expect(found[0].isNaN)
    #expect(Array(found[1...]) == [-1, 0.5, 1])
  }

  @Test func `an update runs on the tiles of the product that is its gradient`() throws {
    var sketch = Sketch()
    let product = Contract(leftBatch: [], rightBatch: [], leftContracted: [0], rightContracted: [0])
    let (x, g) = (sketch.input(.float32, [16, 80]), sketch.input(.float32, [16, 96]))
    let (weight, mean) = (sketch.input(.float32, [80, 96]), sketch.input(.float32, [80, 96]))
    let square = sketch.input(
      ReferenceTensor(TensorType(.float32, [80, 96]), rounding: Array(repeating: 2, count: 7680)))
    let step = sketch.input(ReferenceTensor(TensorType(.float32, []), rounding: [3]))
    let gradient = try sketch.builder.add(product, Operands(x, g))
    // Numbers, and what needs no gradient, are recorded after it.
    let power = try sketch.builder.add(Binary(.power), Operands(sketch.builder.scalar(0.9, .float32), step))
    let correction = try sketch.builder.subtract(sketch.builder.scalar(1, .float32), power)
    let newMean = try sketch.builder.add(
      sketch.builder.multiply(mean, by: 0.9), sketch.builder.multiply(gradient, by: 0.1))
    let newSquare = try sketch.builder.add(
      sketch.builder.multiply(square, by: 0.99),
      sketch.builder.multiply(sketch.builder.multiply(gradient, gradient), by: 0.01))
    let rate = try sketch.builder.unary(.sqrt, newSquare)
    let change = try sketch.builder.divide(sketch.builder.divide(newMean, correction), rate)
    let newWeight = try sketch.builder.subtract(sketch.builder.multiply(weight, by: 0.999), change)
    let outputs = [newWeight, newMean, newSquare]
    try expectAgreement(sketch, outputs, scale: 10)
    let found = try steps(sketch, outputs, donated: [false, false, true, true, true, false])
    #expect(found.count { $0.contains("[80, 96]") } == 1, "\(found)")
  }

  @Test func `what costs little is computed again instead of kept`() throws {
    var sketch = Sketch()
    let product = Contract(leftBatch: [], rightBatch: [], leftContracted: [1], rightContracted: [0])
    let (x, w) = (sketch.input(.float32, [96, 64]), sketch.input(.float32, [64, 64]))
    let h = try sketch.builder.add(product, Operands(x, w))
    let cheap = try sketch.builder.add(sketch.builder.multiply(h, h), h)
    let dear = try sketch.builder.unary(.tanh, sketch.builder.multiply(cheap, by: 0.001))
    let z = try sketch.builder.add(product, Operands(dear, w))
    let y = try sketch.builder.add(sketch.builder.multiply(z, by: 0.001), cheap)
    try expectAgreement(sketch, [y], scale: 10)
    let found = try steps(sketch, [y])
    #expect(found.count == 2)
    // Only the hyperbolic tangent, which the second product reads, is written.
    let written = found[0].split(separator: ">").last!.split(separator: "%").count - 1
    #expect(written == 1, "\(found)")
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
