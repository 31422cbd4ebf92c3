import Martlet

/// The attributes that convolutions and pools share, resolved for an image.
struct Windows {
  let sizes, strides, dilations: [Int]
  let before, after: [Int]
  /// The border behind the image without what rounding up has added.
  let declaredAfter: [Int]

  /// - Parameters:
  ///   - image: The spatial sizes.
  ///   - sizes: What the window covers, without dilation.
  ///   - roundsUp: Whether a window may begin inside and end outside; the border grows to hold it.
  init(_ call: Call, image: [Int], sizes: [Int], roundsUp: Bool = false) throws {
    let rank = image.count
    func numbers(_ name: String) throws -> [Int] {
      let listed = try call.optionalInts(name) ?? []
      let values = listed.isEmpty ? Array(repeating: 1, count: rank) : listed
      guard values.count == rank, values.allSatisfy({ $0 > 0 && $0 < 1 << 31 }) else {
        throw ONNXError(.mismatch, "\(name) \(values) do not fit \(rank) spatial dimensions")
      }
      return values
    }
    guard rank >= 1, sizes.count == rank, sizes.allSatisfy({ $0 > 0 && $0 < 1 << 24 }),
      image.allSatisfy({ $0 >= 0 && $0 < 1 << 45 })
    else {
      throw ONNXError(.mismatch, "a window of \(sizes) does not fit an image of \(image)")
    }
    self.sizes = sizes
    strides = try numbers("strides")
    dilations = try numbers("dilations")
    let extents = zip(sizes, dilations).map { ($0 - 1) * $1 + 1 }
    var (low, high) = try Windows.borders(call, image, extents, strides)
    declaredAfter = high
    if roundsUp {
      for i in 0..<rank where image[i] + low[i] + high[i] >= extents[i] {
        let span = image[i] + low[i] + high[i] - extents[i]
        var count = (span + strides[i] - 1) / strides[i] + 1
        // No window begins in the border behind the image.
        if (count - 1) * strides[i] >= image[i] + low[i] { count -= 1 }
        high[i] += max((count - 1) * strides[i] - span, 0)
      }
    }
    (before, after) = (low, high)
  }

  /// The width of the border on both sides, as attributes say.
  static func borders(
    _ call: Call, _ image: [Int], _ extents: [Int], _ strides: [Int]
  ) throws -> (before: [Int], after: [Int]) {
    let rank = image.count
    let mode = try call.string("auto_pad", default: "NOTSET")
    switch mode {
    case "SAME_UPPER", "SAME_LOWER":
      let totals = (0..<rank).map { (axis: Int) -> Int in
        let count: Int = (image[axis] + strides[axis] - 1) / strides[axis]
        return max((count - 1) * strides[axis] + extents[axis] - image[axis], 0)
      }
      let smaller = totals.map { $0 / 2 }
      let larger = totals.map { $0 - $0 / 2 }
      return mode == "SAME_UPPER" ? (smaller, larger) : (larger, smaller)
    case "VALID": return (image.map { _ in 0 }, image.map { _ in 0 })
    case "NOTSET", "":
      let pads = try call.optionalInts("pads") ?? []
      if pads.isEmpty { return (image.map { _ in 0 }, image.map { _ in 0 }) }
      guard pads.count == 2 * rank, pads.allSatisfy({ $0.magnitude < 1 << 31 }) else {
        throw ONNXError(.mismatch, "pads \(pads) do not fit \(rank) spatial dimensions")
      }
      return (Array(pads[..<rank]), Array(pads[rank...]))
    default: throw call.unknown("auto_pad", mode)
    }
  }

  /// What the window covers, with dilation.
  var extents: [Int] { zip(sizes, dilations).map { ($0 - 1) * $1 + 1 } }

  /// The number of positions along each dimension.
  func positions(_ image: [Int]) throws -> [Int] {
    try image.indices.map { i in
      let span = image[i] + before[i] + after[i] - extents[i]
      guard span >= 0 else {
        throw ONNXError(.mismatch, "a window of \(extents) does not fit into \(image) with borders \(before), \(after)")
      }
      return span / strides[i] + 1
    }
  }
}
