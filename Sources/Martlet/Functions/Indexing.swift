import MartletGraph

// An index counts from the end when it is negative, and must lie in `-n..<n`; anything else is an error when the
// program runs, found before the first element is written. Indices are of any integer type.

extension Tensor {
  /// Slices along one axis, in the order that `indices` name them: the rows of a table, the embedding of words.
  ///
  /// The derivative adds up where an index occurs more than once.
  ///
  /// - Parameter indices: Of any shape, which replaces `axis`.
  /// - Returns: `[words, width]` gathered at `[batch, length]` along axis 0 gives `[batch, length, width]`.
  public func gathered(
    at indices: Tensor, axis: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("gathered", fileID, line) { c in try c(Gather(.axis(checkedAxis(axis, shape))), self, indices) }
  }

  /// One element along `axis` for each index (NumPy's `take_along_axis`).
  ///
  /// - Parameter indices: The rank and sizes of this tensor, apart from `axis`.
  /// - Returns: The shape of `indices`.
  public func takenAlong(
    axis: Int, at indices: Tensor, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("takenAlong", fileID, line) { c in
      try c(Gather(.elements(axis: checkedAxis(axis, shape))), self, indices)
    }
  }

  /// Elements or slices at points.
  ///
  /// - Parameters:
  ///   - points: `[batch..., ..., depth]`: the last dimension holds coordinates into the `depth` dimensions that
  ///     follow the first `batchDimensions`.
  ///   - batchDimensions: How many leading dimensions this tensor and `points` share.
  /// - Returns: The dimensions of `points` but the last, then those of this tensor that no coordinate names.
  public func gatheredPoints(
    at points: Tensor, batchDimensions: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("gatheredPoints", fileID, line) { c in try c(Gather(.points(batch: batchDimensions)), self, points) }
  }
}

/// What a scatter does with the element that is there, and with several updates for one place.
public enum ScatterCombination: Sendable, Hashable, CaseIterable {
  /// The last update in row-major order stays.
  case set
  case add, multiply, min, max

  var kind: Scatter.Combination {
    switch self {
    case .set: .set
    case .add: .add
    case .multiply: .multiply
    case .min: .min
    case .max: .max
    }
  }
}

extension Tensor {
  /// This tensor with slices along one axis updated.
  ///
  /// - Parameters:
  ///   - updates: The shape that ``gathered(at:axis:fileID:line:)`` gives for `indices`.
  ///   - combining: What happens to the element that is there.
  public func scattering(
    _ updates: Tensor, at indices: Tensor, axis: Int = 0, combining: ScatterCombination = .set,
    fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("scattering", fileID, line) { c in
      try c(Scatter(.axis(checkedAxis(axis, shape)), combining.kind), self, indices, updates)
    }
  }

  /// This tensor with one element along `axis` updated for each index.
  ///
  /// - Parameter updates: The shape of `indices`.
  public func scatteringAlong(
    axis: Int, _ updates: Tensor, at indices: Tensor, combining: ScatterCombination = .set,
    fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("scatteringAlong", fileID, line) { c in
      try c(Scatter(.elements(axis: checkedAxis(axis, shape)), combining.kind), self, indices, updates)
    }
  }

  /// This tensor with elements or slices at points updated.
  ///
  /// - Parameter updates: The shape that ``gatheredPoints(at:batchDimensions:fileID:line:)`` gives for `points`.
  public func scatteringPoints(
    _ updates: Tensor, at points: Tensor, batchDimensions: Int = 0, combining: ScatterCombination = .set,
    fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("scatteringPoints", fileID, line) { c in
      try c(Scatter(.points(batch: batchDimensions), combining.kind), self, points, updates)
    }
  }
}

extension Tensor {
  /// A vector of 0 and 1 for each label: 1 at its place. A label out of range is an error when the program runs.
  ///
  /// - Parameter depth: The number of classes, the new last dimension.
  /// - Returns: `[...]` gives `[..., depth]`.
  public func oneHot(
    depth: Int, dtype: DType = .float32, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("oneHot", fileID, line) { c in
      _ = try checkedSizes([depth])
      if depth == 0 { throw mistake("the depth 0 leaves no class") }
      // Looked up among the classes, indices are checked and count from the end where they are negative.
      let classes = try c.iota([depth], axis: 0)
      let known = try c(Gather(.axis(0)), classes, self)
      let row = try checkedShape([Int](repeating: 1, count: rank) + [depth])
      return try c.cast(c.compare(.equal, c.expand(known, [rank]), c.reshape(classes, row)), dtype)
    }
  }
}
