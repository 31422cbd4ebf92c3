import Martlet
import MartletFormats
import MartletGraph
import MartletONNX
import MartletZoo
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct ExportTests {
  @Test func `parameters keep their paths, and a dense layer is a product and a sum`() throws {
    let model = Sequential {
      Dense(4, 3)
      Activation.relu
      Dense(3, 2)
    }
    let file = try ONNXExport().model(of: model, input: TensorType(.float32, [1, 4]))
    #expect(Set(file.constantNames).isSuperset(of: ["0.weight", "0.bias", "2.weight", "2.bias"]))
    #expect(file.operators.filter { $0 == "MatMul" }.count == 2)
    #expect(file.weightsSizeInBytes >= (12 + 3 + 6 + 2) * 4)
  }

  @Test func `filters are stored as ONNX orders them, under their paths`() throws {
    let file = try ONNXExport().model(of: Conv2D(3, 8, kernelSize: 5), input: TensorType(.float32, [1, 9, 9, 3]))
    #expect(file.constantNames.filter { $0.hasPrefix("weight") } == ["weight"])
    #expect(file.operators == ["Transpose", "Conv", "Transpose", "Add", "Identity"])
  }

  @Test func `all operations that ONNX lacks are in one error`() throws {
    let error = #expect(throws: ONNXExportError.self) {
      try ONNXExport().model(inputs: [TensorType(.float32, [2, 3, 3])]) { x in
        [lgamma(x[0]) + cholesky(matmul(x[0], x[0].transposed()))]
      }
    }
    #expect(error?.problems.map(\.operation) == ["logGamma", "cholesky"])
    #expect(error?.problems.allSatisfy { $0.place?.contains("ExportTests.swift") == true } == true)
  }

  @Test func `a program that is another one for another batch is refused unless the batch is fixed`() throws {
    let type = TensorType(.float32, [2, 3])
    let function: ([Tensor]) -> [Tensor] = { x in [x[0] * Double(x[0].shape[0])] }
    #expect(throws: ONNXExportError.self) { try ONNXExport().model(inputs: [type], function) }
    var export = ONNXExport()
    export.isBatchDynamic = false
    #expect(try export.model(inputs: [type], function).operators == ["Mul", "Identity"])
  }

  @Test func `weights may lie beside the model`() throws {
    let folder = try FileSystem.createTemporaryDirectory()
    defer { try? FileSystem.removeTree(folder) }
    let file = try ONNXExport().model(of: Dense(100, 50), input: TensorType(.float32, [1, 100]))
    try file.write(to: "\(folder)/inside.onnx")
    try file.write(to: "\(folder)/beside.onnx", weights: .beside)
    #expect(FileSystem.status("\(folder)/inside.onnx.data") == nil)
    let data = try #require(FileSystem.status("\(folder)/beside.onnx.data"))
    // The weight alone: the bias is small enough to stay inside.
    #expect(data.size == 50 * 100 * 4)
    let (inside, beside) = (FileSystem.status("\(folder)/inside.onnx"), FileSystem.status("\(folder)/beside.onnx"))
    #expect(try #require(inside).size > 50 * 100 * 4)
    #expect(try #require(beside).size < 2000)
  }

  @Test(arguments: 0..<50)
  func `a random program is exported whole`(seed: Int) throws {
    let program = ExportBlocks.program(seed: UInt64(seed))
    let file = try ONNXExport().model(inputs: [TensorType(.float32, [1, 6, 8])]) { [program.function($0[0])] }
    #expect(!file.operators.isEmpty)
  }

  @Test(arguments: ExportBlocks.all.map(\.name))
  func `each block is exported`(name: String) throws {
    let block = ExportBlocks.all.first { $0.name == name }!
    let file = try ONNXExport().model(inputs: [TensorType(.float32, [1, 6, 8])]) { [block.function($0[0])] }
    #expect(!file.operators.isEmpty)
  }
}
