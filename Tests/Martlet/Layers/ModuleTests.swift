import Martlet
import MartletFormats
import MartletTestSupport
import Testing

private struct Block: Layer {
  let attention = MultiHeadAttention(8, headCount: 2)
  let norm: LayerNorm? = LayerNorm(8)
  func callAsFunction(_ x: Tensor) -> Tensor { x + attention(norm!(x)) }
}

private struct Network: Layer {
  let blocks = [Block(), Block()]
  let heads = ["b": Dense(8, 2), "a": Dense(8, 3)]
  let pair = (first: Dense(1, 1), Dense(2, 2))
  let tail = Sequential {
    Residual { Dense(8, 8, hasBias: false) }; Activation.relu; BatchNorm(8)
  }
  func callAsFunction(_ x: Tensor) -> Tensor { tail(blocks.reduce(x) { $1($0) }) }
}

@Suite(.endsAtZero) struct ModuleTests {
  @Test func `paths are the names of the code`() {
    let names = Network().namedVariables.map(\.name)
    let dense = { (path: String) in ["\(path).weight", "\(path).bias"] }
    let block = { (path: String) in
      ["query", "key", "value", "output"].flatMap { dense("\(path).attention.\($0)") }
        + ["\(path).norm.scale", "\(path).norm.shift"]
    }
    var expected = block("blocks.0") + block("blocks.1") + dense("heads.a") + dense("heads.b")
    expected += dense("pair.first") + dense("pair.1") + ["tail.0.body.0.weight"]
    expected += ["scale", "shift", "runningMean", "runningVariance"].map { "tail.2.\($0)" }
    #expect(names == expected)
  }

  @Test func `a layer used twice has its weights once, under the first path`() {
    let shared = Dense(2, 2)
    let model = Sequential {
      shared; Activation.relu; shared
    }
    #expect(model.namedParameters.map(\.name) == ["0.weight", "0.bias"])
    #expect(model.parameters[0] === shared.weight)
    #expect(shared.weight.name == "0.weight")
    let copy = model
    #expect(copy.parameters[0] === shared.weight)
    let (_, gradients) = valueAndGradient { model(.ones([1, 2])).sum() }
    #expect(gradients.parameters.count == 2)
  }

  @Test func `the same seed gives the same weights, another one does not`() {
    func weights(_ seed: UInt64) -> [Float] {
      withSeed(seed) {
        Sequential {
          Dense(3, 4); Dense(4, 2)
        }
      }.parameters.flatMap { $0.tensor.scalars(as: Float.self) }
    }
    #expect(weights(1) == weights(1))
    #expect(weights(1) != weights(2))
    #expect(Dense(2, 2, seed: 4).weight.tensor.words == Dense(2, 2, seed: 4).weight.tensor.words)
  }

