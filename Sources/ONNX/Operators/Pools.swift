import Martlet
import MartletGraph

extension OperatorTable {
  /// Pooling: one number for each position of a window.
  static let pools: [Operator] = [
    Operator("MaxPool") { call in try maxPool(&call) },
    Operator("AveragePool") { call in
      let (x, windows) = try call.pooled()
      return [.tensor(try ONNXTensor(channelsLast: windows.average(x, countsBorder: call.flag("count_include_pad"))))]
    },
    Operator("LpPool") { call in
      let (x, windows) = try call.pooled()
      let order = Double(try call.int("p", default: 2))
      let sums = try windows.combined(.sum, order == 1 ? abs(x) : order == 2 ? x * x : power(abs(x), order))
      let norm = order == 1 ? sums : order == 2 ? sqrt(sums) : power(sums, 1 / order)
      return [.tensor(try ONNXTensor(channelsLast: norm))]
    },
    global("GlobalAveragePool") { x, axes, _ in x.mean(axes: axes, keepingAxes: true) },
    global("GlobalMaxPool") { x, axes, _ in x.max(axes: axes, keepingAxes: true) },
    global("GlobalLpPool") { x, axes, call in
      x.norm(order: Double(try call.int("p", default: 2)), axes: axes, keepingAxes: true)
    },
    .one("MaxUnpool", fixed: [2]) { call in try unpooled(&call) },
    Operator("MaxRoiPool", fixed: [1]) { call in [ONNXValue(try regionMaxima(&call))] },
  ]

  private static func global(
    _ name: String, _ function: @escaping @Sendable (Tensor, Axes, Call) throws -> Tensor
  ) -> Operator {
    Operator(name) { call in
      let x = try call.numbers(0)
      guard x.tensor.rank > 2, x.tensor.elementCount > 0 else {
        throw ONNXError(.mismatch, "needs images, got \(x.tensor.shape)")
      }
      let axes = Axes(Array(1..<(x.tensor.rank - 1)))
      return [.tensor(try ONNXTensor(channelsLast: function(x.withChannelsLast, axes, call)))]
    }
  }

