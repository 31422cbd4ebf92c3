import Martlet
import MartletGraph

// Segments, masks and regions of images.
extension SmoothFunction {
  static let rearrangements: [SmoothFunction] = [
    .init("scatterReduced, product", lines) { x in
      let places = Tensor.range(0..<x[0].elementCount).reshaped(to: x[0].shape) % 3
      return [x[0].scatterReduced(axis: -1, x[0] + 3, at: places, by: .product)]
    },
    .init("scatterReduced, mean without self", lines) { x in
      let places = Tensor.range(0..<x[0].elementCount).reshaped(to: x[0].shape) % 2
      return [x[0].scatterReduced(axis: -1, x[0] * x[0], at: places, by: .mean, includesSelf: false)]
    },
    .init("segments, product", lines) { x in
      [x[0].segments(.product, Tensor.range(0..<x[0].shape[0]) / 2, count: 4)]
    },
    .init("segments, mean", lines) { x in [x[0].unsortedSegments(.mean, Tensor.range(0..<x[0].shape[0]) % 2, count: 3)]
    },
    .init("elements", lines) { [$0[0].elements(where: $0[0] .> 0, count: 4)] },
    .init("replacing", lines) { [($0[0] * 2).replacing(where: $0[0] .> 0, with: $0[0] * $0[0])] },
    .init("repeated", lines) { x in [x[0].repeated(counts: Tensor.range(0..<x[0].shape[0]) + 1, total: 7, axis: 0)] },
    .init("windows", lines) { [$0[0].windows(size: 2)] },
    .init("vandermonde", lines) { [$0[0].flattened().vandermonde(count: 4)] },
  ]

  private static let regions: @Sendable () -> [[Tensor]] = {
    (0..<5).map { seed in
      // Corners that fall between pixels, and regions that stay inside.
      let low = uniform([2, 2], 0.12...0.35, 40 + seed)
      let high = uniform([2, 2], 0.61...0.83, 60 + seed)
      return [uniform([2, 4, 5, 2], -1...1, seed), Tensor(concatenating: [low, high], axis: 1)]
    }
  }

  static let pictures: [SmoothFunction] = [
    .init("cropAndResize", regions) { x in
      [cropAndResize(x[0], boxes: x[1], imageIndices: Tensor([1, 0]), size: (2, 3))]
    },
    .init("roiAlign", regions) { x in
      [roiAlign(x[0], boxes: x[1], imageIndices: Tensor([1, 0]), size: (2, 2), scale: 4, samplesPerCell: 1)]
    },
    .init("intersectionOverUnion", regions) { [intersectionOverUnion($0[1], $0[1] + 0.05)] },
    .init(
      "gridSample in three dimensions",
      { (0..<5).map { [uniform([1, 2, 3, 2, 1], -1...1, $0), uniform([1, 2, 3], -0.4...0.4, 70 + $0)] } }
    ) {
      [gridSample($0[0], at: $0[1])]
    },
    .init("resized, antialiased", { (0..<5).map { [uniform([1, 5 + $0, 4, 1], -1...1, $0)] } }) {
      [resized($0[0], to: [3, 3], interpolation: .cubic, isAntialiased: true)]
    },
  ]
}
