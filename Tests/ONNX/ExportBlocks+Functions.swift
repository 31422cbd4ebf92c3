import Martlet
import MartletGraph

/// Blocks of several lines.
extension ExportBlocks {
  /// A tensor that is part of the program, the same everywhere.
  static func fixed(_ shape: Shape, _ seed: UInt64) -> Tensor {
    var generator = Generator(state: seed)
    let numbers = (0..<shape.elementCount).map { _ in Float(generator.next(below: 2001) - 1000) / 1000 }
    return Tensor(numbers, shape: shape)
  }

  /// Coordinates into `[6, 8]` for each of 6 × 8 places.
  static var points: Tensor {
    var numbers: [Int32] = []
    for place: Int32 in 0..<48 { numbers += [place * 5 % 6, place * 3 % 8 - 8] }
    return Tensor(numbers, shape: [6, 8, 2])
  }

  static func integers(_ x: Tensor) -> Tensor {
    let a = (x * 20).cast(to: .int64)
    let b = abs(a) + 1
    let isThree = (b .== 3.0).cast(to: .int64)
    let divisor = b - 3.0 + isThree
    let rest = modulo(a, divisor) + floorDivided(a, b)
    let six = Tensor.full([], value: 6, dtype: .int64)
    let bits = (a & six) | (b ^ six)
    return (rest + bits + maximum(a, b) * sign(a)).cast(to: .float32)
  }

  static func allPositive(_ x: Tensor) -> Tensor {
    (x .> -0.9).all(axes: 1, keepingAxes: true).cast(to: .float32)
  }

  static func attend(_ x: Tensor, isCausal: Bool) -> Tensor {
    let heads = x.unflattened(axis: 2, to: [4, 2])
    let shared = heads[0..., 0..., 0..<2]
    return attention(heads, shared, shared, isCausal: isCausal).flattened(from: 2)
  }

  static func images(_ x: Tensor) -> Tensor {
    let image = x.expandingDimensions(at: 3)
    let wide = relu(conv2D(image, fixed([3, 3, 1, 4], 10), padding: .same))
    let small = maxPool2D(wide, windowSize: 2)
    let grown = transposedConv2D(small, fixed([2, 2, 1, 4], 11), stride: 2)
    return grown.squeezed(axes: 3)
  }

  static func half(_ x: Tensor) -> Tensor { x[0..., .range(by: 2), 0...] }

  static func scatterPoints(_ x: Tensor) -> Tensor {
    let places = minimum(abs(x[0..., 0..., 0..<1] * 5), 5).cast(to: .int64)
    return x.scatteringPoints(x, at: places, batchDimensions: 1, combining: .add)
  }

  static func loop(_ x: Tensor) -> Tensor {
    let count = Tensor.zeros([], dtype: .int64)
    return whileLoop([count, x], while: { $0[0] .< 3 }, do: { [$0[0] + 1, tanh($0[1] * 1.5) + x * 0.1] })[1]
  }

  static func recurrence(_ x: Tensor, isReversed: Bool) -> Tensor {
    let steps = x.transposed([1, 0, 2])
    let weight = fixed([8, 8], 12)
    let (_, results) = scan([steps[0] * 0], over: [steps], isReversed: isReversed) { carry, elements in
      let next = tanh(matmul(carry[0], weight) + elements[0])
      return ([next], [next])
    }
    return results[0].transposed([1, 0, 2])
  }
}
