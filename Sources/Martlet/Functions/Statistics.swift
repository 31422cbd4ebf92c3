import MartletGraph

extension Tensor {
  /// The mean in which each element counts as much as its weight says. Shapes broadcast.
  ///
  /// - Precondition: A floating-point element type. Weights that add up to 0 give NaN.
  public func weightedMean(
    _ weights: Tensor, axes: Axes = .all, keepingAxes: Bool = false, fileID: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    compose("weightedMean", fileID, line) { c in
      try checkFloatingPoint(self)
      return try c.widened(self) { x in
        let wide = try c.broadcast(c.cast(weights, x.dtype), x.shape)
        let axes = try axes.resolved(in: shape)
        let sum = try c.reduce(.sum, c.binary(.multiply, x, wide), axes, keepingAxes: keepingAxes)
        return try c.binary(.divide, sum, c.reduce(.sum, wide, axes, keepingAxes: keepingAxes))
      }
    }
  }

  /// How variables vary together: each row is a variable, each column an observation.
  ///
  /// - Parameter correction: Sums are divided by the number of observations less this.
  /// - Returns: `[..., variables, observations]` gives `[..., variables, variables]`.
  public func covariance(
    correction: Double = 1, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("covariance", fileID, line) { c in try c.covariance(self, correction) }
  }

  /// The covariance divided by the standard deviations of both variables: from -1 to 1.
  ///
  /// - Returns: `[..., variables, observations]` gives `[..., variables, variables]`.
  public func correlation(fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    compose("correlation", fileID, line) { c in
      let products = try c.covariance(self, 0)
      let size = products.shape[products.rank - 1]
      let isOff = try c.compare(.notEqual, c.diagonalDistance([size, size]), 0)
      let variances = try c.reduce(.sum, c.select(isOff, 0, products), [products.rank - 1])
      let deviations = try c.unary(.sqrt, variances)
      let rows = try c.expand(deviations, [products.rank - 1])
      let columns = try c.expand(deviations, [products.rank - 2])
      return try c.binary(.divide, c.binary(.divide, products, rows), columns)
    }
  }
}

extension Composition {
  fileprivate func covariance(_ x: Tensor, _ correction: Double) throws -> Tensor {
    try checkFloatingPoint(x)
    if x.rank < 2 { throw mistake("needs rows of variables and columns of observations, got \(x.shape)") }
    let last = x.rank - 1
    let centered = try binary(.subtract, x, mean(x, [last], keepingAxes: true))
    var order = Array(0..<x.rank)
    order.swapAt(last, last - 1)
    let divisor = Swift.max(Double(x.shape[last]) - correction, 0)
    return try binary(.divide, matmul(centered, transpose(centered, order)), divisor)
  }
}
