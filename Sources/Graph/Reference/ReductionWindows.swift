extension Window {
  /// For each position of the window over a tensor of shape `shape`, in row-major order, the positions of the elements
  /// it covers, in row-major order of the window; what lies in the padding is left out.
  func coverage(of shape: Shape, positions: Shape) -> [[Int]] {
    let strides = shape.rowMajorStrides
    return indices(of: positions).map { position in
      indices(of: sizes).compactMap { offset in
        var flat = 0
        for i in 0..<shape.rank {
          let index = position[i] * self.strides[i] + offset[i] * dilations[i] - paddingLow[i]
          if index < 0 || index >= shape[i] { return nil }
          flat += index * strides[i]
        }
        return flat
      }
    }
  }

  /// Every index of a shape, in row-major order.
  private func indices(of shape: Shape) -> [[Int]] {
    let strides = shape.rowMajorStrides
    return (0..<shape.elementCount).map { flat in
      (0..<shape.rank).map { flat / strides[$0] % shape[$0] }
    }
  }
}
