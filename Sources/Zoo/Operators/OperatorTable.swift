import Martlet

extension OperatorBenchmark {
  /// The operators, in the order of the report.
  static let table: [Operator] = elements + reductions + arrays + indexing + contractions + images + algebra

  /// A call of a function of tensors that are drawn from a normal distribution.
  static func call(
    _ shapes: [Shape], _ function: @escaping @Sendable ([Tensor]) -> Tensor
  ) throws -> () throws -> Void {
    let inputs = shapes.enumerated().map { Tensor.normal($1, seed: UInt64($0 + 1)) }
    try Tensor.evaluate(inputs)
    return { _ = try function(inputs).evaluated() }
  }

  /// An operator on one vector.
  static func ofOne(_ name: String, _ function: @escaping @Sendable (Tensor) -> Tensor) -> Operator {
    Operator(name, vectors) { size in try call([Shape(size)]) { function($0[0]) } }
  }

  /// An operator on the positive elements of a vector.
  static func ofPositive(_ name: String, _ function: @escaping @Sendable (Tensor) -> Tensor) -> Operator {
    Operator(name, vectors) { size in
      let x = Tensor.uniform(Shape(size), in: 0.1...3, seed: 1)
      try evaluate(x)
      return { _ = try function(x).evaluated() }
    }
  }

