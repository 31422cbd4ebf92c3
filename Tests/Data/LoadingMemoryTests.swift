import Martlet
import MartletFormats
import MartletTestMemory
import Testing

/// A model is in memory once while it is loaded.
struct LoadingMemoryTests {
  private struct Stack: Layer {
    var layers: [Dense]

    init(_ seed: UInt64) { layers = (0..<16).map { Dense(512, 512, seed: seed + $0) } }

    func callAsFunction(_ x: Tensor) -> Tensor { layers.reduce(x) { $1($0) } }
  }

  @Test(.enabled(if: martlet_test_can_count_memory()), arguments: ["safetensors", "gguf", "pt", "npz"])
  func `loading a model takes little more than a tensor beside it`(format: String) throws {
    let scratch = try Scratch()
    let source = scratch.file("source.safetensors")
    try Stack(1).saveWeights(to: source)
    let path = scratch.file("model.\(format)")
    try WeightConversion().convert(WeightFile(path: source), to: path)
    let model = Stack(2)
    try Tensor.evaluate(model.layers.map(\.weight.tensor))
    martlet_test_begin_counting()
    try model.loadWeights(from: path)
    let most = martlet_test_end_counting()
    // 16 layers of a mebibyte each.
    #expect(most <= 4 << 20, "\(most) bytes")
    let x = Tensor.uniform([1, 512], in: -1...1, seed: 3)
    #expect(model(x).scalars(as: Float.self) == Stack(1)(x).scalars(as: Float.self))
  }
}
