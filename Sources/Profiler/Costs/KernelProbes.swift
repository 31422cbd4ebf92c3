import Martlet
import MartletGraph

/// Programs from whose kernels the cost model learns: small ones of all kinds, and none of the benchmark.
struct KernelProbes {
  /// Does one step of each program, to its end.
  let steps: [() throws -> Void]

  init() throws {
    var steps: [() throws -> Void] = []
    steps += try KernelProbes.products()
    steps += try KernelProbes.rows()
    steps += try KernelProbes.movements()
    steps += try KernelProbes.lookups()
    steps += try KernelProbes.attentions()
    steps += try KernelProbes.convolutions()
    steps += [
      try KernelProbes.pictures(), try KernelProbes.morePictures(), try KernelProbes.texts(), try KernelProbes.wide(),
    ]
    self.steps = steps
  }

  private static func random(_ shape: Shape, _ seed: UInt64 = 1) throws -> Tensor {
    let result = Tensor.normal(shape, seed: seed)
    try evaluate(result)
    return result
  }

  /// Matrix products large and small, square and not, in batches and with a vector.
  private static func products() throws -> [() throws -> Void] {
    let sizes: [(batch: Int, rows: Int, depth: Int, columns: Int)] = [
      (1, 64, 64, 64), (1, 192, 192, 192), (1, 512, 512, 512), (1, 1024, 256, 1024), (1, 48, 1024, 768),
      (1, 1024, 768, 48), (1, 1024, 24, 1024), (24, 64, 64, 64), (1, 16, 512, 512), (1, 1536, 384, 384),
      (1, 1, 1024, 1024), (1, 1, 2048, 4096), (1, 1, 256, 256), (1, 2, 1024, 3000), (1, 768, 768, 1),
    ]
    return try sizes.map { size in
      let a = try random([size.batch, size.rows, size.depth])
      let b = try random([size.batch, size.depth, size.columns], 2)
      return { try evaluate(matmul(a, b)) }
    }
  }

  /// Chains of simple operations, divisions, functions and reductions, in and out of the caches.
  private static func rows() throws -> [() throws -> Void] {
    var steps: [() throws -> Void] = []
    for count in [300, 4000, 40_000, 300_000, 6_000_000] {
      let (a, b) = (try random([count]), try random([count], 2))
      steps += [
        { try evaluate(a + b) }, { try evaluate((a * b - a) * 0.5 + relu(b) * b) },
        { try evaluate(a / (b * b + 1)) }, { try evaluate(exp(-a * a)) }, { try evaluate(tanh(a) * sigmoid(b)) },
        { try evaluate(erf(a) + log(b * b + 1)) },
      ]
    }
    for shape in [[64, 512], [2000, 300], [512, 4000]] as [Shape] {
      let x = try random(shape)
      let norm = LayerNorm(shape[1])
      steps += [
        { try evaluate(x.softmax()) }, { try evaluate(norm(x)) }, { try evaluate(x.sum(axes: [0])) },
        { try evaluate(x.sum(axes: [1])) }, { try evaluate((x * x).mean(axes: [0])) },
      ]
    }
    return steps
  }

  /// Arrays that are put into another order, joined, looked up and added to; random numbers.
  private static func movements() throws -> [() throws -> Void] {
    var steps: [() throws -> Void] = []
    for (rows, columns) in [(200, 150), (1000, 700), (3000, 1500)] {
      let x = try random([rows, columns])
      let y = try random([rows / 10, 10, columns])
      let indices = Tensor.randomIntegers([rows], in: 0..<rows, seed: 3)
      try evaluate(indices)
      steps += [
        { try evaluate(x.transposed().sorted(axis: -1)[0]) }, { try evaluate(Tensor(concatenating: [x, x], axis: 1)) },
        { try evaluate(x.padded([(1, 1), (1, 1)])) }, { try evaluate(x.gathered(at: indices, axis: 0)) },
        { try evaluate(gradient(at: x) { $0.gathered(at: indices, axis: 0).sum() }) },
        { try evaluate(y.transposed([1, 0, 2]) * 2) }, { try evaluate(Tensor.uniform([rows, columns], seed: 4)) },
      ]
    }
    return steps
  }

  /// Some rows of tables that are larger than caches, looked up and changed in place.
  private static func lookups() throws -> [() throws -> Void] {
    try [(2_000_000, 1, 30_000), (500_000, 24, 20_000), (200_000, 64, 3000)].map { rows, columns, count in
      let table = Parameter(try random([rows, columns]))
      let optimizer = SGD([table], learningRate: 0.01)
      let indices = Tensor.randomIntegers([count], in: 0..<rows, seed: 3)
      try evaluate(indices)
      return {
        let (_, gradients) = valueAndGradient { (table.tensor.gathered(at: indices, axis: 0) * 2).sum() }
        optimizer.update(with: gradients)
      }
    }
  }

  private static func training(
    _ model: some Layer, _ x: Tensor, _ labels: Tensor, _ optimizer: any Optimizer
  ) -> () throws -> Void {
    {
      withMode(.training) {
        let (_, gradients) = valueAndGradient { softmaxCrossEntropy(model(x), labels: labels) }
        optimizer.update(with: gradients)
      }
    }
  }

