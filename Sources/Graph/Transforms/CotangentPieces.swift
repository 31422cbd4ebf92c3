// Slices that together are the whole leave cotangents with zeros around each: put side by side, nothing is added.

extension GraphBuilder {
  /// The sum of two cotangents of one value.
  ///
  /// Where both are pieces with zeros around them, and one begins where the other ends, that is one longer piece. So
  /// what flows back through the parts of a value costs one copy, however many parts there are.
  mutating func addPieces(_ a: Value, _ b: Value) throws(GraphError) -> Value {
    guard let first = piece(a), let second = piece(b) else { return try add(a, b) }
    let differing = first.low.indices.filter { first.low[$0] != second.low[$0] || first.high[$0] != second.high[$0] }
    guard differing.count == 1, let axis = differing.first else { return try add(a, b) }
    if first.low[axis] + shape(self[a].operands[0])[axis] == second.low[axis] {
      return try joined(a, first, b, second, axis: axis)
    }
    if second.low[axis] + shape(self[b].operands[0])[axis] == first.low[axis] {
      return try joined(b, second, a, first, axis: axis)
    }
    return try add(a, b)
  }

  /// The padding of a value that has zeros around its elements, nowhere between them.
  private func piece(_ value: Value) -> Pad? {
    guard case .pad(let pad) = self[value].primitive else { return nil }
    guard case .scalar(let scalar) = self[self[value].operands[1]].primitive, scalar.literal.bits == 0 else {
      return nil
    }
    let isPlain = pad.low.indices.allSatisfy { pad.low[$0] >= 0 && pad.high[$0] >= 0 && pad.interior[$0] == 0 }
    return isPlain ? pad : nil
  }

  private mutating func joined(
    _ a: Value, _ first: Pad, _ b: Value, _ second: Pad, axis: Int
  ) throws(GraphError) -> Value {
    let parts = parts(self[a].operands[0], axis) + parts(self[b].operands[0], axis)
    let whole = try add(Concatenate(axis: axis), Operands(parts))
    let pad = Pad(low: first.low, high: second.high)
    let isWhole = pad.low.indices.allSatisfy { pad.low[$0] == 0 && pad.high[$0] == 0 }
    return isWhole ? whole : try add(pad, Operands(whole, self[a].operands[1]))
  }

  /// What a value was joined from along `axis`.
  private func parts(_ value: Value, _ axis: Int) -> [Value] {
    if case .concatenate(let concatenate) = self[value].primitive, concatenate.axis == axis {
      return Array(self[value].operands)
    }
    return [value]
  }
}
