import MartletGraph

/// Sums products over indices that a formula names (Einstein's convention).
///
/// `"ij,jk->ik"` is the product of two matrices: an index that the result does not have is summed over. A letter twice
/// in one operand takes its diagonal; `...` stands for dimensions that broadcast. Without `->` the result has the
/// broadcast dimensions and then, in alphabetical order, the letters that occur once.
///
/// Operands are combined from left to right, each pair by one contraction; write a chain of many in a good order.
///
/// - Precondition: The formula is well formed, fits the operands, and gives each letter one size.
public func einsum(
  _ equation: String, _ operands: Tensor..., fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  einsum(equation, operands, fileID: fileID, line: line)
}

/// As the function `einsum` of several tensors, for a list of them.
public func einsum(
  _ equation: String, _ operands: [Tensor], fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("einsum", fileID, line) { c in
    let formula = try EinsumFormula(equation)
    let (terms, output) = try formula.resolved(for: operands.map(\.shape))
    return try c.einsum(zip(operands, terms).map { EinsumTerm(tensor: $0, labels: $1) }, output)
  }
}

/// An operand and the label of each of its axes.
private struct EinsumTerm {
  var tensor: Tensor
  var labels: [EinsumLabel]
}

extension Composition {
  fileprivate func einsum(_ terms: [EinsumTerm], _ output: [EinsumLabel]) throws -> Tensor {
    let terms = try dropBroadcast(terms.map(diagonal))
    var total = terms[0]
    for (position, term) in terms.enumerated().dropFirst() {
      let later = Set(terms[(position + 1)...].flatMap(\.labels)).union(output)
      total = try product(
        summing(total, except: later.union(term.labels)), summing(term, except: later.union(total.labels)), later)
    }
    total = try summing(total, except: Set(output))
    return try transpose(total.tensor, output.map { total.labels.firstIndex(of: $0)! })
  }

  /// Takes the diagonal of axes with the same label, one pair after the other.
  private func diagonal(_ term: EinsumTerm) throws -> EinsumTerm {
    var term = term
    while let second = term.labels.indices.first(where: { term.labels[..<$0].contains(term.labels[$0]) }) {
      let first = term.labels.firstIndex(of: term.labels[second])!
      let size = term.tensor.shape[first]
      let rank = term.tensor.rank
      var (row, column) = (Shape(repeating: 1, rank: rank), Shape(repeating: 1, rank: rank))
      (row[first], column[second]) = (size, size)
      let isOff = try compare(.notEqual, iota(row, axis: first), iota(column, axis: second))
      term.tensor = try reduce(.sum, select(isOff, 0, term.tensor), [second])
      term.labels.remove(at: second)
    }
    return term
  }

  /// Removes axes of size 1 that another operand has with another size.
  private func dropBroadcast(_ terms: [EinsumTerm]) throws -> [EinsumTerm] {
    var sizes: [EinsumLabel: Int] = [:]
    for term in terms {
      for (label, size) in zip(term.labels, term.tensor.shape) where size != 1 { sizes[label] = size }
    }
    return try terms.map { term in
      let kept = term.labels.indices.filter { term.tensor.shape[$0] != 1 || sizes[term.labels[$0]] == nil }
      return EinsumTerm(
        tensor: try reshape(term.tensor, kept.map { term.tensor.shape[$0] }), labels: kept.map { term.labels[$0] })
    }
  }

  /// Sums over the axes whose labels nothing needs any more.
  private func summing(_ term: EinsumTerm, except needed: Set<EinsumLabel>) throws -> EinsumTerm {
    let axes = term.labels.indices.filter { !needed.contains(term.labels[$0]) }
    return EinsumTerm(
      tensor: try reduce(.sum, term.tensor, AxisList(axes)), labels: term.labels.filter { needed.contains($0) })
  }

  private func product(_ a: EinsumTerm, _ b: EinsumTerm, _ needed: Set<EinsumLabel>) throws -> EinsumTerm {
    let shared = a.labels.filter { b.labels.contains($0) }
    let batch = shared.filter { needed.contains($0) }
    let summed = shared.filter { !needed.contains($0) }
    func axes(_ labels: [EinsumLabel], _ term: EinsumTerm) -> [Int] { labels.map { term.labels.firstIndex(of: $0)! } }
    let tensor = try contracting(a.tensor, b.tensor) {
      try contract(
        $0, $1, axes(summed, a), axes(summed, b), leftBatch: axes(batch, a), rightBatch: axes(batch, b))
    }
    let free = a.labels.filter { !shared.contains($0) } + b.labels.filter { !shared.contains($0) }
    return EinsumTerm(tensor: tensor, labels: batch + free)
  }
}