  /// An operator on two vectors.
  static func ofTwo(_ name: String, _ function: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> Operator {
    Operator(name, vectors) { size in try call([Shape(size), Shape(size)]) { function($0[0], $0[1]) } }
  }

  /// An operator on a matrix.
  static func ofMatrix(
    _ name: String, _ sizes: [[Int]] = matrices, _ function: @escaping @Sendable (Tensor) -> Tensor
  ) -> Operator {
    Operator(name, sizes) { size in try call([Shape(size)]) { function($0[0]) } }
  }

  static let vectors = [[1 << 12], [1 << 17], [1 << 22]]
  static let matrices = [[64, 64], [512, 512], [4096, 1024]]

  private static let elements: [Operator] = [
    ofTwo("add") { $0 + $1 },
    ofTwo("divide") { $0 / $1 },
    ofTwo("maximum") { maximum($0, $1) },
    ofTwo("where") { select($0 .> $1, $0, $1) },
    Operator("multiply row", matrices) { size in
      try call([Shape(size), Shape([size[1]])]) { $0[0] * $0[1] }
    },
    ofPositive("power") { power($0, 2.5) },
    ofPositive("log") { log($0) },
    ofPositive("sqrt") { sqrt($0) },
    ofOne("exp") { exp($0) },
    ofOne("tanh") { tanh($0) },
    ofOne("sigmoid") { sigmoid($0) },
    ofOne("sin") { sin($0) },
    ofOne("erf") { erf($0) },
    ofOne("relu") { relu($0) },
    ofOne("gelu") { gelu($0) },
    ofOne("silu") { silu($0) },
    ofOne("clip") { $0.clipped(to: -1...1) },
    ofOne("cast bfloat16") { $0.cast(to: .bfloat16) },
    ofOne("cast int32") { $0.cast(to: .int32) },
  ]

  private static let reductions: [Operator] = [
    ofMatrix("sum") { $0.sum() },
    ofMatrix("sum rows") { $0.sum(axes: [1]) },
    ofMatrix("sum columns") { $0.sum(axes: [0]) },
    ofMatrix("max rows") { $0.max(axes: [1]) },
    ofMatrix("argmax rows") { $0.argMax(axis: 1) },
    ofMatrix("variance rows") { $0.variance(axes: [1]) },
    ofMatrix("norm") { $0.norm() },
    ofMatrix("logsumexp rows") { $0.logSumExp(axes: [1]) },
    ofMatrix("cumsum rows") { $0.cumulativeSum(axis: 1) },
    ofMatrix("softmax") { $0.softmax() },
    Operator("layernorm", matrices) { size in
      let norm = LayerNorm(size[1])
      return try call([Shape(size)]) { norm($0[0]) }
    },
    Operator("cross entropy", matrices) { size in
      let labels = Tensor.randomIntegers([size[0]], in: 0..<size[1], seed: 2)
      try evaluate(labels)
      return try call([Shape(size)]) { softmaxCrossEntropy($0[0], labels: labels) }
    },
  ]

  private static let arrays: [Operator] = [
    ofMatrix("transpose", [[64, 64], [512, 512], [2048, 2048]]) { $0.transposed() },
    ofMatrix("permute", [[1, 8, 8, 16], [8, 32, 32, 64], [32, 56, 56, 64]]) { $0.transposed([0, 3, 1, 2]) },
    ofMatrix("concatenate") { Tensor(concatenating: [$0, $0], axis: 1) },
    ofMatrix("pad") { $0.padded([(1, 1), (1, 1)]) },
    ofMatrix("roll") { $0.rolled(by: 3, axis: 1) },
    ofMatrix("flip") { $0.reversed(axes: [1]) },
    ofMatrix("slice") { $0[(0...).striding(by: 2), 1...] },
    ofMatrix("tile", [[64, 16], [256, 256], [1024, 1024]]) { $0.tiled([2, 2]) },
    ofMatrix("triangle") { $0.lowerTriangle() },
    Operator("random normal", vectors) { size in
      nonisolated(unsafe) var seed: UInt64 = 0
      return {
        seed += 1
        _ = try Tensor.normal(Shape(size), seed: seed).evaluated()
      }
    },
    Operator("random uniform", vectors) { size in
      nonisolated(unsafe) var seed: UInt64 = 0
      return {
        seed += 1
        _ = try Tensor.uniform(Shape(size), seed: seed).evaluated()
      }
    },
  ]

  /// Rows of a table and how many are looked up; vectors to sort.
  private static let lookups = [[1000, 64], [10_000, 256], [100_000, 1024]]
  private static let sequences = [[1000], [100_000], [1_000_000]]

  private static let indexing: [Operator] = [
    Operator("embedding", lookups) { size in
      let indices = Tensor.randomIntegers([4096], in: 0..<size[0], seed: 2)
      try evaluate(indices)
      return try call([Shape(size)]) { $0[0].gathered(at: indices) }
    },
    Operator("scatter add", lookups) { size in
      let indices = Tensor.randomIntegers([4096], in: 0..<size[0], seed: 2)
      try evaluate(indices)
      return try call([Shape(size), [4096, size[1]]]) { $0[0].scattering($0[1], at: indices, combining: .add) }
    },
    Operator("take along", matrices) { size in
      let indices = Tensor.randomIntegers(Shape(size), in: 0..<size[1], seed: 2)
      try evaluate(indices)
      return try call([Shape(size)]) { $0[0].takenAlong(axis: 1, at: indices) }
    },
    Operator("one hot", [[64, 10], [1024, 100], [4096, 1000]]) { size in
      let labels = Tensor.randomIntegers([size[0]], in: 0..<size[1], seed: 2)
      try evaluate(labels)
      return { _ = try labels.oneHot(depth: size[1]).evaluated() }
    },
    Operator("bincount", sequences) { size in
      let values = Tensor.randomIntegers(Shape(size), in: 0..<256, seed: 2)
      try evaluate(values)
      return { _ = try values.binCounts(count: 256).evaluated() }
    },
    Operator("searchsorted", sequences) { size in
      let edges = Tensor.normal([1000], seed: 3).sorted()
      try evaluate(edges)
      return try call([Shape(size)]) { edges.searchSorted($0[0]) }
    },
    ofMatrix("sort", sequences) { $0.sorted() },
    ofMatrix("argsort rows", matrices) { $0.argSorted(axis: 1) },
    Operator("topk rows", [[32, 100], [256, 1000], [64, 50_000]]) { size in
      try call([Shape(size)]) { $0[0].topK(10).values }
    },
    Operator("topk", sequences) { size in try call([Shape(size)]) { $0[0].topK(100).values } },
  ]
}
