import Martlet
import MartletFormats
import MartletONNX
import MartletTestSupport
import Testing

/// What the commands `run` and `inspect` do.
@Suite(.endsAtZero) struct ONNXFilesTests {
  private func withModel(_ body: (String) throws -> Void) throws {
    var model = TestModel([TestNode("Sub", ["a", "b"])])
    model.graph.inputs = [("a", 1, [-1]), ("b", 1, [-1])]
    try Fixture.withFolder { folder in
      try Fixture.write(model.bytes, to: "\(folder)/model.onnx")
      try Npy.write(StoredTensor([5, 7] as [Float], shape: [2]), to: "\(folder)/one.npy")
      try Npy.write(StoredTensor([1, 2] as [Float], shape: [2]), to: "\(folder)/two.npy")
      try body(folder)
    }
  }

  @Test func `inputs without a name go in order behind those with one`() throws {
    try withModel { folder in
      for (arguments, expected) in [
        (["\(folder)/one.npy", "\(folder)/two.npy"], [4, 5] as [Float]),
        (["b=\(folder)/one.npy", "\(folder)/two.npy"], [-4, -5]),
      ] {
        let run = try ONNXRun(model: "\(folder)/model.onnx", inputs: arguments, outputDirectory: "\(folder)/results")
        #expect(run.outputs.map(\.path) == ["\(folder)/results/y.npy"])
        #expect(try Npy.read(path: "\(folder)/results/y.npy").values(as: Float.self) == expected)
      }
    }
  }

  @Test func `a missing input is named`() throws {
    try withModel { folder in
      let error = #expect(throws: ONNXError.self) {
        try ONNXRun(model: "\(folder)/model.onnx", inputs: ["\(folder)/one.npy"], outputDirectory: folder)
      }
      #expect("\(error!)".contains("the input \"b\" is missing"))
    }
  }

  @Test func `importing and calling a model are timed`() throws {
    try withModel { folder in
      var opened = 0
      let speed = try ONNXSpeed(path: "\(folder)/model.onnx", rounds: 2) { model in
        opened += 1
        #expect(model.inputs.map(\.name) == ["a", "b"])
        return ["a": ONNXValue(Tensor([5, 7] as [Float])), "b": ONNXValue(Tensor([1, 2] as [Float]))]
      }
      let calls = try speed.callSeconds(3)
      #expect(opened == 1)
      #expect(speed.importSeconds > 0 && speed.firstSeconds > 0 && calls.best > 0 && calls.best <= calls.median)
      #expect(speed.json(calls)["ms"] == .number(calls.median * 1e3))
      #expect(throws: ONNXError.self) { try ONNXSpeed(path: "\(folder)/model.onnx") { _ in [:] } }
    }
  }

  @Test func `a result may not choose its folder`() throws {
    var model = TestModel([TestNode("Relu", ["x"], ["../../y"])])
    model.graph.outputs = ["../../y"]
    try Fixture.withFolder { folder in
      try Fixture.write(model.bytes, to: "\(folder)/model.onnx")
      try Npy.write(StoredTensor([Float](repeating: 1, count: 6), shape: [2, 3]), to: "\(folder)/x.npy")
      let run = try ONNXRun(
        model: "\(folder)/model.onnx", inputs: ["\(folder)/x.npy"], outputDirectory: "\(folder)/a/b")
      #expect(run.outputs.map(\.path) == ["\(folder)/a/b/_.._.._y.npy"])
    }
  }

  @Test func `a summary counts operators and weights`() throws {
    try Fixture.withFolder { folder in
      let path = "\(folder)/model.onnx"
      try Fixture.write(HostileModels.small.bytes, to: path)
      let summary = try ONNXSummary(path: path)
      #expect(summary.operators.count == 5)
      #expect(summary.parameterCount == 10)
      #expect(summary.inputs.map(\.description) == ["float32 [2, 3]"])
      #expect(summary.json["operators"]?["Gemm"] == 1)
    }
  }
}
