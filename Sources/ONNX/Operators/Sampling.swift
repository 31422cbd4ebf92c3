import Martlet

extension OperatorTable {
  /// Images sampled between their pixels.
  static let sampling: [Operator] = [
    Operator("GridSample") { call in
      let x = try call.numbers(0)
      guard x.tensor.rank >= 3 else { throw ONNXError(.mismatch, "needs images, got \(x.tensor.shape)") }
      let points = try call.tensor(1).cast(to: x.tensor.dtype)
      let sampled = gridSample(
        x.withChannelsLast, at: points, mode: try samplingMode(call), border: try samplingBorder(call),
        alignsCorners: try call.flag("align_corners"))
      return [.tensor(try ONNXTensor(channelsLast: sampled))]
    },
    .one("AffineGrid", fixed: [1]) { call in
      let sizes = try call.integers(1)
      guard sizes.count == 4 || sizes.count == 5 else { throw ONNXError(.mismatch, "\(sizes) are no sizes of images") }
      _ = try call.shape(sizes)
      return affineGrid(try call.tensor(0), sizes: Array(sizes[2...]), alignsCorners: try call.flag("align_corners"))
    },
    Operator("RoiAlign") { call in [.tensor(try regionMeans(&call))] },
  ]

  private static func samplingMode(_ call: Call) throws -> SamplingMode {
    let mode = try call.string("mode", default: call.version < 20 ? "bilinear" : "linear")
    switch mode {
    case "linear", "bilinear": return .linear
    case "nearest": return .nearest
    case "cubic", "bicubic": return .cubic
    default: throw call.unknown("mode", mode)
    }
  }

  private static func samplingBorder(_ call: Call) throws -> SamplingBorder {
    let border = try call.string("padding_mode", default: "zeros")
    switch border {
    case "zeros": return .zeros
    case "border": return .edge
    case "reflection": return .reflect
    default: throw call.unknown("padding_mode", border)
    }
  }

  private static func regionMeans(_ call: inout Call) throws -> ONNXTensor {
    let x = try call.numbers(0)
    guard x.tensor.rank == 4 else { throw ONNXError(.mismatch, "needs images, got \(x.tensor.shape)") }
    let cells = (rows: try call.int("output_height", default: 1), columns: try call.int("output_width", default: 1))
    let samples = try call.int("sampling_ratio", default: 0)
    let scale = try call.float("spatial_scale", default: 1)
    let alignment = try call.string(
      "coordinate_transformation_mode", default: call.version < 16 ? "output_half_pixel" : "half_pixel")
    let mode = try call.string("mode", default: "avg")
    let regions = RegionCells(
      image: x.withChannelsLast, boxes: try call.tensor(1, rank: 2), indices: try call.tensor(2, rank: 1),
      cells: cells, scale: scale, isAligned: alignment == "half_pixel")
    guard mode == "avg" || mode == "max" else { throw call.unknown("mode", mode) }
    guard (1..<4096).contains(cells.rows), (1..<4096).contains(cells.columns), (0..<1024).contains(samples)
    else {
      throw ONNXError(.mismatch, "\(cells) cells of \(samples) samples are not possible")
    }
    return try ONNXTensor(channelsLast: regions.pooled(samples: samples, takesMaximum: mode == "max", call))
  }
}

/// Cells of regions of images, and how they are sampled.
private struct RegionCells {
  let image, boxes, indices: Tensor
  let cells: (rows: Int, columns: Int)
  let scale: Double
  let isAligned: Bool

  /// The mean or maximum of the samples of each cell: `[regions, rows, columns, channels]`.
  ///
  /// - Parameter samples: How many along each axis of a cell; 0 takes as many as the cell has pixels.
  func pooled(samples: Int, takesMaximum: Bool, _ call: Call) throws -> Tensor {
    guard boxes.shape[1] == 4, indices.shape[0] == boxes.shape[0] else {
      throw ONNXError(.mismatch, "boxes \(boxes.shape) do not fit image numbers \(indices.shape)")
    }
    if !takesMaximum && samples > 0 {
      return roiAlign(
        image, boxes: boxes, imageIndices: indices, size: cells, scale: scale, samplesPerCell: samples,
        isAligned: isAligned)
    }
    let corners = try call.reals(of: ONNXTensor(boxes))
    let images = try call.integers(of: ONNXTensor(indices))
    let regions = try images.enumerated().map { row, number in
      guard number >= 0, number < image.shape[0] else {
        throw ONNXError(.mismatch, "a region names image \(number) of \(image.shape[0])")
      }
      return try region(Array(corners[(4 * row)..<(4 * row + 4)]), of: number, samples, takesMaximum)
    }
    if regions.isEmpty {
      return Tensor.zeros([0, cells.rows, cells.columns, image.shape[3]], dtype: image.dtype)
    }
    return Tensor(stacking: regions)
  }

  private func region(_ box: [Double], of number: Int, _ samples: Int, _ takesMaximum: Bool) throws -> Tensor {
    let picture = image.slice(0, from: number, count: 1).squeezed(axes: 0)
    let rows = try lines(box[1], box[3], cells.rows, image.shape[1], samples)
    let columns = try lines(box[0], box[2], cells.columns, image.shape[2], samples)
    // The four pixels around each sample, each with its weight.
    let corners = [
      (rows.low, columns.low), (rows.low, columns.high), (rows.high, columns.low), (rows.high, columns.high),
    ]
    let terms = corners.map { row, column in
      let pixels = picture.gathered(at: Tensor(row.places)).gathered(at: Tensor(column.places), axis: 1)
      let down = Tensor(row.weights).cast(to: image.dtype).reshaped(to: [row.places.count, 1, 1])
      return pixels * down * Tensor(column.weights).cast(to: image.dtype).reshaped(to: [1, column.places.count, 1])
    }
    let shape: Shape = [cells.rows, rows.samples, cells.columns, columns.samples, image.shape[3]]
    if takesMaximum {
      return terms.dropFirst().reduce(terms[0]) { maximum($0, $1) }.reshaped(to: shape).max(axes: [1, 3])
    }
    return terms.dropFirst().reduce(terms[0]) { $0 + $1 }.reshaped(to: shape).mean(axes: [1, 3])
  }

  private typealias Taps = (places: [Int], weights: [Double])

  /// The pixels on both sides of each sample along one axis.
  private func lines(
    _ first: Double, _ last: Double, _ count: Int, _ size: Int, _ given: Int
  ) throws -> (low: Taps, high: Taps, samples: Int) {
    let offset = isAligned ? 0.5 : 0
    let start = first * scale - offset
    let length = isAligned ? (last - first) * scale : max((last - first) * scale, 1)
    let cell = length / Double(count)
    guard start.isFinite, cell.isFinite, cell < 0x1p20 else { throw ONNXError(.mismatch, "a region is not finite") }
    let samples = given > 0 ? given : max(Int(cell.rounded(.up)), 1)
    var (low, high): (Taps, Taps) = (([], []), ([], []))
    for place in 0..<count * samples {
      let raw = start + (Double(place / samples) + (Double(place % samples) + 0.5) / Double(samples)) * cell
      let isNear = raw >= -1 && raw <= Double(size)
      let position = min(max(raw, 0), Double(size - 1))
      let floor = Int(position)
      low.places.append(floor)
      high.places.append(min(floor + 1, size - 1))
      let share = position - Double(floor)
      low.weights.append(isNear ? 1 - share : 0)
      high.weights.append(isNear ? share : 0)
    }
    return (low, high, samples)
  }
}
