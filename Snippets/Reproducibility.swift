// Random values are a function of a seed.

import Martlet

// snippet.seed
let a = Tensor.normal([3], seed: 42)
let b = Tensor.normal([3], seed: 42)
print(a.scalars(as: Float.self) == b.scalars(as: Float.self))  // true
// snippet.end

// snippet.generator
var generator = RandomGenerator(seed: 42)
let first = Tensor.uniform([2], using: &generator)
let second = Tensor.uniform([2], using: &generator)
var independent = generator.split()
let third = Tensor.uniform([2], using: &independent)
// snippet.end

// snippet.model
let model = withSeed(7) { Dense(4, 2) }
// snippet.end

print(first, second, third, model.weight.tensor, separator: "\n")
