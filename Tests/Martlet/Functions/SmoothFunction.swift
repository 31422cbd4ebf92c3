import Martlet
import MartletGraph
import Testing

/// A function, operands at which it is smooth, and a name for messages.
struct SmoothFunction: Sendable, CustomTestStringConvertible {
  let name: String
  /// The public functions whose derivative this is about.
  let covered: [String]
  /// Five or more sets of operands, of which the floating-point ones are moved.
  let operands: @Sendable () -> [[Tensor]]
  let function: @Sendable ([Tensor]) -> [Tensor]
  var testDescription: String { name }

  init(
    _ name: String, covering covered: [String]? = nil, _ operands: @escaping @Sendable () -> [[Tensor]],
    _ function: @escaping @Sendable ([Tensor]) -> [Tensor]
  ) {
    self.name = name
    self.covered = covered ?? [String(name.prefix { $0.isLetter || $0.isNumber })]
    self.operands = operands
    self.function = function
  }
}

extension SmoothFunction {
  static let shapes: [Shape] = [[3], [2, 3], [1], [], [2, 1, 2]]

  static func uniform(_ shape: Shape, _ range: ClosedRange<Double>, _ seed: Int) -> Tensor {
    .uniform(shape, in: range, dtype: .float64, seed: UInt64(seed))
  }

  /// One operand of each shape.
  static func one(_ range: ClosedRange<Double>) -> @Sendable () -> [[Tensor]] {
    { shapes.enumerated().map { [uniform($0.element, range, $0.offset)] } }
  }

  /// Two operands of each shape.
  static func two(_ a: ClosedRange<Double>, _ b: ClosedRange<Double>) -> @Sendable () -> [[Tensor]] {
    { shapes.enumerated().map { [uniform($0.element, a, $0.offset), uniform($0.element, b, 90 + $0.offset)] } }
  }

  /// Matrices of each shape, with a growing diagonal.
  static func matrices(_ shapes: [Shape], symmetric: Bool = false) -> [[Tensor]] {
    shapes.enumerated().map { number, shape in
      let noise = uniform(shape, -0.5...0.5, 20 + number)
      let (rows, columns) = (shape[shape.rank - 2], shape[shape.rank - 1])
      let steps = (Tensor.arange(0, Double(Swift.max(rows, 1)), dtype: .float64) * 2 + 2).expandingDimensions(at: 1)
      let base = noise + Tensor.eye(rows, columns: columns, dtype: .float64) * steps
      return [symmetric ? (base + base.transposed()) / 2 : base]
    }
  }

  /// Tensors with a last axis of several elements, no two alike.
  static let lines: @Sendable () -> [[Tensor]] = {
    ([[5], [2, 4], [3, 3], [1, 6], [2, 2, 3]] as [Shape]).enumerated().map { [uniform($0.element, -2...2, $0.offset)] }
  }

  static let all: [SmoothFunction] = [
    elementary, operators, specialFunctions, moreSpecialFunctions, reductions, orderStatistics, shaping, indexing,
    rearrangements, pictures, windows, sampling, matrices, products, waves,
  ].flatMap { $0 }
}
