import Martlet
import Testing

/// What is wrong with the derivatives of `body` at `inputs`, against differences of its values; nil if nothing is.
///
/// - Parameters:
///   - inputs: Of float 64, where `body` is smooth.
///   - body: Gives a tensor; what is differentiated is its sum with fixed weights, so that no error cancels.
func derivativeComplaint(
  at inputs: [Tensor], tolerance: Double = 1e-6, elements limit: Int = 40, _ body: ([Tensor]) -> Tensor
) -> String? {
  let shape = body(inputs).shape
  let weights = Tensor.uniform(shape, in: 0.5...1.5, dtype: .float64, seed: 77)
  func value(_ x: [Tensor]) -> Tensor { (body(x) * weights).sum() }
  let gradients = gradient(at: inputs) { value($0) }
  for (index, input) in inputs.enumerated() {
    let held = input.scalars(as: Double.self)
    let got = gradients[index].scalars(as: Double.self)
    for position in held.indices.prefix(limit) {
      func moved(_ change: Double) -> Double {
        var elements = held
        elements[position] += change
        var x = inputs
        x[index] = Tensor(elements, shape: input.shape)
        return value(x).scalar
      }
      // A step of 1e-5 leaves an error of about its square, and of rounding over the step: 1e-10 both, for values near 1.
      let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5
      if !(abs(difference - got[position]) <= tolerance * max(1, abs(difference))) {
        return "input \(index) element \(position): got \(got[position]), differences say \(difference)"
      }
    }
  }
  return nil
}