  /// A network of usual convolutions.
  private static func pictures() throws -> () throws -> Void {
    let model = Sequential {
      Conv2D(3, 24, kernelSize: 3, padding: .same)
      BatchNorm(24)
      Activation.relu
      MaxPool2D(windowSize: 2)
      Conv2D(24, 48, kernelSize: 3, padding: .same)
      Activation.relu
      Conv2D(48, 96, kernelSize: 3, stride: 2, padding: .same)
      BatchNorm(96)
      Activation.relu
      Conv2D(96, 96, kernelSize: 3, padding: .same)
      Activation.relu
      Flatten()
      Dense(96 * 49, 10)
    }
    let labels = Tensor.randomIntegers([12], in: 0..<10, seed: 2)
    try evaluate(labels)
    return training(
      model, try random([12, 28, 28, 3]), labels, SGD(model.parameters, learningRate: 0.01, momentum: 0.9))
  }

  /// A network of wide, narrow and separate convolutions.
  private static func morePictures() throws -> () throws -> Void {
    let model = Sequential {
      Conv2D(3, 48, kernelSize: 7, stride: 2, padding: .same)
      Activation.relu
      Conv2D(48, 64, kernelSize: 1)
      BatchNorm(64)
      Activation.relu
      Conv2D(64, 64, kernelSize: 3, padding: .same, groups: 64)
      Activation.relu
      Conv2D(64, 128, kernelSize: 1)
      Activation.relu
      Conv2D(128, 32, kernelSize: 5, stride: 2, padding: .same)
      Activation.relu
      Flatten()
      Dense(32 * 28 * 28, 10)
    }
    let labels = Tensor.randomIntegers([4], in: 0..<10, seed: 2)
    try evaluate(labels)
    return training(model, try random([4, 112, 112, 3]), labels, SGD(model.parameters, learningRate: 0.01))
  }

  /// Attention and its derivative.
  private static func attentions() throws -> [() throws -> Void] {
    try ([[2, 300, 4, 64], [4, 64, 2, 32], [1, 96, 12, 48]] as [Shape]).map { shape in
      let inputs = try (1...3).map { try random(shape, UInt64($0)) }
      return {
        try evaluate(attention(inputs[0], inputs[1], inputs[2], isCausal: true))
        let gradients = gradient(at: inputs) { attention($0[0], $0[1], $0[2], isCausal: true).sum() }
        try Tensor.evaluate(gradients)
      }
    }
  }

  /// Convolutions and their derivatives, of many sizes.
  private static func convolutions() throws -> [() throws -> Void] {
    let sizes: [(batch: Int, size: Int, inputs: Int, outputs: Int, kernel: Int, stride: Int)] = [
      (8, 28, 32, 32, 3, 1), (2, 56, 64, 64, 3, 1), (4, 14, 128, 128, 3, 1), (2, 14, 256, 256, 3, 1),
      (8, 8, 256, 256, 3, 1), (8, 28, 64, 128, 3, 2), (8, 28, 64, 128, 1, 1), (4, 14, 256, 64, 1, 1),
      (8, 14, 128, 256, 1, 2), (2, 64, 3, 32, 3, 1), (2, 64, 3, 64, 7, 2), (8, 7, 512, 128, 1, 1),
      (12, 36, 72, 72, 3, 1), (12, 36, 144, 72, 1, 1), (12, 18, 288, 144, 3, 1), (12, 18, 144, 144, 3, 1),
      (1, 48, 72, 72, 3, 1), (1, 48, 72, 192, 1, 1), (1, 12, 768, 192, 1, 1), (1, 6, 384, 384, 3, 1),
    ]
    return try sizes.map { size in
      let x = try random([size.batch, size.size, size.size, size.inputs])
      let filter = try random([size.kernel, size.kernel, size.inputs, size.outputs], 2)
      func convolve(_ x: Tensor, _ filter: Tensor) -> Tensor {
        conv2D(x, filter, stride: Spatial(size.stride), padding: .same)
      }
      let weights = try random(convolve(x, filter).shape, 3)
      return {
        try evaluate(convolve(x, filter))
        try Tensor.evaluate(gradient(at: [x, filter]) { (convolve($0[0], $0[1]) * weights).sum() })
      }
    }
  }

  /// Layers with so many parameters that their updates are most of the work.
  private static func wide() throws -> () throws -> Void {
    let model = Sequential {
      Embedding(3000, 500)
      Dense(500, 1200)
      Activation.gelu
      Dense(1200, 400)
    }
    let tokens = Tensor.randomIntegers([40, 6], in: 0..<400, seed: 2)
    try evaluate(tokens)
    return training(model, tokens, tokens, AdamW(model.parameters, learningRate: 1e-3))
  }

  /// A transformer.
  private static func texts() throws -> () throws -> Void {
    struct Block: Layer {
      let norm = LayerNorm(160)
      let attention = MultiHeadAttention(160, headCount: 4, isCausal: true)
      let expand = Dense(160, 640)
      let contract = Dense(640, 160)
      func callAsFunction(_ x: Tensor) -> Tensor {
        let y = x + attention(norm(x))
        return y + contract(gelu(expand(norm(y))))
      }
    }
    struct Model: Layer {
      let embedding = Embedding(1500, 160)
      let blocks = (0..<2).map { _ in Block() }
      let head = Dense(160, 1500)
      func callAsFunction(_ tokens: Tensor) -> Tensor { head(blocks.reduce(embedding(tokens)) { $1($0) }) }
    }
    let model = Model()
    let tokens = Tensor.randomIntegers([6, 144], in: 0..<1500, seed: 2)
    try evaluate(tokens)
    return training(model, tokens, tokens, AdamW(model.parameters, learningRate: 1e-3))
  }
}