  private static func maxPool(_ call: inout Call) throws -> [ONNXValue] {
    let (x, windows) = try call.pooled()
    let largest = ONNXValue.tensor(try ONNXTensor(channelsLast: windows.combined(.max, x)))
    guard call.wants(1) else { return [largest] }
    let image = Array(x.shape[1..<(x.rank - 1)])
    // Positions count through the whole tensor with channels in front; the columns may be the slower ones.
    let isColumnMajor = try call.flag("storage_order")
    let order = isColumnMajor ? Array(image.indices.reversed()) : Array(image.indices)
    let area = image.reduce(1, *)
    let inner = Tensor.range(0..<area).reshaped(to: Shape(order.map { image[$0] })).transposed(inverse(order))
    let images = Tensor.range(0..<x.shape[0] * x.shape[x.rank - 1]) * Double(area)
    let spread = Array(repeating: 1, count: image.count)
    let places =
      inner.reshaped(to: Shape([1] + image + [1]))
      + images.reshaped(to: Shape([x.shape[0]] + spread + [x.shape[x.rank - 1]]))
    let chosen = Tensor.record(
      WindowSelect(.gather, .max, window: windows.window), stopGradient(x), places, at: SourceLocation(#fileID, #line))
    return [largest, .tensor(try ONNXTensor(channelsLast: chosen))]
  }

  private static func inverse(_ order: [Int]) -> [Int] {
    var result = order
    for (place, axis) in order.enumerated() { result[axis] = place }
    return result
  }

  private static func unpooled(_ call: inout Call) throws -> Tensor {
    let x = try call.tensor(0, rank: 3...)
    let places = try call.tensor(1)
    guard places.shape == x.shape else { throw ONNXError(.mismatch, "places \(places.shape) for values \(x.shape)") }
    let sizes = try call.ints("kernel_shape")
    let image = Array(x.shape[2...])
    let strides = try call.optionalInts("strides") ?? sizes.map { _ in 1 }
    let pads = try call.optionalInts("pads") ?? Array(repeating: 0, count: 2 * sizes.count)
    guard sizes.count == image.count, strides.count == image.count, pads.count == 2 * image.count,
      (sizes + strides + pads).allSatisfy({ $0 >= 0 && $0 < 1 << 31 })
    else { throw ONNXError(.mismatch, "a window of \(sizes) does not fit \(x.shape)") }
    let natural = image.indices.map {
      (image[$0] - 1) * strides[$0] - pads[$0] - pads[$0 + image.count] + sizes[$0]
    }
    let small = try call.shape([x.shape[0], x.shape[1]] + natural)
    let large = try call.optionalIntegers(2).map { try call.shape($0) } ?? small
    guard large.rank == x.rank else { throw ONNXError(.mismatch, "\(large) does not fit \(x.shape)") }
    // Places count through the natural size, whatever the size asked for.
    let flat = Tensor.zeros([small.elementCount], dtype: x.dtype)
      .scattering(x.reshaped(to: [x.elementCount]), at: places.reshaped(to: [x.elementCount]))
    let result = flat.reshaped(to: small)
    let widths = zip(small, large).map { (before: 0, after: $1 - $0) }
    return result.padded(widths)
  }

  /// The largest element in each cell of regions whose corners are rounded to pixels.
  private static func regionMaxima(_ call: inout Call) throws -> Tensor {
    let x = try call.tensor(0, rank: 4)
    let regions = try call.reals(1)
    let cells = try call.ints("pooled_shape")
    let scale = try call.float("spatial_scale", default: 1)
    guard cells.count == 2, cells.allSatisfy({ $0 > 0 && $0 < 1 << 16 }), regions.count % 5 == 0 else {
      throw ONNXError(.mismatch, "regions are rows of five numbers, cells two sizes")
    }
    let bound = Double(1 << 30)
    let rows = try stride(from: 0, to: regions.count, by: 5).map { start -> Tensor in
      let numbers = regions[(start + 1)..<(start + 5)].map { min(max(($0 * scale).rounded(), -bound), bound) }
      guard let image = Int(exactly: regions[start]), image >= 0, image < x.shape[0],
        numbers.allSatisfy({ !$0.isNaN })
      else { throw ONNXError(.mismatch, "a region names image \(regions[start]) of \(x.shape[0])") }
      let corners = numbers.map { Int($0) }
      let tops = cellRanges(corners[1], corners[3], cells[0], x.shape[2])
      let lefts = cellRanges(corners[0], corners[2], cells[1], x.shape[3])
      let picture = x.slice(0, from: image, count: 1).squeezed(axes: 0)
      let lines = tops.map { vertical in
        Tensor(
          stacking: lefts.map { horizontal in
            if vertical.isEmpty || horizontal.isEmpty { return Tensor.zeros([x.shape[1]], dtype: x.dtype) }
            return picture.slice(1, from: vertical.lowerBound, count: vertical.count)
              .slice(2, from: horizontal.lowerBound, count: horizontal.count).max(axes: [1, 2])
          }, axis: -1)
      }
      return Tensor(stacking: lines, axis: 1)
    }
    return rows.isEmpty ? Tensor.zeros(Shape([0, x.shape[1]] + cells), dtype: x.dtype) : Tensor(stacking: rows)
  }

  /// The pixels of each cell along one dimension, those outside cut off.
  private static func cellRanges(_ first: Int, _ last: Int, _ count: Int, _ size: Int) -> [Range<Int>] {
    let width = Double(max(last - first + 1, 1)) / Double(count)
    return (0..<count).map { cell in
      let low = min(max(Int((Double(cell) * width).rounded(.down)) + first, 0), size)
      let high = min(max(Int((Double(cell + 1) * width).rounded(.up)) + first, 0), size)
      return low..<max(low, high)
    }
  }
}

extension Call {
  /// The image of a pool, channels last, and its windows.
  fileprivate func pooled() throws -> (x: Tensor, windows: Windows) {
    let x = try numbers(0)
    guard x.tensor.rank > 2 else { throw ONNXError(.mismatch, "needs images, got \(x.tensor.shape)") }
    let image = Array(x.tensor.shape[2...])
    let windows = try Windows(self, image: image, sizes: ints("kernel_shape"), roundsUp: flag("ceil_mode"))
    _ = try windows.positions(image)
    return (x.withChannelsLast, windows)
  }
}

extension Windows {
  /// The window over an image with channels last.
  var window: Window {
    Window(
      sizes: Shape([1] + sizes + [1]), strides: Shape([1] + strides + [1]), dilations: Shape([1] + dilations + [1]),
      paddingLow: Shape([0] + before + [0]), paddingHigh: Shape([0] + after + [0]))
  }

  /// The sum or maximum at each position of the window.
  func combined(_ kind: ReduceWindow.Kind, _ x: Tensor) throws -> Tensor {
    Tensor.record(ReduceWindow(kind, window: window), x, at: SourceLocation(#fileID, #line))
  }

  /// The mean at each position; the border may count as zeros, what lies beyond the border never counts.
  func average(_ x: Tensor, countsBorder: Bool) throws -> Tensor {
    let wide = x.dtype == .float16 || x.dtype == .bfloat16 ? x.cast(to: .float32) : x
    let sums = try combined(.sum, wide)
    let counts = try windowCounts(Array(x.shape[1..<(x.rank - 1)]), countsBorder: countsBorder)
    let mean = sums / Tensor(counts.values, shape: counts.shape).cast(to: wide.dtype)
    return mean.dtype == x.dtype ? mean : mean.cast(to: x.dtype)
  }

  /// How many elements count at each position: `[1, positions…, 1]`.
  private func windowCounts(_ image: [Int], countsBorder: Bool) throws -> (values: [Double], shape: Shape) {
    let positions = try positions(image)
    let lines = image.indices.map { axis in
      (0..<positions[axis]).map { position -> Double in
        let first = position * strides[axis] - before[axis]
        let places = (0..<sizes[axis]).map { first + $0 * dilations[axis] }
        let valid = countsBorder ? -before[axis]..<(image[axis] + declaredAfter[axis]) : 0..<image[axis]
        return Double(places.count { valid.contains($0) })
      }
    }
    let values = lines.reduce([1.0]) { products, line in products.flatMap { product in line.map { product * $0 } } }
    return (values, Shape([1] + positions + [1]))
  }
}
