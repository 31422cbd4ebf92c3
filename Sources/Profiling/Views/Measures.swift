/// What is counted of a node.
enum Measure: Int, CaseIterable, Sendable {
  case requestedBytes, peakBytes, residualBytes, outputBytes
  case acceleratorNanoseconds, cpuNanoseconds
  case parameters, floatOperations, multiplyAdds
  case runs, definitions
  case forwardNanoseconds, backwardNanoseconds, updateNanoseconds
  case forwardOperations, backwardOperations, updateOperations
}

/// A number for each measure; they add up.
///
/// Doubles, because an average over steps need not be whole; counts are exact up to 2⁵³.
struct Measures: Sendable, Hashable {
  private var lanes = SIMD32<Double>()

  subscript(measure: Measure) -> Double {
    get { lanes[measure.rawValue] }
    set { lanes[measure.rawValue] = newValue }
  }

  /// Time on accelerators and processors together.
  var nanoseconds: Double { self[.acceleratorNanoseconds] + self[.cpuNanoseconds] }

  static func += (a: inout Measures, b: Measures) { a.lanes += b.lanes }
}
