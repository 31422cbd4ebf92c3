import MartletCPU
import MartletGraph
import Testing

/// Programs that random programs have found to be wrong once.
@Suite struct FoundProgramsTests {
  @Test(arguments: Scatter.Combination.allCases, [DType.float32, .uint16, .int64])
  func `a scatter into a view takes the view's elements`(combination: Scatter.Combination, dtype: DType) throws {
    var sketch = Sketch(seed: 3)
    let x = sketch.input(dtype, [4, 3])
    let indices = sketch.input(ReferenceTensor(TensorType(.int32, [2]), wrapping: [0, 2]))
    let updates = sketch.input(dtype, [2, 3])
    let reversed = try sketch.builder.reverse(x, axes: [0, 1])
    let rows = try sketch.builder.slice(x, axis: 0, 1..<4)
    let columns = try sketch.builder.transpose(sketch.input(dtype, [3, 3]), [1, 0])
    let outputs = try [reversed, rows, columns].map {
      try sketch.builder.add(Scatter(.axis(0), combination), Operands($0, indices, updates))
    }
    try expectAgreement(sketch, outputs)
  }

  @Test func `zeta of huge and of tiny numbers has a value in both`() throws {
    var sketch = Sketch()
    let type = TensorType(.float64, [5])
    let s = sketch.input(ReferenceTensor(type, rounding: [2, 2, 3, 2.5, 2]))
    let q = sketch.input(ReferenceTensor(type, rounding: [1e30, 1e-30, -1e30, .infinity, .nan]))
    let result = try sketch.builder.binary(.zeta, s, q)
    try expectAgreement(sketch, [result], scale: 1000)
  }

  @Test(arguments: [false, true]) func `a scan of no steps gives its carry and nothing`(isReversed: Bool) throws {
    var sketch = Sketch()
    let (carry, sequence) = (sketch.input(.float32, [2]), sketch.input(.float32, [0, 2]))
    var body = GraphBuilder()
    let step = TensorType(.float32, [2])
    let (c, x) = (body.input(step), body.input(step))
    let next = try body.add(c, x)
    let region = Region(body.graph(inputs: [c, x], outputs: [next, next]))
    let scan = Scan(body: region, length: 0, carryCount: 1, sequenceCount: 1, isReversed: isReversed)
    let node = try sketch.builder.add(scan, Operands(carry, sequence))
    let results = try scan.resultTypes!.enumerated().map {
      try sketch.builder.add(Element($0.offset, type: $0.element), Operands(node))
    }
    try expectAgreement(sketch, results)
    let turned = try sketch.builder.transpose(results[1], [1, 0])
    try expectAgreement(sketch, [turned])
  }
}
