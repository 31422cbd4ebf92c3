/// A window that slides over every dimension of a tensor; dimensions it leaves alone have size 1, stride 1.
public struct Window: Sendable, Hashable {
  public var sizes: Shape
  public var strides: Shape
  /// Steps between neighbouring elements of the window.
  public var dilations: Shape
  /// Elements added before and after each dimension; they never win a maximum and add nothing to a sum.
  public var paddingLow: Shape
  public var paddingHigh: Shape

  public init(
    sizes: Shape, strides: Shape, dilations: Shape? = nil, paddingLow: Shape? = nil, paddingHigh: Shape? = nil
  ) {
    self.sizes = sizes
    self.strides = strides
    self.dilations = dilations ?? Shape(repeating: 1, rank: sizes.rank)
    self.paddingLow = paddingLow ?? Shape(repeating: 0, rank: sizes.rank)
    self.paddingHigh = paddingHigh ?? Shape(repeating: 0, rank: sizes.rank)
  }

  func mix(into hash: inout StructureHash) {
    for part in [sizes, strides, dilations, paddingLow, paddingHigh] { hash.mix(part) }
  }

  /// The number of window positions along each dimension of `shape`.
  func resultShape(_ shape: Shape, operation: String) throws(GraphError) -> Shape {
    for part in [sizes, strides, dilations, paddingLow, paddingHigh] where part.rank != shape.rank {
      throw GraphError(operation, "a window of rank \(part.rank) does not fit \(shape)")
    }
    var result = Shape()
    for i in 0..<shape.rank {
      for size in [shape[i], sizes[i], strides[i], dilations[i], paddingLow[i], paddingHigh[i]] {
        try checkWindowNumber(size, axis: i, operation: operation)
      }
      if sizes[i] < 1 { throw GraphError(operation, "window size \(sizes[i]) along axis \(i) is less than 1") }
      if strides[i] < 1 { throw GraphError(operation, "stride \(strides[i]) along axis \(i) is less than 1") }
      if dilations[i] < 1 { throw GraphError(operation, "dilation \(dilations[i]) along axis \(i) is less than 1") }
      if paddingLow[i] < 0 || paddingHigh[i] < 0 {
        throw GraphError(operation, "negative padding along axis \(i)")
      }
      let extent = (sizes[i] - 1) * dilations[i] + 1
      if paddingLow[i] >= extent && paddingLow[i] > 0 || paddingHigh[i] >= extent && paddingHigh[i] > 0 {
        throw GraphError(operation, "padding along axis \(i) is not smaller than the window (\(extent))")
      }
      let room = shape[i] + paddingLow[i] + paddingHigh[i] - extent
      if shape[i] == 0 && extent == 1 {
        // A dimension that the window leaves alone may be empty: a batch of no examples.
        result.append(0)
        continue
      }
      if room < 0 {
        throw GraphError(
          operation, "the window (\(extent)) is larger than axis \(i) of \(shape) with its padding (\(room + extent))")
      }
      result.append(room / strides[i] + 1)
    }
    return result
  }
}

extension Window {
  /// For each dimension, its own number as loop index where the window leaves it alone, else nil.
  var freeDimensions: [Int?] {
    (0..<sizes.rank).map { i in
      let isAlone = sizes[i] == 1 && strides[i] == 1 && paddingLow[i] == 0 && paddingHigh[i] == 0
      return isAlone ? i : nil
    }
  }

  /// The window over a tensor with a leading dimension of examples, which it leaves alone.
  func batched(operation: String) throws(GraphError) -> Window {
    if sizes.rank == Shape.maximumRank { throw tooManyDimensions(operation, sizes) }
    var result = self
    result.sizes.insert(1, at: 0)
    result.strides.insert(1, at: 0)
    result.dilations.insert(1, at: 0)
    result.paddingLow.insert(0, at: 0)
    result.paddingHigh.insert(0, at: 0)
    return result
  }
}

/// Refuses numbers of which products and sums might overflow: they come from files as well.
func checkWindowNumber(_ number: Int, axis: Int, operation: String) throws(GraphError) {
  if number > 1 << 31 || number < -(1 << 31) {
    throw GraphError(operation, "\(number) along axis \(axis) is beyond 2³¹")
  }
}
