import MartletCPU
import MartletGraph
import Testing

@Suite struct ElementwiseTests {
  @Test(arguments: DType.allCases)
  func `every unary function agrees with the reference`(dtype: DType) throws {
    for kind in Unary.Kind.allCases {
      var sketch = Sketch(seed: 3)
      let x = sketch.input(dtype, [3, 37])
      guard let y = try? sketch.builder.add(Unary(kind), Operands(x)) else { continue }
      try expectAgreement(sketch, [y], scale: 4, "\(kind) of \(dtype)")
    }
  }

  @Test(arguments: DType.allCases)
  func `every binary function agrees with the reference`(dtype: DType) throws {
    for kind in Binary.Kind.allCases {
      var sketch = Sketch(seed: 4)
      let a = sketch.input(dtype, [4, 33])
      var b = sketch.input(dtype, [4, 33])
      let isDivision = [.divide, .floorDivide, .remainder, .modulo].contains(kind)
      if isDivision && dtype.isInteger { b = try sketch.builder.binary(.maximum, b, sketch.builder.scalar(1, dtype)) }
      // 0 to a negative power is an error of its own.
      if kind == .power && dtype.isInteger {
        b = try sketch.builder.binary(.maximum, b, sketch.builder.scalar(0, dtype))
      }
      guard let y = try? sketch.builder.add(Binary(kind), Operands(a, b)) else { continue }
      try expectAgreement(sketch, [y], scale: 4, "\(kind) of \(dtype)")
    }
  }

  @Test(arguments: DType.allCases)
  func `comparisons, selection and casts agree with the reference`(dtype: DType) throws {
    var sketch = Sketch(seed: 5)
    let a = sketch.input(dtype, [5, 19])
    let b = sketch.input(dtype, [19])
    var outputs: [Value] = []
    for kind in Compare.Kind.allCases { outputs.append(try sketch.builder.compare(kind, a, b)) }
    outputs.append(try sketch.builder.select(outputs[2], a, b))
    for target in DType.allCases { outputs.append(try sketch.builder.cast(a, to: target)) }
    try expectAgreement(sketch, outputs)
  }

  @Test func `shapes broadcast as the rules say`() throws {
    var sketch = Sketch()
    let a = sketch.input(.float32, [4, 1, 5])
    let b = sketch.input(.float32, [3, 1])
    let c = sketch.input(.float32, [])
    let d = sketch.input(.float32, [2, 4, 3, 5])
    let ab = try sketch.builder.add(a, b)
    let abc = try sketch.builder.multiply(ab, c)
    let all = try sketch.builder.subtract(d, abc)
    try expectAgreement(sketch, [ab, abc, all])
  }

  @Test func `views feed operations without being copied`() throws {
    var sketch = Sketch()
    let x = sketch.input(.float32, [6, 8, 4])
    let y = sketch.input(.float32, [4, 4, 6])
    let t = try sketch.builder.transpose(x, [2, 1, 0])
    let s = try sketch.builder.add(
      Slice(starts: [0, 1, 0], limits: [4, 8, 6], strides: [1, 2, 1]), Operands(t))
    let r = try sketch.builder.reverse(s, axes: [1, 2])
    let sum = try sketch.builder.add(r, y)
    let flat = try sketch.builder.reshape(sum, to: [96])
    let odd = try sketch.builder.reshape(t, to: [32, 6])
    let bits = try sketch.builder.add(BitCast(to: .int32), Operands(odd))
    let more = try sketch.builder.binary(.xor, bits, sketch.builder.cast(odd, to: .int32))
    try expectAgreement(sketch, [flat, t, r, odd, more])
    let plan = try CPUEngine.shared.explain(
      Program(graph: sketch.graph([sum]), isDonated: [false, false]))
    #expect(!plan.contains("copy"), "\(plan)")
  }

  @Test func `counts are made up on the way, or stored where they must be`() throws {
    var sketch = Sketch()
    let x = sketch.input(.int32, [3, 4, 5])
    var outputs: [Value] = []
    for axis in 0..<3 {
      let count = try sketch.builder.iota(TensorType(.int32, [3, 4, 5]), axis: axis)
      outputs.append(count)
      outputs.append(try sketch.builder.add(x, count))
      let turned = try sketch.builder.transpose(count, [2, 0, 1])
      outputs.append(try sketch.builder.multiply(turned, turned))
      let backward = try sketch.builder.reverse(count, axes: [axis == 0 ? 0 : 1])
      outputs.append(try sketch.builder.add(backward, x))
    }
    try expectAgreement(sketch, outputs)
  }
}
