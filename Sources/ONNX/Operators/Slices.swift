import Martlet
import MartletGraph

extension OperatorTable {
  /// Parts of tensors, and borders around them.
  static let slices: [Operator] = [
    moving("Slice", fixed: [1, 2, 3, 4]) { call in
      let shape = try call.shapeOfInput(0)
      let starts = try call.optionalInts("starts") ?? call.integers(1)
      let ends = try call.optionalInts("ends") ?? call.integers(2)
      let axes = try call.optionalInts("axes") ?? call.optionalIntegers(3) ?? Array(0..<starts.count)
      let steps = try call.optionalIntegers(4) ?? starts.map { _ in 1 }
      guard ends.count == starts.count, axes.count == starts.count, steps.count == starts.count else {
        throw ONNXError(.mismatch, "starts, ends, axes and steps are not as many as each other")
      }
      let places = try call.axes(axes, rank: shape.rank)
      let ranges = try starts.indices.map {
        try StridedRange(from: starts[$0], to: ends[$0], step: steps[$0], size: shape[places[$0]])
      }
      return { x in zip(places, ranges).reduce(x) { $1.1.slice($0, axis: $1.0) } }
    },
    Operator("Split", fixed: [1]) { call in
      let shape = try call.shapeOfInput(0)
      let axis = try call.axis(call.int("axis", default: 0), rank: shape.rank)
      let sizes = try call.optionalInts("split") ?? call.optionalIntegers(1) ?? call.evenSplit(shape[axis])
      guard sizes.allSatisfy({ $0 >= 0 && $0 <= shape[axis] }), sizes.reduce(0, &+) == shape[axis] else {
        throw ONNXError(.mismatch, "\(sizes) do not add up to the size \(shape[axis]) of axis \(axis)")
      }
      var start = 0
      return try sizes.map { size in
        defer { start += size }
        return try call.value(0).moved { $0.slice(axis, from: start, count: size) }
      }
    },
    Operator("Pad", fixed: [1, 3]) { call in [try pad(&call)] },
    moving("CenterCropPad", fixed: [1]) { call in
      let shape = try call.shapeOfInput(0)
      let sizes = try call.integers(1)
      let axes = try call.axes(call.optionalInts("axes") ?? Array(0..<shape.rank), rank: shape.rank)
      guard sizes.count == axes.count, sizes.allSatisfy({ $0 >= 0 && $0 < 1 << 45 }) else {
        throw ONNXError(.mismatch, "\(sizes) are no sizes for \(axes.count) axes")
      }
      var widths = shape.map { _ in (before: 0, after: 0) }
      var target = Array(shape)
      for (axis, size) in zip(axes, sizes) {
        target[axis] = size
        let surplus = shape[axis] - size
        // What is cut off first is the smaller half, what is added first as well.
        let before = surplus >= 0 ? -(surplus / 2) : -surplus / 2
        widths[axis] = (before, -surplus - before)
      }
      _ = try call.shape(target)
      let places = widths
      return { $0.padded(places) }
    },
    moving("Trilu", fixed: [1]) { call in
      guard try call.shapeOfInput(0).rank >= 2 else { throw ONNXError(.mismatch, "needs at least 2 dimensions") }
      let diagonal = min(max(try call.optionalInteger(1) ?? 0, -(1 << 40)), 1 << 40)
      let isUpper = try call.flag("upper", default: true)
      return { isUpper ? $0.upperTriangle(diagonal: diagonal) : $0.lowerTriangle(diagonal: diagonal) }
    },
  ]

  /// The value of a moving operator with borders; the number in constant borders is an input of its own.
  private static func pad(_ call: inout Call) throws -> ONNXValue {
    let numbers = try call.numbers(0)
    let x = numbers.tensor
    let listed = try call.optionalInts("pads") ?? call.integers(1)
    let axes = try call.axes(call.optionalIntegers(3) ?? Array(0..<x.rank), rank: x.rank)
    guard listed.count == 2 * axes.count else {
      throw ONNXError(.mismatch, "\(listed.count) widths for \(axes.count) axes of \(x.shape)")
    }
    var widths = x.shape.map { _ in (before: 0, after: 0) }
    for (place, axis) in axes.enumerated() { widths[axis] = (listed[place], listed[place + axes.count]) }
    _ = try call.shape(zip(x.shape, widths).map { try sum($0, $1.before, $1.after) })
    let mode = try call.string("mode", default: "constant")
    let result: Tensor
    switch mode {
    case "constant":
      var filler = try call.optionalFloat("value").map { Tensor.full([], value: $0, dtype: x.dtype) }
      if call.has(2) { filler = try call.scalarInput(2).tensor }
      result = x.padded(widths, filler: filler ?? Tensor.zeros([], dtype: x.dtype))
    case "edge": result = try x.extended(widths) { Swift.min(Swift.max($0, 0), $1 - 1) }
    case "reflect": result = try x.extended(widths, Mirror.place)
    case "wrap": result = try x.extended(widths) { ($0 % $1 + $1) % $1 }
    default: throw call.unknown("mode", mode)
    }
    return .tensor(try ONNXTensor(computed: result, as: numbers.elementType))
  }

