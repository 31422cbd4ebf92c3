import MartletCPU
import MartletGraph
import Testing

@Suite struct AttentionCallTests {
  /// The body of the call: output `[batch, queries, heads, width]` and log-sum-exp `[batch, heads, queries]`.
  private func region(_ query: Shape, _ key: Shape, _ mask: Shape?, scale: Double) throws -> Region {
    var b = GraphBuilder()
    let types = [query, key, key].map { TensorType(.float32, $0) } + (mask.map { [TensorType(.float32, $0)] } ?? [])
    let inputs = types.map { b.append(Input(), Operands(), type: $0) }
    let products = try b.add(
      Contract(leftBatch: [0, 2], rightBatch: [0, 2], leftContracted: [3], rightContracted: [3]),
      Operands(inputs[0], inputs[1]))
    var scores = try b.multiply(products, by: scale)
    if mask != nil { scores = try b.add(scores, inputs[3]) }
    let peak = try b.insertingAxes([3], into: b.add(Reduce(.max, axes: [3]), Operands(b.stopGradient(scores))))
    let e = try b.unary(.exp, b.subtract(scores, peak))
    let total = try b.insertingAxes([3], into: b.add(Reduce(.sum, axes: [3]), Operands(e)))
    let mixed = try b.add(
      Contract(leftBatch: [0, 1], rightBatch: [0, 2], leftContracted: [3], rightContracted: [1]),
      Operands(b.divide(e, total), inputs[2]))
    let output = try b.transpose(mixed, [0, 2, 1, 3])
    let logSum = try b.reshape(b.add(b.unary(.log, total), peak), to: [query[0], query[2], query[1]])
    return Region(Graph(nodes: b.nodes, inputs: inputs, outputs: [output, logSum]))
  }

  @Test(arguments: [false, true], [false, true])
  func `attention and its gradients by kernel agree with the body`(hasMask: Bool, usesLogSum: Bool) throws {
    try check(hasMask: hasMask, usesLogSum: usesLogSum, takesParts: false)
    try check(hasMask: hasMask, usesLogSum: usesLogSum, takesParts: true)
  }

  private func check(hasMask: Bool, usesLogSum: Bool, takesParts: Bool) throws {
    var sketch = Sketch()
    let (q, k): (Shape, Shape) = ([2, 5, 3, 4], [2, 7, 3, 4])
    let mask: Shape? = hasMask ? [2, 1, 5, 7] : nil
    var operands = [sketch.input(.float32, q), sketch.input(.float32, k), sketch.input(.float32, k)]
    if takesParts {
      // Query, key and value are parts of longer rows, as after one product for all three.
      operands = try [q, k, k].map { shape in
        let whole = sketch.input(.float32, [shape[0], shape[1], 2 * shape[2], shape[3] + 2])
        return try sketch.builder.add(
          Slice(starts: [0, 0, shape[2], 1], limits: [shape[0], shape[1], 2 * shape[2], shape[3] + 1]),
          Operands(whole))
      }
    }
    if let mask { operands.append(sketch.input(.float32, mask)) }
    let call = Call(
      "attention", attributes: [0.4, 0, hasMask ? 1 : 0], body: try region(q, k, mask, scale: 0.4))
    let value = try sketch.builder.add(call, Operands(operands))
    let types = call.resultTypes!
    let output = try sketch.builder.add(Element(0, type: types[0]), Operands(value))
    let logSum = try sketch.builder.add(Element(1, type: types[1]), Operands(value))
    let weight = sketch.input(.float32, types[0].shape)
    let sources = Array(operands.prefix(3))
    let targets = usesLogSum ? [output, logSum] : [output]
    let cotangents = usesLogSum ? [weight, sketch.input(.float32, types[1].shape)] : [weight]
    let gradients = try sketch.builder.pullback(from: targets, cotangents: cotangents, to: sources)
    let outputs = [output, logSum] + gradients.map { $0! }
    try expectAgreement(sketch, outputs, scale: 20)
    let plan = try CPUEngine.shared.explain(
      Program(graph: sketch.graph(outputs), isDonated: sketch.data.map { _ in false }))
    #expect(plan.contains("attention gradient ["))
    #expect(!takesParts || !plan.contains("copy float32 [2, 5, 3, 4]"))
  }
}
