import MartletGraph

/// A number for each spatial dimension: `2` for all alike, or `[2, 1]` one by one.
public struct Spatial: Sendable, Hashable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  private let numbers: [Int]
  private let isUniform: Bool

  /// The same number for every dimension.
  public init(_ number: Int) {
    numbers = [number]
    isUniform = true
  }

  /// One number a dimension.
  public init(_ numbers: [Int]) {
    self.numbers = numbers
    isUniform = false
  }

  public init(integerLiteral number: Int) { self.init(number) }
  public init(arrayLiteral numbers: Int...) { self.init(numbers) }

  /// The numbers for `count` dimensions.
  ///
  /// - Throws: A ``GraphError`` when there are more or fewer.
  func resolved(_ count: Int, _ role: String) throws(GraphError) -> [Int] {
    if isUniform { return Array(repeating: numbers[0], count: count) }
    if numbers.count != count { throw mistake("\(role) \(numbers) does not fit \(count) spatial dimensions") }
    return numbers
  }
}

extension Spatial: CustomStringConvertible {
  /// Reads like the literal.
  public var description: String { isUniform ? "\(numbers[0])" : "\(numbers)" }
}

/// What surrounds an image before a window slides over it.
public enum Padding: Sendable, Hashable {
  /// Nothing: the result has only positions where the window lies inside.
  case valid
  /// Zeros so that the result has ⌈size / stride⌉ positions; an odd one goes to the end (as TensorFlow and XLA do).
  case same
  /// The given numbers of zeros before and after each spatial dimension.
  case explicit(before: Spatial, after: Spatial)

  /// The same numbers of zeros on both sides.
  public static func explicit(_ bothSides: Spatial) -> Padding { .explicit(before: bothSides, after: bothSides) }

  /// Zeros before and after each dimension of an image.
  ///
  /// - Parameter extents: What the window covers along each dimension, dilation included.
  func resolved(
    _ sizes: [Int], extents: [Int], strides: [Int]
  ) throws(GraphError) -> (low: [Int], high: [Int]) {
    switch self {
    case .valid: return (sizes.map { _ in 0 }, sizes.map { _ in 0 })
    case .explicit(let before, let after):
      return (try before.resolved(sizes.count, "padding"), try after.resolved(sizes.count, "padding"))
    case .same:
      let totals = sizes.indices.map { i in
        let stride = Swift.max(strides[i], 1)
        return Swift.max(((sizes[i] + stride - 1) / stride - 1) * stride + extents[i] - sizes[i], 0)
      }
      return (totals.map { $0 / 2 }, totals.map { $0 - $0 / 2 })
    }
  }
}
