import MartletGraph

// The gamma function of positive numbers, by Stirling's series above 10 and recurrence below. Composed, so that it has
// derivatives of any order.

/// log Γ(*x*) for positive *x*.
func logGammaOfPositive(_ x: Tensor) -> Tensor {
  let isSmall = x .< 10
  let small = select(isSmall, x, 1)
  // Γ(x) = Γ(x + 10) / (x (x + 1) … (x + 9))
  let product = (1..<10).reduce(small) { $0 * (small + Double($1)) }
  let large = select(isSmall, x + 10, x)
  let inverse = reciprocal(large)
  let square = inverse * inverse
  let series = [-1.0 / 1680, 1.0 / 1260, -1.0 / 360].reduce(coefficient(square, 1.0 / 1188)) { $0 * square + $1 }
  let stirling = (large - 0.5) * log(large) - large + 0.9189385332046727 + (series * square + 1.0 / 12) * inverse
  return stirling - select(isSmall, log(product), 0)
}

/// The derivative of ``logGammaOfPositive(_:)``.
func digammaOfPositive(_ x: Tensor) -> Tensor {
  let isSmall = x .< 10
  let small = select(isSmall, x, 1)
  let sum = (1..<10).reduce(reciprocal(small)) { $0 + reciprocal(small + Double($1)) }
  let large = select(isSmall, x + 10, x)
  let inverse = reciprocal(large)
  let square = inverse * inverse
  let series = [1.0 / 240, -1.0 / 252, 1.0 / 120].reduce(coefficient(square, -1.0 / 132)) { $0 * square + $1 }
  return log(large) - inverse * 0.5 - (-series * square + 1.0 / 12) * square - select(isSmall, sum, 0)
}

private func coefficient(_ like: Tensor, _ value: Double) -> Tensor { like * 0 + value }

/// How a gamma number of rate 1 moves with its concentration, at a fixed value of the distribution function.
///
/// With P(a, x) = xᵃ e⁻ˣ S / Γ(a) and S = ∑ xⁿ / (a (a + 1) … (a + n)), the derivative -∂P/∂a / ∂P/∂x is
/// -x (S (log x - ψ(a)) + ∂S/∂a).
///
/// - Note: Figurnov, Mohamed and Mnih, *Implicit reparameterization gradients*, NeurIPS 2018.
package func gammaSlope(_ concentration: Tensor, _ sample: Tensor) -> Tensor {
  // Where P is near 1 its two parts cancel: in double even eight deviations out leave four digits.
  let (a, x) = (concentration.cast(to: .float64), maximum(sample.cast(to: .float64), 1e-300))
  let start = reciprocal(a)
  let zero = Tensor.zeros([], dtype: .float64)
  // Number, term, its logarithmic derivative, and both sums.
  let sums = whileLoop([zero, start, -start, start, -start * start]) { carry in
    (carry[1] .> carry[3] * 1e-17).any() & (carry[0] .< 20_000)
  } do: { carry in
    let number = carry[0] + 1
    let next = a + number
    let term = carry[1] * x / next
    let slope = carry[2] - reciprocal(next)
    return [number, term, slope, carry[3] + term, carry[4] + term * slope]
  }
  return -x * (sums[3] * (log(x) - digammaOfPositive(a)) + sums[4])
}
