package import Martlet

/// tanh(a · b + c) · sigmoid(d) - exp(-e) on 16,777,216 elements.
package struct ChainWorkload: Workload {
  package let itemsPerStep = 1
  let inputs: [Tensor]

  package init(elementCount: Int = 1 << 24) throws {
    inputs = (0..<5).map { Tensor.normal([elementCount], seed: $0) }
    for input in inputs { try evaluate(input) }
  }

  package func step() throws -> Double? {
    let (a, b, c, d, e) = (inputs[0], inputs[1], inputs[2], inputs[3], inputs[4])
    try evaluate(tanh(a * b + c) * sigmoid(d) - exp(-e))
    return nil
  }
}

/// Softmax of the rows of a matrix.
package struct SoftmaxWorkload: Workload {
  package let itemsPerStep = 1
  let x: Tensor

  package init(_ shape: Shape = [4096, 4096]) throws {
    x = Tensor.normal(shape, seed: 1)
    try evaluate(x)
  }

  package func step() throws -> Double? {
    try evaluate(x.softmax())
    return nil
  }
}

/// Layer normalization of the rows of a matrix, with scale and shift.
package struct LayerNormWorkload: Workload {
  package let itemsPerStep = 1
  package var module: (any Module)? { norm }
  let norm: LayerNorm
  let x: Tensor

  package init(_ shape: Shape = [8192, 1024]) throws {
    norm = LayerNorm(shape[1])
    x = Tensor.normal(shape, seed: 1)
    try evaluate(x)
  }

  package func step() throws -> Double? {
    try evaluate(norm(x))
    return nil
  }
}

/// The product of two square matrices.
package struct MatmulWorkload: Workload {
  package let itemsPerStep = 1
  let a, b: Tensor

  package init(size: Int = 2048) throws {
    a = Tensor.normal([size, size], seed: 1)
    b = Tensor.normal([size, size], seed: 2)
    try evaluate(a, b)
  }

  package func step() throws -> Double? {
    try evaluate(matmul(a, b))
    return nil
  }
}
