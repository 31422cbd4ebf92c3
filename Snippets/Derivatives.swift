// Derivatives of functions of tensors, to any order.

import Martlet

// snippet.gradient
func energy(_ x: Tensor) -> Tensor { (x * x * x).sum() }

let x = Tensor([1.0, 2, 3])
let (value, slope) = valueAndGradient(at: x, energy)
print(value, slope)  // 36. [ 3. 12. 27.] float64 [3]
// snippet.end

// snippet.parameters
let weight = Parameter(.normal([3, 1], dtype: .float64, seed: 1))
let (loss, gradients) = valueAndGradient {
  let error = matmul(Tensor([[1.0, 2, 3]]), weight.tensor) - 1
  if error.scalar > 100 { print("far away") }
  return (error * error).sum()
}
print(loss, gradients[weight]!)
// snippet.end

// snippet.higher
let curvature = gradient(at: x) { x in (gradient(at: x, energy) * Tensor([1.0, 0, 0])).sum() }
let along = hessianVectorProduct(at: x, Tensor([1.0, 0, 0]), energy)
// snippet.end

// snippet.modes
let (outputs, pullback) = vjp(at: [x]) { [sin($0[0]), $0[0].sum()] }
let cotangents = pullback([Tensor.ones(like: outputs[0]), Tensor(1.0)])
let forward = jvp(at: [x], along: [Tensor([1.0, 0, 0])]) { [exp($0[0])] }
// snippet.end

// snippet.vmap
let lengths = vmap(Tensor([[3.0, 4], [5, 12]])) { $0.norm() }
print(lengths)  // [ 5. 13.] float64 [2]
// snippet.end

// snippet.checkpoint
let recomputed = gradient(at: x) { x in checkpoint { tanh(exp(x)).sum() } }
// snippet.end

// snippet.custom
/// The identity, whose derivative is kept between -1 and 1.
func withClippedDerivative(_ x: Tensor) -> Tensor {
  let results = withDerivative(at: [x]) { x in
    x
  } pullback: { _, _, cotangents in
    [cotangents[0].clipped(to: -1...1)]
  }
  return results[0]
}
// snippet.end

// snippet.scan
let decay = scan([Tensor(0.0)], over: [Tensor([1.0, 2, 3])]) { carry, elements in
  let next = carry[0] * 0.5 + elements[0]
  return (carry: [next], results: [next])
}
print(decay.results[0])  // [1.   2.5  4.25] float64 [3]
// snippet.end

let clipped = gradient(at: x) { energy(withClippedDerivative($0)) }
print(curvature, along, cotangents[0], forward.tangents[0], recomputed, clipped, separator: "\n")
