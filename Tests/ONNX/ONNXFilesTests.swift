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
