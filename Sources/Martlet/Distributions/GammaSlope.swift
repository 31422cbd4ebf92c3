import MartletGraph

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
  return -x * (sums[3] * (log(x) - digamma(a)) + sums[4])
}
