// Making, shaping, selecting and reading tensors.

import Martlet

// snippet.creation
let table = Tensor([[1, 2, 3], [4, 5, 6]] as [[Float]])  // float32 [2, 3]
let counts = Tensor([3, 1, 2])  // int64 [3]
let ones = Tensor.ones([2, 3])
let grid = Tensor.linspace(0, 1, count: 5)
let noise = Tensor.normal([2, 3], seed: 7)
// snippet.end

// snippet.operations
let scaled = (table - table.mean(axes: 0)) / (table.standardDeviation(axes: 0) + 1e-5)
let products = matmul(table, noise.transposed())  // [2, 2]
let same = einsum("ij,kj->ik", table, noise)
let likely = table.softmax(axis: -1).argMax(axis: -1)
// snippet.end

// snippet.selection
let row = table[0]  // [3]
let lastColumn = table[0..., -1]  // [2]
let reversed = table[.ellipsis, .range(by: -1)]
let column = table[.all, 1, .newAxis]  // [2, 1]
let chosen = table[[1, 0, 1]]  // rows 1, 0 and 1
// snippet.end

// snippet.assignment
var changed = table
changed[0, 1...] = Tensor([20, 30] as [Float])
print(changed)
// snippet.end

// snippet.reading
let total: Double = table.sum().scalar
let flat: [Float] = table.scalars()
let nested: [[Float]] = table.array2D()
let first = table.withUnsafeBytes { $0.load(as: Float.self) }
// snippet.end

// snippet.selecting
let positive = select(noise .> 0, noise, 0)
let clipped = noise.clipped(to: -1...1)
// snippet.end

print(scaled, products, same, likely, row, lastColumn, reversed, column, chosen, positive, clipped, separator: "\n")
print(counts, ones, grid, total, flat, nested, first, separator: "\n")
