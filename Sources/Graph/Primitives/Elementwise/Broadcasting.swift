/// The shape that NumPy's rules give for two operands: aligned at the innermost dimension, sizes equal or 1.
package func broadcastShape(
  _ a: Shape, _ b: Shape, operation: @autoclosure () -> String
) throws(GraphError) -> Shape {
  var result = a.rank >= b.rank ? a : b
  let shorter = a.rank >= b.rank ? b : a
  let offset = result.rank - shorter.rank
  for i in 0..<shorter.rank {
    let x = result[offset + i]
    let y = shorter[i]
    if x == y || y == 1 { continue }
    guard x == 1 else {
      throw GraphError(
        operation(), "shapes do not broadcast: \(a) and \(b) (axis \(i - shorter.rank): \(min(x, y)) and \(max(x, y)))")
    }
    result[offset + i] = y
  }
  return result
}
