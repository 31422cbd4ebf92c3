import Martlet
import MartletFormats
import MartletGraph
import MartletONNX
import MartletZoo
import MartletTestSupport
import Testing

/// Exported programs, read back and run by the importer, whose operators are checked by ONNX's own suite.
@Suite(.endsAtZero) struct RoundTripTests {
  @Test(arguments: ExportBlocks.all.map(\.name))
  func `each block gives the same again`(name: String) throws {
    let block = ExportBlocks.all.first { $0.name == name }!
    try check(nil, Self.examples) { [block.function($0[0])] }
  }

  @Test(arguments: 0..<50)
  func `random programs give the same again`(seed: Int) throws {
    let program = ExportBlocks.program(seed: UInt64(seed))
    try check(nil, Self.examples) { [program.function($0[0])] }
  }

  @Test(arguments: ["mlp", "cnn", "lstm", "gpt", "softmax"])
  func `models of the benchmarks give the same again`(name: String) throws {
    let workload = try #require(try Workloads.make(name) as? any ModelWorkload)
    let inputs = try workload.exampleInputs()
    try check(workload.module ?? Sequential([]), [inputs, inputs.map { $0[0..<1] }]) { workload.predict($0) }
  }

  @Test func `language models and encoders give the same again`() throws {
    let tokens = [3, 2].map { [Tensor.randomIntegers([$0, 12], in: 0..<50, seed: 1)] }
    var sizes = LlamaConfiguration(
      vocabulary: 50, width: 32, hiddenWidth: 48, layers: 2, heads: 4, keyHeads: 2, context: 64)
    sizes.rotaryScaling = .yarn(factor: 4, originalContext: 16)
    sizes.hasQueryNorm = true
    let llama = Llama(sizes)
    try check(llama, tokens) { [llama($0[0])] }
    let bert = BERT(BERTConfiguration(vocabulary: 50, context: 32, width: 32, layers: 1, heads: 2))
    try check(bert, tokens.map { $0 + [$0[0] .> 10] }) { [bert($0[0], mask: $0[1])] }
  }

  /// Inputs of two batch sizes.
  static var examples: [[Tensor]] { [2, 3].map { [Tensor.uniform([$0, 6, 8], in: -1...1, seed: UInt64($0))] } }

  private func check(
    _ module: (any Module)?, _ examples: [[Tensor]], _ function: ([Tensor]) -> [Tensor]
  ) throws {
    let file = try ONNXExport().model(of: module, inputs: examples[0].map(\.type), function)
    let model = try ONNXModel(SharedBytes(try file.serialized()))
    for inputs in examples {
      let named = Dictionary(uniqueKeysWithValues: zip(model.inputs.map(\.name), inputs.map { ONNXValue($0) }))
      let results = try model(named)
      for (port, expected) in zip(model.outputs, function(inputs)) {
        let tensor = try #require(results[port.name]?.tensor)
        #expect(tensor.type == expected.type)
        let (a, b) = (tensor.scalars(as: Float.self), expected.scalars(as: Float.self))
        // Float 32 in another order, in units of the output's largest number where that is above 1.
        let scale = max(1, b.map { abs($0) }.max() ?? 0)
        #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 1e-5 * scale })
      }
    }
  }
}
