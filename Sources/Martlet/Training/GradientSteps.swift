import MartletGraph

extension Gradients {
  /// The gradients of the sum of two losses.
  func adding(_ other: Gradients) -> Gradients {
    var sums = entries
    let positions = Dictionary(uniqueKeysWithValues: sums.enumerated().map { (ObjectIdentifier($1.parameter), $0) })
    for (parameter, gradient) in other.entries {
      if let position = positions[ObjectIdentifier(parameter)] {
        sums[position].gradient = sums[position].gradient + gradient
      } else {
        sums.append((parameter, gradient))
      }
    }
    return Gradients(sums)
  }

  /// All gradients scaled by one factor, so that their norm together is at most `limit`.
  func limited(toNorm limit: Double) -> Gradients {
    guard !entries.isEmpty else { return self }
    let squares = entries.map { entry in
      let gradient = entry.gradient.cast(to: .float32)
      return (gradient * gradient).sum()
    }
    let norm = sqrt(squares.dropFirst().reduce(squares[0], +))
    let factor = limit / maximum(norm, Tensor(Float(limit)))
    return mapGradients { $0 * factor.cast(to: $0.dtype) }
  }
}
