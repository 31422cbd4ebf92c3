import MartletGraph

/// Runs `body` with products of matrices and convolutions in a narrower type, and everything else as it is.
///
/// ```swift
/// let (loss, gradients) = valueAndGradient {
///   withContractions(in: .bfloat16) { softmaxCrossEntropy(model(images), labels: labels) }
/// }
/// ```
/// `matmul`, `einsum`, `tensordot` and convolutions of `float32` operands round them to `type`, add up in float 32, and
/// give `float32`; so do their derivatives. Parameters and what lies between the products stay `float32`. Vectors,
/// attention, which has kernels of its own, and linear algebra are computed as ever.
///
/// - Parameter type: `bfloat16` or `float16`; `float32` ends an outer call's effect.
public func withContractions<Result>(
  in type: DType, fileID: StaticString = #fileID, line: UInt = #line, _ body: () throws -> Result
) rethrows -> Result {
  if ![.bfloat16, .float16, .float32].contains(type) {
    let message = "products add up in float 32, so their operands cannot be \(type)"
    _ = stop(GraphError("withContractions", message), at: SourceLocation(fileID, line))
  }
  let recorder = Recorder.current
  return try recorder.contracting(in: type == .float32 ? nil : type, body)
}

extension Recorder {
  /// Runs `body` with the operands of products in that type; in their own if nil.
  func contracting<Result>(in type: DType?, _ body: () throws -> Result) rethrows -> Result {
    let outer = contractionType
    contractionType = type
    defer { contractionType = outer }
    return try body()
  }
}

extension Composition {
  /// A product of two arrays, in the type that ``withContractions(in:fileID:line:_:)`` asks for.
  func contracting(_ a: Tensor, _ b: Tensor, _ product: (Tensor, Tensor) throws -> Tensor) throws -> Tensor {
    guard let type = Recorder.current.contractionType, a.dtype == .float32, b.dtype == .float32, a.rank > 1, b.rank > 1
    else { return try product(a, b) }
    return try self(Cast(to: .float32), product(self(Cast(to: type), a), self(Cast(to: type), b)))
  }
}
