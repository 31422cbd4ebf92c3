import Martlet
import MartletGraph
import MartletTestSupport
import Testing

/// Every function that has a numerical check of its derivative, in floats of 16 and 32 bits: values and gradients are
/// those in float 64, rounded.
@Suite(.endsAtZero) struct NarrowTypesTests {
  @Test(arguments: [MartletGraph.DType.float32, .bfloat16, .float16])
  func `functions of narrow floats are those of wide ones, rounded`(dtype: MartletGraph.DType) {
    var (complaints, count): ([String], Int) = ([], 0)
    for function in SmoothFunction.all where !Self.wideAlone.contains(function.name) {
      for operands in function.operands() {
        let narrow = operands.map { $0.dtype == .float64 ? $0.cast(to: dtype) : $0 }
        // Rounded the same, so that what differs is the computation.
        let wide = narrow.map { $0.dtype == dtype ? $0.cast(to: .float64) : $0 }
        count += 1
        if let complaint = complaint(function, narrow, wide, dtype) {
          complaints.append("\(function.name): \(complaint)")
          break
        }
      }
    }
    #expect(count > 800)
    #expect(complaints.isEmpty, "\(complaints.count):\n\(complaints.joined(separator: "\n"))")
  }

  private func complaint(
    _ function: SmoothFunction, _ narrow: [Tensor], _ wide: [Tensor], _ dtype: MartletGraph.DType
  ) -> String? {
    do {
      let (found, expected) = try checked { (function.function(narrow), function.function(wide)) }
      for (a, b) in zip(found, expected) where b.dtype == .float64 {
        if a.dtype != dtype { return "gives \(a.type)" }
        if let difference = difference(a, b, dtype) { return difference }
      }
      let slopes = try checked { (Self.gradients(function, narrow), Self.gradients(function, wide)) }
      for (a, b) in zip(slopes.0, slopes.1) {
        if a.dtype != dtype { return "the gradient is \(a.type)" }
        if let difference = difference(a, b, dtype) { return "gradient: \(difference)" }
      }
      return nil
    } catch {
      return "\(error)"
    }
  }

  private static func gradients(_ function: SmoothFunction, _ operands: [Tensor]) -> [Tensor] {
    let sources = operands.indices.filter { operands[$0].dtype.isFloatingPoint }
    return gradient(at: sources.map { operands[$0] }) { moved in
      var x = operands
      for (source, tensor) in zip(sources, moved) { x[source] = tensor }
      return function.function(x).filter { $0.dtype.isFloatingPoint }
        .map { $0.cast(to: .float64).sum() }.reduce(Tensor(0.0), +)
    }
  }

  /// A handful of roundings of numbers as large as the largest there is.
  private func difference(_ found: Tensor, _ expected: Tensor, _ dtype: MartletGraph.DType) -> String? {
    let rounding = dtype == .float32 ? 0x1p-24 : dtype == .float16 ? 0x1p-11 : 0x1p-8
    let (a, b) = (found.doubles, expected.doubles)
    let largest = b.reduce(1) { max($0, abs($1)) }
    for (index, (x, y)) in zip(a, b).enumerated() where !(abs(x - y) <= 64 * rounding * largest) {
      return "element \(index) of \(found.type): \(x), wide \(y)"
    }
    return nil
  }

  /// Whose results have a type of their own; and corners of boxes, which 8 bits put on the other side of a pixel.
  private static let wideAlone: Set = ["cast", "promoted", "attentionWithLogSumExp", "cropAndResize"]
}
