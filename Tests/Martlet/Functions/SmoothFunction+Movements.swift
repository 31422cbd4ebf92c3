import Martlet
import MartletGraph

// What moves elements, joins tensors and looks them up.
extension SmoothFunction {
  static let shaping: [SmoothFunction] = [
    .init("reshaped", lines) { [$0[0].reshaped(to: [-1]), $0[0].reshaped(to: [1, $0[0].elementCount])] },
    .init("flattened", lines) { [$0[0].flattened()] },
    .init("unflattened", lines) { [$0[0].unflattened(axis: -1, to: [$0[0].shape[$0[0].rank - 1], 1])] },
    .init("transposed", lines) { [$0[0].transposed(Array((0..<$0[0].rank).reversed()))] },
    .init("swappingAxes", lines) { [$0[0].swappingAxes(0, -1)] },
    .init("movedAxis", lines) { [$0[0].movedAxis(from: 0, to: -1)] },
    .init("squeezed", covering: ["squeezed", "expandingDimensions"], lines) {
      [$0[0].expandingDimensions(at: [0, 2]).squeezed(axes: 0) * 2]
    },
    .init("broadcast", lines) { [$0[0].broadcast(to: Shape([2] + Array($0[0].shape)))] },
    .init("reversed", lines) { [$0[0].reversed(), $0[0].reversed(axes: -1)] },
    .init("rolled", lines) { [$0[0].rolled(by: 2, axis: -1), $0[0].rolled(by: [1, -1], axes: [0, -1])] },
    .init("tiled", lines) { [$0[0].tiled(Array(repeating: 2, count: $0[0].rank))] },
    .init("repeated", lines) { [$0[0].repeated(3, axis: -1)] },
    .init("padded", lines) { x in
      let widths = Array(repeating: (before: 1, after: 0), count: x[0].rank - 1) + [(before: 0, after: 1)]
      return [PaddingMode.constant(2), .edge, .wrap].map { x[0].padded(widths, mode: $0) }
    },
    .init("padded by reflection", lines) { x in
      let none = Array(repeating: (before: 0, after: 0), count: x[0].rank - 1)
      return [x[0].padded(none + [(before: 1, after: 1)], mode: .reflect)]
    },
    .init("subscript", covering: [], lines) { x in
      var changed = x[0]
      changed[0] = x[0][0] * 3
      return [x[0][0], x[0][.ellipsis, .range(from: 0, by: 2)], changed]
    },
    .init("concatenating", covering: ["concatenating", "stacking", "unstacked", "split", "chunks"], lines) { x in
      let (a, b) = (x[0], x[0] * x[0])
      return [
        Tensor(concatenating: [a, b], axis: -1), Tensor(stacking: [a, b], axis: 1), a.unstacked(axis: -1)[1],
        b.split(sizes: [1, b.shape[b.rank - 1] - 1], axis: -1)[1], a.split(every: 1, axis: -1)[0],
        Tensor(concatenating: [a, b]).chunks(2)[1],
      ]
    },
    .init(
      "stackingVertically",
      covering: ["stackingVertically", "stackingHorizontally", "stackingInDepth", "stackingColumns"],
      lines
    ) { x in
      let v = x[0].flattened()
      return [
        Tensor(stackingVertically: [v, v * v]), Tensor(stackingHorizontally: [x[0], x[0] * 2]),
        Tensor(stackingInDepth: [v, v * v]), Tensor(stackingColumns: [v, v * v]),
      ]
    },
    .init("meshgrid", covering: ["meshgrid", "cartesianProduct"], lines) { x in
      let v = x[0].flattened()
      return meshgrid([v, v * v]) + meshgrid([v, v], isMatrixOrder: false) + [cartesianProduct([v, v * 2])]
    },
    .init("blockDiagonal", tables) { [Tensor(blockDiagonal: [$0[0], $0[0] * $0[0]])] },
    .init("diagonal", covering: ["diagonal", "trace", "diagonalMatrix"], tables) { x in
      [x[0].diagonal(), x[0].diagonal(offset: 1), x[0].trace(), x[0].diagonalMatrix(), x[0].diagonalMatrix(offset: -1)]
    },
    .init("lowerTriangle", covering: ["lowerTriangle", "upperTriangle"], tables) {
      [$0[0].lowerTriangle(), $0[0].upperTriangle(diagonal: 1)]
    },
    .init("rotatedByQuarters", tables) { [$0[0].rotatedByQuarters(), $0[0].rotatedByQuarters(3)] },
    .init("reversedSequences", tables) { x in
      [x[0].reversedSequences(lengths: Tensor.range(0..<x[0].shape[0]) % 2 + 1)]
    },
  ]

  static let indexing: [SmoothFunction] = [
    .init("gathered", lines) {
      [$0[0].gathered(at: Tensor([0, -1, 0])), $0[0].gathered(at: Tensor([[1, 0]]), axis: -1)]
    },
    .init("takenAlong", lines) { [$0[0].takenAlong(axis: -1, at: $0[0].argSorted())] },
    .init("taken", lines) { [$0[0].taken(at: Tensor([[0, 1], [-1, 0]]))] },
    .init("gatheredPoints", tables) { [$0[0].gatheredPoints(at: Tensor([[0, 1], [0, -1], [0, 1]]))] },
    .init("scattering", { lines().map { [$0[0], $0[0][..<1] * 2] } }) { x in
      [
        x[0].scattering(x[1], at: Tensor([0])), x[0].scattering(x[1], at: Tensor([-1]), combining: .add),
        x[0].scattering(x[1], at: Tensor([0]), combining: .multiply),
        x[0].scattering(x[1] + 9, at: Tensor([0]), combining: .max),
        x[0].scattering(x[1] - 9, at: Tensor([0]), combining: .min),
      ]
    },
    .init("scatteringAlong", { lines().map { [$0[0], $0[0] * 2 + 0.1] } }) { x in
      let places = x[0].argSorted()
      return [ScatterCombination.set, .add, .multiply].map {
        x[0].scatteringAlong(axis: -1, x[1], at: places, combining: $0)
      }
    },
    .init("scatteringPoints", { tables().map { [$0[0], $0[0].flattened()[..<2]] } }) { x in
      let points = Tensor([[0, 1], [0, 0]])
      return [
        x[0].scatteringPoints(x[1], at: points),
        x[0].scatteringPoints(x[1], at: points * Tensor([1, 0]), combining: .add),
      ]
    },
    .init("unsortedSegments", lines) { x in
      let places = Tensor.range(0..<x[0].shape[0]) % 2
      return [ScatterReduction.sum, .mean, .product].map { x[0].unsortedSegments($0, places, count: 2) }
    },
  ]

  /// Matrices of at least two columns.
  private static let tables: @Sendable () -> [[Tensor]] = {
    ([[2, 4], [3, 5], [1, 6], [4, 2], [2, 3]] as [Shape]).enumerated().map { [uniform($0.element, -2...2, $0.offset)] }
  }
}
