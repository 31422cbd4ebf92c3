import Martlet

/// A convolution whose filters look at places that are moved by offsets.
///
/// - Note: Zhu et al., *Deformable ConvNets v2*, CVPR 2019.
struct DeformableConvolution {
  private let x, filter, offsets: Tensor
  private let mask, bias: Tensor?
  private let groups, offsetGroups: Int
  private let windows: Windows
  private let positions: [Int]

  init(_ call: inout Call) throws {
    x = try call.tensor(0, rank: 4)
    filter = try call.tensor(1, rank: 4)
    offsets = try call.tensor(2, rank: 4)
    bias = try call.optionalTensor(3)
    mask = try call.optionalTensor(4)
    groups = try call.int("group", default: 1)
    offsetGroups = try call.int("offset_group", default: 1)
    windows = try Windows(call, image: Array(x.shape[2...]), sizes: Array(filter.shape[2...]))
    positions = try windows.positions(Array(x.shape[2...]))
    let area = filter.shape[2] * filter.shape[3]
    guard groups > 0, offsetGroups > 0, x.shape[1] == filter.shape[1] * groups, filter.shape[0] % groups == 0,
      x.shape[1] % offsetGroups == 0, x.elementCount > 0,
      offsets.shape == Shape([x.shape[0], offsetGroups * area * 2] + positions),
      mask.map({ $0.shape == Shape([x.shape[0], offsetGroups * area] + positions) }) ?? true
    else {
      throw ONNXError(.mismatch, "filters \(filter.shape) and offsets \(offsets.shape) do not fit \(x.shape)")
    }
  }

  func result() -> Tensor {
    let (batch, channels) = (x.shape[0], x.shape[1])
    let area = filter.shape[2] * filter.shape[3]
    let (rows, columns) = (positions[0], positions[1])
    // Each offset group of each image is an image of its own: [batch · groups, height, width, channels / groups].
    let own = channels / offsetGroups
    let images = x.reshaped(to: [batch * offsetGroups, own, x.shape[2], x.shape[3]]).transposed([0, 2, 3, 1])
    let moved = offsets.reshaped(to: [batch * offsetGroups, area, 2, rows, columns])
    let y = coordinates(moved, part: 0)
    let points = Tensor(stacking: [coordinates(moved, part: 1), y], axis: -1)
    let sampled = gridSample(images, at: points, alignsCorners: true)
    // [batch · groups, area, rows, columns, channels / groups]
    var taken = sampled
    if let mask { taken = taken * mask.reshaped(to: [batch * offsetGroups, area, rows, columns, 1]) }
    // [batch, channels, area, rows, columns], then in the groups of the filter.
    let ordered = taken.transposed([0, 4, 1, 2, 3])
      .reshaped(to: [batch, groups, channels / groups * area, rows * columns])
    let kernel = filter.reshaped(to: [groups, filter.shape[0] / groups, channels / groups * area])
    let product = einsum("gok,bgkp->bgop", kernel, ordered).reshaped(to: [batch, filter.shape[0], rows, columns])
    return bias.map { product + $0.reshaped(to: [filter.shape[0], 1, 1]) } ?? product
  }

  /// Where the filter looks along one dimension, from -1 to 1: `[images, area, rows, columns]`.
  private func coordinates(_ moved: Tensor, part: Int) -> Tensor {
    let size = x.shape[2 + part]
    let width = filter.shape[3]
    let places = (0..<filter.shape[2] * width).map { part == 0 ? $0 / width : $0 % width }
    let taps = places.map { Double($0 * windows.dilations[part] - windows.before[part]) }
    let steps = (0..<positions[part]).map { Double($0 * windows.strides[part]) }
    let base =
      Tensor(taps).reshaped(to: [taps.count, 1, 1])
      + Tensor(steps).reshaped(to: part == 0 ? [steps.count, 1] : [1, steps.count])
    let place = moved.slice(2, from: part, count: 1).squeezed(axes: 2) + base.cast(to: x.dtype)
    return size > 1 ? place * (2 / Double(size - 1)) - 1 : place
  }
}
