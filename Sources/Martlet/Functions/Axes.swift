import MartletGraph

/// Some axes of a tensor: `-1`, `[0, 2]` or `.all`. Negative ones count from the end.
public struct Axes: Sendable, Hashable {
  private enum Choice: Sendable, Hashable {
    case all
    case one(Int)
    case several([Int])
  }

  private let choice: Choice

  private init(choice: Choice) { self.choice = choice }

  /// Every axis.
  public static let all = Axes(choice: .all)

  /// One axis.
  public init(_ axis: Int) { choice = .one(axis) }

  /// Several axes, in any order.
  public init(_ axes: [Int]) { choice = .several(axes) }
}

extension Axes: ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral, CustomStringConvertible {
  public init(integerLiteral axis: Int) { self.init(axis) }
  public init(arrayLiteral axes: Int...) { self.init(axes) }

  /// Reads like the literal.
  public var description: String {
    switch choice {
    case .all: ".all"
    case .one(let axis): "\(axis)"
    case .several(let axes): "\(axes)"
    }
  }
}

extension Axes {
  /// The number of axes, or nil for all.
  var count: Int? {
    switch choice {
    case .all: nil
    case .one: 1
    case .several(let axes): axes.count
    }
  }

  /// The axes in ascending order, counted from the start.
  ///
  /// - Throws: A ``GraphError`` without an operation when an axis does not exist or is named twice.
  func resolved(in shape: Shape) throws(GraphError) -> AxisList {
    switch choice {
    case .all: return AxisList(0..<shape.rank)
    case .one(let axis): return [try checkedAxis(axis, shape)]
    case .several(let axes):
      // A bit for each axis that was named.
      var named = 0
      for axis in axes {
        let bit = 1 << (try checkedAxis(axis, shape))
        if named & bit != 0 { throw mistake("axis \(axis) of \(shape) is named twice") }
        named |= bit
      }
      return AxisList((0..<shape.rank).lazy.filter { named & 1 << $0 != 0 })
    }
  }
}
