import Martlet

extension OperatorBenchmark {
  static let contractions: [Operator] = [
    Operator("matmul", [[64], [256], [1024]]) { size in
      try call([[size[0], size[0]], [size[0], size[0]]]) { matmul($0[0], $0[1]) }
    },
    Operator("matvec", [[64], [512], [4096]]) { size in
      try call([[size[0], size[0]], [size[0]]]) { matmul($0[0], $0[1]) }
    },
    Operator("batched matmul", [[16, 16], [64, 64], [32, 256]]) { size in
      let shape: Shape = [size[0], size[1], size[1]]
      return try call([shape, shape]) { matmul($0[0], $0[1]) }
    },
    Operator("linear relu", [[8, 128], [128, 512], [512, 2048]]) { size in
      try call([[size[0], size[1]], [size[1], size[1]], [size[1]]]) { relu(matmul($0[0], $0[1]) + $0[2]) }
    },
    Operator("einsum scores", [[1, 4, 32, 32], [4, 8, 128, 64], [8, 12, 256, 64]]) { size in
      try call([Shape(size), Shape(size)]) { einsum("bhqd,bhkd->bhqk", $0[0], $0[1]) }
    },
    Operator("attention", [[1, 4, 32, 32], [4, 8, 128, 64], [2, 12, 1024, 64]]) { size in
      let shape = heads(size)
      return try call([shape, shape, shape]) { attention($0[0], $0[1], $0[2]) }
    },
    Operator("attention causal", [[1, 4, 32, 32], [4, 8, 128, 64], [2, 12, 1024, 64]]) { size in
      let shape = heads(size)
      return try call([shape, shape, shape]) { attention($0[0], $0[1], $0[2], isCausal: true) }
    },
  ]

  /// Sizes are those of PyTorch's layout, `[batch, heads, length, width]`.
  private static func heads(_ size: [Int]) -> Shape { [size[0], size[2], size[1], size[3]] }

  /// `[batch, height, channels]` of square images.
  private static let pictures = [[1, 16, 16], [8, 32, 64], [16, 56, 64]]

  private static func ofPictures(
    _ name: String, filter: @escaping @Sendable (Int) -> Shape,
    _ function: @escaping @Sendable (Tensor, Tensor) -> Tensor
  ) -> Operator {
    Operator(name, pictures) { size in
      try call([[size[0], size[1], size[1], size[2]], filter(size[2])]) { function($0[0], $0[1]) }
    }
  }

  private static func ofPictures(_ name: String, _ function: @escaping @Sendable (Tensor) -> Tensor) -> Operator {
    Operator(name, pictures) { size in
      try call([[size[0], size[1], size[1], size[2]]]) { function($0[0]) }
    }
  }

  static let images: [Operator] = [
    ofPictures("conv 3x3", filter: { [3, 3, $0, $0] }) { conv2D($0, $1, padding: .same) },
    ofPictures("conv 1x1", filter: { [1, 1, $0, $0] }) { conv2D($0, $1) },
    ofPictures("conv depthwise", filter: { [3, 3, 1, $0] }) { x, filter in
      conv2D(x, filter, padding: .same, groups: x.shape[3])
    },
    ofPictures("conv transposed", filter: { [2, 2, $0, $0] }) { transposedConv2D($0, $1, stride: 2) },
    Operator("conv 1d", [[1, 64, 16], [8, 256, 64], [16, 1024, 128]]) { size in
      try call([Shape(size), [3, size[2], size[2]]]) { conv1D($0[0], $0[1], padding: .same) }
    },
    ofPictures("max pool") { maxPool2D($0, windowSize: 2) },
    ofPictures("average pool") { averagePool2D($0, windowSize: 2) },
    ofPictures("global pool") { globalAveragePool($0) },
    ofPictures("resize bilinear") { x in resized(x, to: [2 * x.shape[1], 2 * x.shape[2]], interpolation: .linear) },
    ofPictures("resize bicubic") { x in resized(x, to: [2 * x.shape[1], 2 * x.shape[2]], interpolation: .cubic) },
    ofPictures("resize nearest") { x in resized(x, to: [2 * x.shape[1], 2 * x.shape[2]]) },
    Operator("batchnorm", pictures) { size in
      let norm = BatchNorm(size[2])
      return try call([[size[0], size[1], size[1], size[2]]]) { norm($0[0]) }
    },
    Operator("groupnorm", pictures) { size in
      let norm = GroupNorm(size[2], groups: 8)
      return try call([[size[0], size[1], size[1], size[2]]]) { norm($0[0]) }
    },
  ]

  private static let squares = [[32], [128], [512]]

  /// An operator on a square matrix.
  private static func ofSquare(_ name: String, _ function: @escaping @Sendable (Tensor) -> [Tensor]) -> Operator {
    Operator(name, squares) { size in
      let x = Tensor.normal([size[0], size[0]], seed: 1)
      try evaluate(x)
      return { try Tensor.evaluate(function(x)) }
    }
  }

  /// An operator on a symmetric matrix with positive eigenvalues.
  private static func ofPositiveDefinite(
    _ name: String, _ function: @escaping @Sendable (Tensor) -> [Tensor]
  ) -> Operator {
    Operator(name, squares) { size in
      let x = Tensor.normal([size[0], size[0]], seed: 1)
      let matrix = matmul(x, x.transposed()) / Double(size[0]) + Tensor.eye(size[0])
      try evaluate(matrix)
      return { try Tensor.evaluate(function(matrix)) }
    }
  }

  static let algebra: [Operator] = [
    ofPositiveDefinite("cholesky") { [cholesky($0)] },
    ofSquare("lu") { x in
      let factors = luFactors(x)
      return [factors.lower, factors.upper, factors.order]
    },
    ofSquare("qr") { x in
      let factors = qr(x)
      return [factors.q, factors.r]
    },
    ofPositiveDefinite("eigh") { x in
      let pairs = eigh(x)
      return [pairs.values, pairs.vectors]
    },
    ofSquare("svd") { x in
      let factors = svd(x)
      return [factors.u, factors.s, factors.vt]
    },
    ofPositiveDefinite("solve") { [solve($0, $0[0..., 0..<8])] },
    ofPositiveDefinite("inverse") { [inverse($0)] },
    ofPositiveDefinite("triangular solve") { [triangularSolve($0, $0, isLower: true)] },
    Operator("fft", [[16, 256], [64, 1000], [64, 16384]]) { size in
      try call([Shape(size), Shape(size)]) { parts in fft(ComplexTensor(real: parts[0], imaginary: parts[1])).real }
    },
    Operator("rfft", [[16, 256], [64, 1000], [64, 16384]]) { size in
      try call([Shape(size)]) { realFFT($0[0]).real }
    },
    Operator("fft 2d", [[16, 16], [256, 256], [1024, 1024]]) { size in
      try call([Shape(size), Shape(size)]) { parts in fftN(ComplexTensor(real: parts[0], imaginary: parts[1])).real }
    },
  ]
}
