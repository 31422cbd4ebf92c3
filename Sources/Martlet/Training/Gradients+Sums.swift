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
}
