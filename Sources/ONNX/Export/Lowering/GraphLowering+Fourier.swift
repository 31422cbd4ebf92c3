import MartletGraph

/// ONNX has complex numbers as a last dimension of size 2, and divides by the length on the way back.
extension GraphLowering {
  func fourier(_ p: Fourier, _ current: LoweredNode) -> [String] {
    let x = current.operands
    let (rank, dtype) = (p.operand.rank, p.operand.dtype)
    switch p.kind {
    case .forward: return apart(transformed(complex(x, rank), p, isInverse: false, dtype), rank)
    case .inverse: return apart(transformed(complex(x, rank), p, isInverse: true, dtype), rank)
    case .realForward:
      let line = unsqueeze(x[0], [rank])
      let half = dft(line, p, [.int("onesided", 1)])
      return apart(half, rank)
    case .realInverse:
      let whole = transformed(complex(mirrored(x, p, dtype), rank), p, isInverse: true, dtype)
      return [apart(whole, rank)[0]]
    }
  }

  private func complex(_ parts: [String], _ rank: Int) -> String {
    one("Concat", parts.map { unsqueeze($0, [rank]) }, [.int("axis", rank)])
  }

  private func apart(_ x: String, _ rank: Int) -> [String] {
    (0..<2).map { one("Gather", [x, state.scalar(Literal($0, .int64))], [.int("axis", rank)]) }
  }

  private func dft(_ x: String, _ p: Fourier, _ attributes: [ONNXAttributeProto]) -> String {
    one("DFT", [x, "", state.scalar(Literal(p.axis, .int64))], attributes)
  }

  private func transformed(_ x: String, _ p: Fourier, isInverse: Bool, _ dtype: DType) -> String {
    let result = dft(x, p, [.int("inverse", isInverse ? 1 : 0)])
    return isInverse ? one("Mul", [result, scalar(Double(p.length), dtype)]) : result
  }

  /// The other half of a line that belongs to real numbers: the conjugates in the opposite order.
  private func mirrored(_ parts: [String], _ p: Fourier, _ dtype: DType) -> [String] {
    let rest = (p.length - 1) / 2
    let axis = [p.axis]
    func tail(_ x: String) -> String {
      reversed(sliced(x, axes: axis, starts: [Size(1)], limits: [Size(1 + rest)]), axis)
    }
    // The imaginary parts of the first and, for even lengths, of the last count as 0.
    let middle = sliced(parts[1], axes: axis, starts: [Size(1)], limits: [Size(1 + rest)])
    let edge = one("Mul", [sliced(parts[1], axes: axis, starts: [Size(0)], limits: [Size(1)]), scalar(0, dtype)])
    let join: ONNXAttributeProto = .int("axis", p.axis)
    let imaginary = [edge, middle] + (p.length % 2 == 0 ? [edge] : []) + [one("Neg", [tail(parts[1])])]
    return [one("Concat", [parts[0], tail(parts[0])], [join]), one("Concat", imaginary, [join])]
  }
}
