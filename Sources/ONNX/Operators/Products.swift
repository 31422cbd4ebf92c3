import Martlet

extension OperatorTable {
  /// Matrix products and what belongs to them.
  static let products: [Operator] = [
    .one("MatMul") { call in try product(call.tensor(0), call.tensor(1)) },
    .one("Gemm") { call in
      let a = try call.tensor(0, rank: 2)
      let b = try call.tensor(1, rank: 2)
      let left = try call.flag("transA") ? a.transposed() : a
      let right = try call.flag("transB") ? b.transposed() : b
      let alpha = try call.float("alpha", default: 1)
      let beta = try call.float("beta", default: 1)
      let raw = matmul(left, right)
      let scaled = alpha == 1 ? raw : raw * alpha
      guard beta != 0, let c = try call.optionalTensor(2) else { return scaled }
      return scaled + (beta == 1 ? c : c * beta)
    },
    .one("Einsum") { call in
      let equation = try call.string("equation", default: "")
      return try einsum(equation, call.tensors())
    },
    .one("Det") { call in determinant(try call.tensor(0, rank: 2...)) },
    .one("MatMulInteger") { call in
      let a = try call.centered(0, zeroPoint: 2, isRow: true)
      return try product(a, call.centered(1, zeroPoint: 3, isRow: false))
    },
  ]

  /// NumPy's `matmul`: vectors take part as a row or a column, which then disappears.
  static func product(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    guard a.rank > 0, b.rank > 0 else { throw ONNXError(.mismatch, "a scalar has no matrix product") }
    let left = a.rank == 1 ? a.expandingDimensions(at: 0) : a
    let right = b.rank == 1 ? b.expandingDimensions(at: 1) : b
    let result = matmul(left, right)
    try Interpreter.checkMistakes()
    if a.rank == 1 && b.rank == 1 { return result.squeezed(axes: [-2, -1]) }
    if a.rank == 1 { return result.squeezed(axes: -2) }
    return b.rank == 1 ? result.squeezed(axes: -1) : result
  }
}

extension Call {
  /// Integers less their zero point, as 32-bit integers.
  ///
  /// - Parameter isRow: Whether a zero point that is a vector has one number for each row, not each column.
  func centered(_ input: Int, zeroPoint: Int, isRow: Bool) throws -> Tensor {
    let x = try tensor(input).cast(to: .int32)
    guard let zero = try optionalTensor(zeroPoint)?.cast(to: .int32) else { return x }
    let isColumn = isRow && zero.rank == 1 && zero.elementCount > 1 && x.rank > 1
    return x - (isColumn ? zero.expandingDimensions(at: 1) : zero)
  }
}