  @Test func `weights that are saved are loaded again, running statistics included`() throws {
    let path = "/tmp/martlet-weights-\(UInt64.random(in: 0 ... .max)).safetensors"
    func model(_ seed: UInt64) -> Sequential {
      withSeed(seed) {
        Sequential {
          Dense(4, 3); BatchNorm(3); Dropout(probability: 0.5)
        }
      }
    }
    let (first, second) = (model(1), model(2))
    _ = withMode(.training) { first(.normal([8, 4], seed: 3)) }
    try first.saveWeights(to: path)
    try second.loadWeights(from: path)
    #expect(
      Set(try first.weights().keys) == [
        "0.weight", "0.bias", "1.scale", "1.shift", "1.runningMean", "1.runningVariance",
      ])
    let x = Tensor.normal([5, 4], seed: 9)
    #expect(first(x).words == second(x).words)
  }

  @Test(arguments: ["safetensors", "gguf", "pt", "npz"])
  func `weights of other libraries are renamed, transposed and converted`(ending: String) throws {
    let folder = try FileSystem.createTemporaryDirectory()
    defer { try? FileSystem.removeTree(folder) }
    let model = withSeed(1) { Sequential { Dense(4, 3) } }
    let weight = StoredTensor((0..<12).map { Float($0) }, shape: [4, 3])
    let bias = StoredTensor([Float](repeating: 7, count: 3), shape: [3])
    var file = ["net.h.0.w": weight.transposed(), "net.h.0.b": bias]
    if model.parameters[0].tensor.shape == [3, 4] { file["net.h.0.w"] = weight }
    let source = "\(folder)/a.safetensors"
    try SafetensorsWriter.write(file, to: source)
    var conversion = WeightConversion()
    conversion.elementType = ending == "npz" ? .plain(.float16) : .plain(.bfloat16)
    try conversion.convert(WeightFile(path: source), to: "\(folder)/b.\(ending)")
    let rules = NameRules([
      NameRules.Rule("net.h.{i}.w", "{i}.weight", layout: .transposed), NameRules.Rule("net.h.{i}.b", "{i}.bias"),
    ])
    let types = #expect(throws: WeightError.self) {
      try model.loadWeights(from: "\(folder)/b.\(ending)", renaming: rules)
    }
    #expect(types?.report.contains("mis-shaped: 0.weight") == true)
    try model.loadWeights(from: "\(folder)/b.\(ending)", renaming: rules, converting: true)
    #expect(try model.weights()["0.bias"]!.values() == [Float](repeating: 7, count: 3))
    #expect(try model.weights()["0.weight"]!.values(as: Float.self).reduce(0, +) == 66)
    let names = #expect(throws: WeightError.self) { try model.loadWeights(from: source) }
    #expect(
      names?.report.split(separator: "\n").sorted() == [
        "missing: 0.bias", "missing: 0.weight", "unexpected: net.h.0.b", "unexpected: net.h.0.w",
      ])
  }

  @Test func `weights that do not fit are refused whole, with a sentence`() throws {
    let model = withSeed(1) {
      Sequential {
        Dense(4, 3); Dense(3, 2)
      }
    }
    let before = try model.weights()
    var weights = before
    weights["0.weight"] = StoredTensor([Float](repeating: 0, count: 12), shape: [4, 3])
    weights["1.weight"] = StoredTensor([Float](repeating: 0, count: 6), shape: [2, 3])
    let shapes = #expect(throws: WeightError.self) { try model.load(weights) }
    #expect(
      shapes?.description == "cannot load into Dense \"1.weight\": file has [2, 3], model has [3, 2]; transposed?")
    #expect(model.parameters[0].tensor.scalars(as: Float.self) == (try before["0.weight"]!.values()))
    weights = before
    weights["1.bias"] = nil
    weights["2.bias"] = before["1.bias"]
    let names = #expect(throws: WeightError.self) { try model.load(weights) }
    #expect(names?.description == "cannot load into Dense \"1.bias\": the file does not have it (and 1 more)")
    #expect(names?.problems.map(\.name) == ["1.bias", "2.bias"])
    weights = before
    weights["0.bias"] = StoredTensor([Double](repeating: 0, count: 3), shape: [3])
    let types = #expect(throws: WeightError.self) { try model.load(weights) }
    #expect(types?.description == "cannot load into Dense \"0.bias\": file has float64, model has float32")
  }

  @Test func `a summary counts parameters and operations by layer`() {
    let model = Sequential {
      Conv2D(1, 4, kernelSize: 3)
      Activation.relu
      MaxPool2D(windowSize: 2)
      Flatten()
      Dense(36, 10)
    }
    let table = summary(model, input: [2, 8, 8, 1])
    #expect(table.rows.map(\.path) == ["0", "4"])
    #expect(table.rows.map(\.layer) == ["Conv2D", "Dense"])
    #expect(table.rows.map(\.parameterCount) == [3 * 3 * 4 + 4, 370])
    #expect(table.rows.map(\.output) == [[2, 6, 6, 4], [2, 10]])
    #expect(table.output == [2, 10])
    // A product of [2, 36] and [36, 10] with its bias.
    #expect(table.rows[1].floatingPointOperations == 2 * 2 * 36 * 10 + 20)
    #expect(table.rows[0].floatingPointOperations >= 2 * 2 * 6 * 6 * 9 * 4)
    #expect(table.description.contains("total"))
  }
}
