import Martlet
import MartletGraph

// Convolutions, poolings, resizing and attention.
extension SmoothFunction {
  /// Images and filters of `rank` spatial dimensions, two channels to three.
  private static func filtered(_ rank: Int, transposed: Bool = false) -> @Sendable () -> [[Tensor]] {
    {
      (0..<5).map { seed in
        let sizes = (0..<rank).map { 3 + (seed + $0) % 2 }
        let window = (0..<rank).map { 1 + (seed + $0) % 3 }
        let ends = transposed ? [3, 2] : [2, 3]
        return [
          uniform(Shape([1 + seed % 2] + sizes + [2]), -1...1, seed), uniform(Shape(window + ends), -1...1, 9 + seed),
        ]
      }
    }
  }

  /// Images of `rank` spatial dimensions, no two elements alike.
  private static func plain(_ rank: Int, _ range: ClosedRange<Double> = -1...1) -> @Sendable () -> [[Tensor]] {
    {
      (0..<5).map { seed in
        let sizes = (0..<rank).map { 3 + (seed + $0) % 3 }
        return [uniform(Shape([1 + seed % 2] + sizes + [1 + seed % 3]), range, seed)]
      }
    }
  }

  static let windows: [SmoothFunction] = [
    .init("conv1D", filtered(1)) { [conv1D($0[0], $0[1], padding: .same), conv1D($0[0], $0[1], stride: 2)] },
    .init("conv2D", filtered(2)) {
      [conv2D($0[0], $0[1], padding: .same), conv2D($0[0], $0[1], stride: 2, dilation: 2, padding: .explicit(3))]
    },
    .init("conv3D", filtered(3)) { [conv3D($0[0], $0[1], padding: .same)] },
    .init("transposedConv1D", filtered(1, transposed: true)) { [transposedConv1D($0[0], $0[1], stride: 2)] },
    .init("transposedConv2D", filtered(2, transposed: true)) {
      [transposedConv2D($0[0], $0[1]), transposedConv2D($0[0], $0[1], stride: 2, outputPadding: 1)]
    },
    .init("transposedConv3D", filtered(3, transposed: true)) { [transposedConv3D($0[0], $0[1])] },
    .init("maxPool1D", plain(1)) { [maxPool1D($0[0], windowSize: 2, stride: 1, padding: .same)] },
    .init("maxPool2D", plain(2)) { [maxPool2D($0[0], windowSize: [2, 3], stride: 1)] },
    .init("maxPool3D", plain(3)) { [maxPool3D($0[0], windowSize: 2)] },
    .init("averagePool1D", plain(1)) { [averagePool1D($0[0], windowSize: 2, padding: .same, countsPadding: true)] },
    .init("averagePool2D", plain(2)) { [averagePool2D($0[0], windowSize: [3, 2], stride: 1, padding: .same)] },
    .init("averagePool3D", plain(3)) { [averagePool3D($0[0], windowSize: 2)] },
    .init("globalMaxPool", plain(2)) { [globalMaxPool($0[0])] },
    .init("globalAveragePool", plain(2)) { [globalAveragePool($0[0])] },
    .init("maxPoolWithIndices", covering: ["maxPoolWithIndices", "maxUnpool"], plain(2)) { x in
      let (values, indices) = maxPoolWithIndices(x[0], windowSize: 2)
      return [values, maxUnpool(values * 2, indices: indices, size: Array(x[0].shape[1...2]))]
    },
    .init("lpPool", plain(2, 0.2...1)) {
      [lpPool($0[0], order: 3, windowSize: 2), lpPool($0[0], order: 2, windowSize: 3)]
    },
    .init("adaptiveAveragePool", plain(2)) {
      [adaptiveAveragePool($0[0], size: 2), adaptiveAveragePool($0[0], size: [1, 3])]
    },
    .init("adaptiveMaxPool", plain(2)) { [adaptiveMaxPool($0[0], size: 2), adaptiveMaxPool($0[0], size: [3, 1])] },
    .init("patches", covering: ["patches", "images"], plain(2)) { x in
      let seen = patches(x[0], windowSize: [2, 2], padding: .same)
      let back = images(
        fromPatches: seen * seen, imageSize: Array(x[0].shape[1...2]), windowSize: [2, 2], padding: .same)
      return [seen, back]
    },
    .init(
      "pixelShuffle", covering: ["pixelShuffle", "pixelUnshuffle"],
      { (0..<5).map { [uniform([1, 2 * ($0 % 2 + 1), 2, 4 * ($0 % 3 + 1)], -1...1, $0)] } }
    ) {
      [pixelShuffle($0[0], factor: 2), pixelUnshuffle($0[0], factor: 2)]
    },
  ]

  /// Queries, keys and values `[batch, length, heads, width]`.
  private static let sequences: @Sendable () -> [[Tensor]] = {
    (0..<5).map { seed in
      let (width, length) = (1 + seed % 3, 2 + seed % 3)
      return (0..<3).map { uniform([1 + seed % 2, length, 2, width], -1...1, 10 * seed + $0) }
    }
  }

  static let sampling: [SmoothFunction] = [
    .init("attention", sequences) { x in
      let mask = (x[0] * 0).sum(axes: -1)[0..., 0..., 0].expandingDimensions(at: [1, 2]) .== 0
      return [attention(x[0], x[1], x[2]), attention(x[0], x[1], x[2], mask: mask, scale: 0.7, isCausal: true)]
    },
    .init("attentionWithLogSumExp", sequences) { x in
      let found = attentionWithLogSumExp(x[0], x[1], x[2])
      return [found.output, found.logSumExp]
    },
    .init("resized", plain(2)) { x in
      [
        resized(x[0], to: [5, 2], interpolation: .linear), resized(x[0], to: [2, 7], interpolation: .cubic),
        resized(x[0], to: [4, 4], interpolation: .area), resized(x[0], to: [6, 2], interpolation: .nearest),
        resized(x[0], to: [5, 6], interpolation: .linear, alignsCorners: true),
      ]
    },
    .init("affineGrid", { (0..<5).map { [uniform([1 + $0 % 2, 2, 3], -1...1, $0)] } }) {
      [affineGrid($0[0], sizes: [2, 3]), affineGrid($0[0], sizes: [3, 2], alignsCorners: true)]
    },
    .init("boxArea", { (1...5).map { [uniform([$0, 4], 0...1, $0) + Tensor([0.0, 0, 2, 2])] } }) { [boxArea($0[0])] },
  ]
}
