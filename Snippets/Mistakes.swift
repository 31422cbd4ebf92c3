// Mistakes of a program, and values that are wrong.

import Martlet

// snippet.checked
do {
  _ = try checked { matmul(Tensor.zeros([32, 784]), Tensor.zeros([512, 10])) }
} catch {
  print(error)
}
// snippet.end

// snippet.values
do {
  let table = Tensor.zeros([5, 3])
  _ = try table.gathered(at: Tensor([0, 7])).evaluated()
} catch {
  print(error)
}
// snippet.end
