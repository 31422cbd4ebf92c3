import MartletGraph

extension Gradients {
  /// The gradients of the sum of two losses.
  func adding(_ other: Gradients) -> Gradients {
    var sums = derivatives
    let positions = Dictionary(uniqueKeysWithValues: sums.enumerated().map { (ObjectIdentifier($1.parameter), $0) })
    for (parameter, derivative) in other.derivatives {
      if let position = positions[ObjectIdentifier(parameter)] {
        sums[position].derivative = sums[position].derivative.adding(derivative)
      } else {
        sums.append((parameter, derivative))
      }
    }
    return Gradients(sums)
  }

  /// The gradients times a number, `[]`; rows stay rows.
  func scaled(by factor: Tensor) -> Gradients {
    Gradients(derivatives.map { ($0.parameter, $0.derivative.scaled(by: factor)) })
  }
}

extension Derivative {
  fileprivate func adding(_ other: Derivative) -> Derivative {
    guard case .rows(let a) = self, case .rows(let b) = other else { return .whole(whole + other.whole) }
    let row = Array(a.type.shape.dropFirst())
    let updates = [a, b].map { $0.updates.reshaped(to: Shape([-1] + row)) }
    let indices = [a, b].map { $0.indices.flattened().cast(to: .int64) }
    return .rows(
      GradientRows(
        updates: Tensor(concatenating: updates, axis: 0), indices: Tensor(concatenating: indices, axis: 0),
        type: a.type,
        location: a.location))
  }
}
