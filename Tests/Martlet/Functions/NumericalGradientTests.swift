import Martlet
import MartletGraph
import MartletTestSupport
import Testing

/// Derivatives of functions against central differences in float 64: those above all that no other framework has a
/// recorded derivative of.
@Suite(.endsAtZero) struct NumericalGradientTests {
  @Test(arguments: SmoothFunction.all)
  func `a stated derivative is the numerical one`(function: SmoothFunction) {
    let sets = function.operands()
    #expect(sets.count >= 5)
    for (number, operands) in sets.enumerated() { check(function, operands, number) }
  }

  private func check(_ function: SmoothFunction, _ operands: [Tensor], _ number: Int) {
    let sources = operands.indices.filter { operands[$0].dtype == .float64 }
    func weighted(_ x: [Tensor]) -> Tensor {
      function.function(x).filter { $0.dtype == .float64 }.enumerated()
        .map { ($0.element * Tensor.normal($0.element.shape, dtype: .float64, seed: UInt64(50 + $0.offset))).sum() }
        .reduce(Tensor(0.0)) { $0 + $1 }
    }
    let stated = gradient(at: sources.map { operands[$0] }) { moved in
      var x = operands
      for (source, tensor) in zip(sources, moved) { x[source] = tensor }
      return weighted(x)
    }
    let h = 1e-4
    for (source, slopes) in zip(sources, stated) {
      let values = operands[source].scalars(as: Double.self)
      let found = slopes.scalars(as: Double.self)
      func moved(_ element: Int, _ step: Double) -> Double {
        var copy = values
        copy[element] += step
        var x = operands
        x[source] = Tensor(copy, shape: operands[source].shape)
        return weighted(x).scalar
      }
      for element in values.indices {
        // Fourth order: the error is about h⁴, and that of rounding 1e-11.
        let near = moved(element, h) - moved(element, -h)
        let far = moved(element, 2 * h) - moved(element, -2 * h)
        let numerical = (8 * near - far) / (12 * h)
        #expect(
          abs(found[element] - numerical) <= 1e-6 * (1 + abs(numerical)),
          "\(function.name), set \(number), operand \(source), element \(element): \(found[element]), \(numerical)")
      }
    }
  }
}
