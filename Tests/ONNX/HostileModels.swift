/// The models of ``HostileModelTests``.
enum HostileModels {
  private typealias Case = HostileModelTests.Case

  /// A model that is right, for cutting and changing.
  static let small = TestModel(
    [
      TestNode("Shape", ["x"], ["s"]), TestNode("Reshape", ["x", "s"], ["r"], name: "reshape"),
      TestNode("Gemm", ["r", "w", "b"], ["g"], [("transB", .int(1)), ("alpha", .float(0.5))]),
      TestNode("Slice", ["g", "starts", "ends"], ["c"]), TestNode("Softmax", ["c"], ["y"], [("axis", .int(-1))]),
    ],
    initializers: [
      .floats([1, 2, 3, 4, 5, 6], [2, 3], name: "w"), .floats([1, 2], [2], name: "b"), .integers([0], name: "starts"),
      .integers([2], name: "ends"),
    ])

  static let all: [HostileModelTests.Case] = graphs + numbers + data

  private static let graphs: [Case] = [
    Case(
      "uses a value before it is there", TestModel([TestNode("Relu", ["z"]), TestNode("Relu", ["x"], ["z"])]),
      "Relu \"#0\": the value \"z\" is not there"),
    Case(
      "refers to itself", TestModel([TestNode("Add", ["x", "y"], name: "loop")]),
      "Add \"loop\": the value \"y\" is not there"),
    Case(
      "has a name twice", TestModel([TestNode("Relu", ["x"]), TestNode("Abs", ["x"])]),
      "Abs \"#1\": two values are called \"y\""),
    Case("gives what it does not compute", TestModel([TestNode("Relu", ["x"], ["z"])]), "the value \"y\" is not there"),
    Case("has no inputs where some are needed", TestModel([TestNode("Add", ["x"])]), "Add \"#0\": input 1 is left out"),
    Case(
      "has an attribute of another kind", TestModel([TestNode("Softmax", ["x"], ["y"], [("axis", .string("a"))])]),
      "the attribute \"axis\" is a text, not an integer"),
    Case(
      "has an attribute twice", TestModel([TestNode("Softmax", ["x"], ["y"], [("axis", .int(1)), ("axis", .int(0))])]),
      "the attribute \"axis\" is there twice"),
    Case(
      "asks for operators of the future", TestModel([TestNode("Relu", ["x"])], version: 99),
      "version 99 of the operators"),
    Case("has a function that calls itself", recursive(), "nested more than"),
    Case("has functions that grow without end", growing(), "expand to more than"),
    Case("nests graphs too deep", nested(40), "is no ONNX model"),
  ]

  private static let numbers: [Case] = [
    Case(
      "reshapes to too many elements", reshape([1 << 33, 1 << 33]),
      "Reshape \"#0\": [8589934592, 8589934592] has more than"),
    Case("infers two sizes", reshape([-1, -1]), "Reshape"),
    Case("keeps a size that is not there", reshape([0, 0, 0]), "has no size 2 to keep"),
    Case(
      "expands to 2^60 elements",
      TestModel([TestNode("Expand", ["x", "s"])], initializers: [.integers([1 << 60, 2, 3], name: "s")]), "Expand"),
    Case(
      "makes a constant of 2^40 elements",
      TestModel([TestNode("ConstantOfShape", ["s"])], initializers: [.integers([1 << 40], name: "s")]), "has more than"),
    Case(
      "tiles 2^40 times",
      TestModel([TestNode("Tile", ["x", "s"])], initializers: [.integers([1 << 40, 1 << 30], name: "s")]), "Tile"),
    Case(
      "counts in steps of 0",
      TestModel(
        [TestNode("Range", ["a", "b", "a"])],
        initializers: [.integers([0], [], name: "a"), .integers([9], [], name: "b")]), "Range \"#0\": there is no way"),
    Case(
      "pads below nothing",
      TestModel([TestNode("Pad", ["x", "p"])], initializers: [.integers([-9, 0, 0, 0], name: "p")]), "Pad"),
    Case(
      "steps by 0",
      TestModel(
        [TestNode("Slice", ["x", "a", "b", "a", "a"])],
        initializers: [.integers([0], name: "a"), .integers([1], name: "b")]), "the step 0 leads nowhere"),
    Case(
      "transposes to no order", TestModel([TestNode("Transpose", ["x"], ["y"], [("perm", .ints([0, 0]))])]),
      "[0, 0] is not an order of 2 dimensions"),
    Case(
      "has an axis outside", TestModel([TestNode("Concat", ["x", "x"], ["y"], [("axis", .int(-1 << 62))])]),
      "Concat \"#0\": axis"),
    Case("strides by 0", conv([("strides", .ints([0, 0]))]), "Conv \"#0\": strides [0, 0] do not fit"),
    Case("has no groups", conv([("group", .int(0))]), "Conv"),
    Case("pads by 2^60", conv([("pads", .ints([1 << 60, 0, 0, 0]))]), "pads"),
    Case(
      "splits into parts that do not add up",
      TestModel(
        [TestNode("Split", ["x", "s"], ["y", "z"], [("axis", .int(1))])], initializers: [.integers([2, 2], name: "s")]),
      "do not add up"),
    Case(
      "looks up what is not there",
      TestModel([TestNode("Gather", ["x", "i"])], initializers: [.integers([7], name: "i")]), "index 7"),
    Case(
      "multiplies what does not fit", TestModel([TestNode("MatMul", ["x", "x"])]),
      "MatMul \"#0\": matmul: inner dimensions differ"),
    Case(
      "has depth 2^50",
      TestModel(
        [TestNode("OneHot", ["i", "d", "v"])],
        initializers: [
          .integers([1], name: "i"), .integers([1 << 50], [], name: "d"), .floats([0, 1], [2], name: "v"),
        ]), "OneHot"),
    Case(
      "scales by 2^40",
      TestModel([TestNode("Resize", ["x", "", "s"])], initializers: [.floats([1e12, 1e12], [2], name: "s")]), "Resize"),
    Case("loops for ever", forever(), "the loop takes more than"),
    Case(
      "decodes a picture that is none",
      TestModel(
        [TestNode("ImageDecoder", ["i"])],
        initializers: [TestTensor(name: "i", type: 2, dimensions: [4], raw: [66, 77, 0, 0])]), "ImageDecoder"),
  ]

