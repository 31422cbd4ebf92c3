import Martlet
import MartletFormats
import MartletONNX
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct ONNXModelTests {
  /// A dense layer with a soft-max whose batch may have any size.
  private var classifier: TestModel {
    var model = TestModel(
      [
        TestNode("Constant", [], ["half"], [("value", .tensor(.floats([0.5], [])))]),
        TestNode("Mul", ["half", "half"], ["quarter"]), TestNode("Gemm", ["x", "w", "b"], ["g"]),
        TestNode("Mul", ["g", "quarter"], ["s"]), TestNode("Softmax", ["s"], ["y"]),
      ],
      initializers: [.floats([1, -1, 2, 0.5, -2, 1], [3, 2], name: "w"), .floats([0.1, -0.2], [2], name: "b")])
    model.graph.inputs = [("x", 1, [-1, 3])]
    return model
  }

  private func expected(_ x: [Float], _ rows: Int) -> Tensor {
    let w = Tensor([1, -1, 2, 0.5, -2, 1] as [Float], shape: [3, 2])
    return ((matmul(Tensor(x, shape: [rows, 3]), w) + Tensor([0.1, -0.2] as [Float])) * 0.25).softmax(axis: -1)
  }

  @Test func `runs with any size that the model leaves open`() throws {
    let model = try ONNXModel(classifier.shared)
    for rows in [1, 2, 5] {
      let x = (0..<(3 * rows)).map { Float($0) / 7 - 0.5 }
      let y = try model(Tensor(x, shape: [rows, 3]))[0]
      #expect(y.shape == [rows, 2])
      #expect((abs(y - expected(x, rows)).max().scalar) < 1e-6)
    }
  }

  @Test func `says what it takes and gives`() throws {
    let model = try ONNXModel(classifier.shared)
    #expect(model.inputs.map(\.description) == ["float32 [n1, 3]"])
    #expect(model.outputs.map(\.name) == ["y"])
    #expect(model.weights.keys.sorted() == ["b", "w"])
    #expect(model.parameterCount == 8)
  }

  @Test func `inputs of other types and sizes are errors that name them`() throws {
    let model = try ONNXModel(classifier.shared)
    #expect(throws: ONNXError.self) { try model(Tensor.zeros([2, 4])) }
    #expect(throws: ONNXError.self) { try model(Tensor.zeros([2, 3], dtype: .float64)) }
    #expect(throws: ONNXError.self) { try model(Tensor.zeros([3])) }
    #expect(throws: ONNXError.self) { try model(["z": ONNXValue(Tensor.zeros([2, 3]))]) }
    let error = #expect(throws: ONNXError.self) { try model(["x": ONNXValue(Tensor.zeros([2, 4]))]) }
    #expect("\(error!)".contains("the input \"x\" is float32 [2, 4], not float32 [n1, 3]"))
  }

  @Test func `a filter that was turned around follows its weight, in calls and in derivatives`() throws {
    let values = (0..<12).map { Float($0) - 5 }
    var convolution = TestModel(
      [TestNode("Conv", ["x", "w"], ["c"]), TestNode("ReduceSum", ["c"], ["y"], [("keepdims", .int(0))])],
      initializers: [.floats(values, [2, 1, 2, 3], name: "w")])
    convolution.graph.inputs = [("x", 1, [1, 1, 2, 3])]
    let model = try ONNXModel(convolution.shared)
    let x = Tensor((1...6).map { Float($0) }, shape: [1, 1, 2, 3])
    // One place for each filter: the sum of products over both.
    func expected(_ scale: Float) -> Float { scale * (0..<12).reduce(0) { $0 + values[$1] * Float($1 % 6 + 1) } }
    for _ in 0..<2 { #expect(try model(x)[0].scalar == Double(expected(1))) }
    let weight = model.weights["w"]!
    weight.tensor = weight.tensor * 3
    for _ in 0..<2 { #expect(try model(x)[0].scalar == Double(expected(3))) }
    let (y, gradients) = try valueAndGradient { try model(x)[0] }
    #expect(y.scalar == Double(expected(3)))
    #expect(gradients[weight]!.scalars(as: Float.self) == [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6])
  }

  @Test func `is differentiated by its weights`() throws {
    let model = try ONNXModel(classifier.shared)
    let x = Tensor([0.3, -0.7, 1.1] as [Float], shape: [1, 3])
    func loss() throws -> Tensor { -log(try model(x)[0][0, 1]) }
    let (_, gradients) = try valueAndGradient { try loss() }
    let weight = model.weights["w"]!
    let slope = gradients[weight]![2, 0].scalar
    let start = weight.tensor
    let step = Tensor([0, 0, 0, 0, 1e-3, 0] as [Float], shape: [3, 2])
    weight.tensor = start + step
    let above = try loss().scalar
    weight.tensor = start - step
    let below = try loss().scalar
    #expect(abs(slope - (above - below) / 2e-3) < 1e-3)
  }

  @Test func `learns like a model written in Swift`() throws {
    let model = try ONNXModel(classifier.shared)
    let x = Tensor.normal([64, 3], seed: 3)
    let labels = (x[0..., 0] .> x[0..., 2]).cast(to: .int64)
    let optimizer = Adam(model.parameters, learningRate: 0.1)
    func loss() throws -> Tensor {
      -log(try model(x)[0].takenAlong(axis: 1, at: labels.expandingDimensions(at: 1))).mean()
    }
    let before = try loss().scalar
    for _ in 0..<60 {
      let (_, gradients) = try valueAndGradient { try loss() }
      optimizer.update(with: gradients)
    }
    #expect(try loss().scalar < before / 2)
  }

  @Test func `runs inside a compiled function, shapes computed in the graph included`() throws {
    var model = HostileModels.small
    model.graph.inputs = [("x", 1, [-1, 3])]
    let read = try ONNXModel(model.shared)
    let x = Tensor.normal([4, 3], seed: 1)
    let plain = try read(x)[0]
    let function = compiled { (x: Tensor) in try! read(x)[0] }
    #expect(abs(function(x) - plain).max().scalar < 1e-6)
  }

  @Test func `a model written with other weights computes with them`() throws {
    let model = try ONNXModel(classifier.shared)
    model.weights["b"]!.tensor = Tensor([1, 2] as [Float])
    let x = Tensor([0.3, -0.7, 1.1] as [Float], shape: [1, 3])
    let expected = try model(x)[0]
    try Fixture.withFolder { folder in
      try model.write(to: "\(folder)/tuned.onnx")
      let again = try ONNXModel(path: "\(folder)/tuned.onnx")
      #expect(try abs(again(x)[0] - expected).max().scalar == 0)
    }
  }
}