  private static func sum(_ numbers: Int...) throws -> Int {
    try numbers.reduce(0) { total, number in
      let (sum, overflow) = total.addingReportingOverflow(number)
      if overflow { throw ONNXError(.mismatch, "\(numbers) do not add up to a size") }
      return sum
    }
  }
}

/// Positions of an axis seen in a mirror at either end; the ends themselves are not repeated.
enum Mirror {
  static func place(_ position: Int, _ size: Int) -> Int {
    if size == 1 { return 0 }
    let period = 2 * (size - 1)
    let folded = (position % period + period) % period
    return folded < size ? folded : period - folded
  }
}

/// Positions of an axis from one to another, as `Slice` names them: negative ones count from the end, and what lies
/// outside is cut off.
struct StridedRange {
  let start, count, step: Int

  init(from start: Int, to end: Int, step: Int, size: Int) throws {
    guard step != 0, step != .min else { throw ONNXError(.mismatch, "the step \(step) leads nowhere") }
    func place(_ position: Int) -> Int {
      let (sum, overflow) = position.addingReportingOverflow(position < 0 ? size : 0)
      let counted = overflow ? position : sum
      return step > 0 ? min(max(counted, 0), size) : min(max(counted, -1), size - 1)
    }
    let (first, last) = (place(start), place(end))
    self.start = first
    self.step = step
    let distance = step > 0 ? last - first : first - last
    count = distance > 0 ? (distance - 1) / Int(step.magnitude) + 1 : 0
  }

  func slice(_ x: Tensor, axis: Int) -> Tensor {
    if count == 0 { return x.slice(axis, from: 0, count: 0) }
    if step > 0 { return x.slice(axis, from: start, count: count, step: step) }
    // From the last position taken up to the first, turned around.
    return x.slice(axis, from: start + (count - 1) * step, count: count, step: -step).reversed(axes: Axes(axis))
  }
}

extension Tensor {
  /// This tensor with a border of one number; negative widths crop.
  func padded(_ widths: [(before: Int, after: Int)], filler: Tensor) -> Tensor {
    .record(
      Pad(low: Shape(widths.map(\.before)), high: Shape(widths.map(\.after))), self, filler,
      at: SourceLocation(#fileID, #line))
  }

  /// This tensor with a border of its own elements; negative widths crop.
  ///
  /// - Parameter source: The position inside an axis of some size that one outside shows.
  func extended(_ widths: [(before: Int, after: Int)], _ source: (Int, Int) -> Int) throws -> Tensor {
    var result = self
    for (axis, width) in widths.enumerated() where width != (0, 0) && axis < result.rank {
      let size = shape[axis]
      guard size > 0 else { continue }
      guard width.before < 1 << 27, width.after < 1 << 27, size < 1 << 27 else {
        throw ONNXError(.limit, "a border of \(width) around \(size) elements is too large")
      }
      let places = (-width.before..<Swift.max(size + width.after, -width.before)).map { source($0, size) }
      result = result.gathered(at: Tensor(places), axis: axis)
    }
    return result
  }
}

extension Call {
  /// The sizes of as many parts as the node has results, or the attribute says; the last may be smaller.
  fileprivate func evenSplit(_ size: Int) throws -> [Int] {
    let count = try int("num_outputs", default: outputCount)
    guard count > 0, count <= max(outputCount, 1) else { throw ONNXError(.mismatch, "\(count) parts are not possible") }
    let part = (size + count - 1) / count
    return (0..<count).map { max(min(part, size - $0 * part), 0) }
  }
}