  private static let data: [Case] = [
    Case(
      "claims more data than there is",
      TestModel(
        [TestNode("Add", ["x", "w"])], initializers: [TestTensor(name: "w", dimensions: [1 << 30], raw: [0, 0, 0, 0])]),
      "tensor \"w\": 4 bytes are not the 4294967296"),
    Case(
      "has negative sizes",
      TestModel([TestNode("Add", ["x", "w"])], initializers: [TestTensor(name: "w", dimensions: [-1], raw: [])]),
      "are negative"),
    Case(
      "has sizes that overflow",
      TestModel(
        [TestNode("Add", ["x", "w"])],
        initializers: [TestTensor(name: "w", dimensions: [0, 1 << 62, 1 << 62], raw: [])]), "too many elements"),
    Case(
      "has 300 dimensions",
      TestModel(
        [TestNode("Add", ["x", "w"])],
        initializers: [TestTensor(name: "w", dimensions: Array(repeating: 1, count: 300), raw: [0, 0, 0, 0])]),
      "300 dimensions are more than 8"),
    Case(
      "has an element type that does not exist",
      TestModel(
        [TestNode("Add", ["x", "w"])], initializers: [TestTensor(name: "w", type: 99, dimensions: [1], raw: [0])]),
      "element type 99 does not exist"),
    Case(
      "leaves its folder",
      TestModel(
        [TestNode("Add", ["x", "w"])],
        initializers: [TestTensor(name: "w", dimensions: [1], external: [("location", "../../etc/passwd")])]),
      "external data needs a model"),
  ]

  private static func reshape(_ sizes: [Int]) -> TestModel {
    TestModel([TestNode("Reshape", ["x", "s"])], initializers: [.integers(sizes, name: "s")])
  }

  private static func conv(_ attributes: [(String, TestAttribute)]) -> TestModel {
    var model = TestModel(
      [TestNode("Conv", ["x", "w"], ["y"], attributes)], initializers: [.floats([1], [1, 1, 1, 1], name: "w")])
    model.graph.inputs = [("x", 1, [1, 1, 4, 4])]
    return model
  }

  private static func recursive() -> TestModel {
    var model = TestModel([TestNode("F", ["x"], domain: "own")])
    model.domains = [("own", 1)]
    model.functions = [("F", ["a"], ["b"], [TestNode("F", ["a"], ["b"], domain: "own")])]
    return model
  }

  private static func growing() -> TestModel {
    var model = TestModel([TestNode("F0", ["x"], domain: "own")])
    model.domains = [("own", 1)]
    model.functions = (0..<12).map { level in
      let inner = level == 11 ? "Relu" : "F\(level + 1)"
      let nodes = (0..<10).map { place in
        TestNode(inner, ["v\(place)"], ["v\(place + 1)"], domain: level == 11 ? "" : "own")
      }
      return ("F\(level)", ["v0"], ["v10"], nodes)
    }
    return model
  }

  private static func nested(_ depth: Int) -> TestModel {
    var graph = TestGraph(nodes: [TestNode("Relu", ["x"], ["inner"])], inputs: [], outputs: ["inner"])
    let leaf = graph
    for _ in 0..<depth {
      let branches: [(String, TestAttribute)] = [("then_branch", .graph(graph)), ("else_branch", .graph(leaf))]
      graph = TestGraph(nodes: [TestNode("If", ["c"], ["inner"], branches)], inputs: [], outputs: ["inner"])
    }
    var model = TestModel([])
    model.graph = graph
    model.graph.inputs = [("x", 1, [2, 3]), ("c", 9, [])]
    return model
  }

  private static func forever() -> TestModel {
    let body = TestGraph(
      nodes: [TestNode("Identity", ["go"], ["again"])], inputs: [("turn", 7, []), ("go", 9, [])], outputs: ["again"])
    var model = TestModel([TestNode("Loop", ["", "c"], [], [("body", .graph(body))]), TestNode("Relu", ["x"])])
    model.graph.inputs.append(("c", 9, []))
    model.graph.initializers = [TestTensor(name: "c", type: 9, dimensions: [], raw: [1])]
    return model
  }
}
