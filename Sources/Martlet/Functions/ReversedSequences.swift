import MartletGraph

extension Tensor {
  /// Each sequence of a batch back to front, as far as it goes; what lies behind its end stays where it is.
  ///
  /// - Parameters:
  ///   - lengths: How much of each sequence counts, `[batch]` of integers in `0...length`; one outside is an error when
  ///     the program runs.
  ///   - axis: Along which a sequence goes on.
  ///   - batchAxis: Along which there are several.
  /// - Returns: The same shape.
  /// - Precondition: Two different axes that exist, and as many lengths as sequences.
  public func reversedSequences(
    lengths: Tensor, axis: Int = 1, batchAxis: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose("reversedSequences", fileID, line) { c in
      let (axis, batchAxis) = (try checkedAxis(axis, shape), try checkedAxis(batchAxis, shape))
      if axis == batchAxis { throw mistake("axis \(axis) cannot be both the sequence's and the batch's") }
      if !lengths.dtype.isInteger { throw mistake("lengths are integers, not \(lengths.dtype)") }
      if lengths.shape != [shape[batchAxis]] {
        throw mistake("lengths \(lengths.shape) for \(shape[batchAxis]) sequences of \(shape)")
      }
      // No position of an empty tensor can be looked up, and there is nothing to turn round.
      if shape.elementCount == 0 { return self }
      let known = checkedNumbers(lengths, count: shape[axis] + 1, fileID, line)
      let sizes = (0..<rank).map { $0 == batchAxis ? shape[$0] : 1 }
      let ends = try c.broadcast(c.reshape(known, sizes), shape)
      let position = try c.iota(shape, axis: axis)
      let mirrored = try c.binary(.subtract, c.binary(.subtract, ends, position), 1)
      let source = try c.select(c.compare(.less, position, ends), mirrored, position)
      return try c(Gather(.elements(axis: axis)), self, source)
    }
  }
}
