import Martlet

// A line through noisy points, by gradient descent.
let x = Tensor.uniform([200], in: -1...1, seed: 1)
let y = 3 * x + 0.5 + Tensor.normal([200], standardDeviation: 0.1, seed: 2)

let slope = Parameter(.zeros([]))
let shift = Parameter(.zeros([]))
let optimizer = SGD([slope, shift], learningRate: 0.3)

for step in 1...60 {
  let (loss, gradients) = valueAndGradient { meanSquaredError(slope.tensor * x + shift.tensor, y) }
  optimizer.update(with: gradients)
  if step % 20 == 0 { print("step \(step): loss \(loss.scalar)") }
}
print("y = \(slope.tensor.scalar) x + \(shift.tensor.scalar)")
