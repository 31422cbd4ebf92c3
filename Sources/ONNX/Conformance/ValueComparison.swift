import Martlet

/// Compares values as ONNX's backend tests do.
struct ValueComparison {
  /// Numbers may differ by so much of the expected one.
  var relative = 1e-3
  /// And by so much besides.
  var absolute = 1e-7

  /// What differs, or nil.
  func difference(_ result: ONNXValue, _ expected: ONNXValue) throws -> String? {
    switch (result, expected) {
    case (.tensor(let a), .tensor(let b)): return try difference(a, b)
    case (.strings(let a), .strings(let b)):
      return a == b ? nil : "is \(a.shape) \(a.elements.prefix(10)), not \(b.shape) \(b.elements.prefix(10))"
    case (.sequence(let a), .sequence(let b)):
      guard a.count == b.count else { return "has \(a.count) elements, not \(b.count)" }
      for (place, (x, y)) in zip(a, b).enumerated() {
        if let found = try difference(x, y) { return "at \(place) \(found)" }
      }
      return nil
    case (.optional(nil), .optional(nil)): return nil
    case (.optional(let a?), .optional(let b?)), (let a, .optional(let b?)), (.optional(let a?), let b):
      return try difference(a, b)
    default: return "is \(result.kind), not \(expected.kind)"
    }
  }

  private func difference(_ a: ONNXTensor, _ b: ONNXTensor) throws -> String? {
    guard a.elementType == b.elementType, a.tensor.shape == b.tensor.shape else {
      return "is \(a.elementType) \(a.tensor.shape), not \(b.elementType) \(b.tensor.shape)"
    }
    if !a.tensor.dtype.isFloatingPoint {
      // With all digits, and no more apart than is allowed absolutely.
      let (x, y) = (
        a.tensor.cast(to: .int64).scalars(as: Int64.self), b.tensor.cast(to: .int64).scalars(as: Int64.self)
      )
      return x.indices.first { place in
        let (distance, overflow) = x[place].subtractingReportingOverflow(y[place])
        return overflow || Double(distance.magnitude) > max(absolute, 0)
      }.map { "is \(x[$0]) at \($0), not \(y[$0])" }
    }
    let x = a.tensor.cast(to: .float64).scalars(as: Double.self)
    let y = b.tensor.cast(to: .float64).scalars(as: Double.self)
    let bad = x.indices.first { place in
      let (p, q) = (x[place], y[place])
      if p == q || (p.isNaN && q.isNaN) { return false }
      return !((p - q).magnitude <= absolute + relative * q.magnitude)
    }
    // Beside the largest number, so that rounding can be told from a mistake.
    let largest = y.reduce(0) { $1.magnitude.isFinite ? max($0, $1.magnitude) : $0 }
    return bad.map { place in
      let part = Float((x[place] - y[place]).magnitude / largest)
      return "is \(x[place]) at \(place), not \(y[place]): apart by \(part) of the largest number"
    }
  }
}
