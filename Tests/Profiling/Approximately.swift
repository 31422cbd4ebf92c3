extension Double {
  /// Whether it is within 1e-9, relative, of another: room for the order of a few additions.
  func isApproximately(_ other: Double) -> Bool { abs(self - other) <= 1e-9 * max(1, abs(other)) }
}
