import MartletGraph

extension GraphLowering {
  /// A matrix product where there is one axis of each kind, or else an Einstein sum.
  func contract(_ p: Contract, _ current: LoweredNode) -> String {
    let (a, b) = (current.operands[0], current.operands[1])
    let (left, right) = (type(current, 0), type(current, 1))
    // Rows of any rank times a matrix, as dense layers have it.
    if p.leftBatch.isEmpty, right.rank == 2, left.rank >= 2, Array(p.leftContracted) == [left.rank - 1] {
      return one("MatMul", [a, transpose(b, p.rightContracted[0] == 0 ? [0, 1] : [1, 0])])
    }
    let (leftFree, rightFree) = (p.leftFree(rank: left.rank), p.rightFree(rank: right.rank))
    guard p.leftContracted.count == 1, leftFree.count <= 1, rightFree.count <= 1 else {
      return einsum(p, a, b, leftFree, rightFree)
    }
    let batch = p.leftBatch.count
    var x = transpose(a, Array(p.leftBatch) + leftFree + p.leftContracted)
    var y = transpose(b, Array(p.rightBatch) + p.rightContracted + rightFree)
    if leftFree.isEmpty { x = unsqueeze(x, [batch]) }
    if rightFree.isEmpty { y = unsqueeze(y, [batch + 1]) }
    let added = (leftFree.isEmpty ? [batch] : []) + (rightFree.isEmpty ? [batch + 1] : [])
    return squeeze(one("MatMul", [x, y]), added)
  }

  private func einsum(
    _ p: Contract, _ a: String, _ b: String, _ leftFree: AxisList, _ rightFree: AxisList
  ) -> String {
    var letters = "abcdefghijklmnopqrstuvwxyz".makeIterator()
    var left = [Character](repeating: "?", count: p.leftBatch.count + p.leftContracted.count + leftFree.count)
    var right = [Character](repeating: "?", count: p.rightBatch.count + p.rightContracted.count + rightFree.count)
    var result: [Character] = []
    for (i, j) in zip(p.leftBatch, p.rightBatch) {
      let letter = letters.next()!
      (left[i], right[j]) = (letter, letter)
      result.append(letter)
    }
    for (i, j) in zip(p.leftContracted, p.rightContracted) {
      let letter = letters.next()!
      (left[i], right[j]) = (letter, letter)
    }
    for i in leftFree {
      left[i] = letters.next()!
      result.append(left[i])
    }
    for j in rightFree {
      right[j] = letters.next()!
      result.append(right[j])
    }
    let equation = "\(String(left)),\(String(right))->\(String(result))"
    return one("Einsum", [a, b], [.string("equation", equation)])
  }
}
