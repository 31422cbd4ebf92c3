import MartletFormats
import MartletGraph

extension GraphLowering {
  /// 0, 1, 2, … along one axis.
  func iota(_ p: Iota, _ current: LoweredNode) -> String {
    let (sizes, dtype) = (sizes(current), p.type.dtype)
    let count: String
    if let length = sizes[p.axis].fixed, length < 1 << 20 {
      let name = state.unique("range")
      let numbers = StoredTensor((0..<length).map { Int64($0) }, shape: [length])
      state.add(name, (try? numbers.converted(to: dtype)) ?? numbers)
      count = name
    } else {
      let limit = squeeze(state.vector([sizes[p.axis]]), [0])
      let range = one("Range", [state.scalar(Literal(0, .int64)), limit, state.scalar(Literal(1, .int64))])
      count = cast(range, from: .int64, to: dtype)
    }
    if sizes.count == 1 { return count }
    let others = sizes.indices.filter { $0 != p.axis }
    let line = unsqueeze(count, others)
    return others.allSatisfy { sizes[$0].fixed == 1 } ? line : one("Expand", [line, state.vector(sizes)])
  }

  func slice(_ current: LoweredNode) -> String {
    func part(_ which: @escaping (Slice) -> Shape) -> [Size] {
      sizes(current) { node in if case .slice(let p) = node.primitive { which(p) } else { Shape() } }
    }
    let (starts, limits, strides) = (part(\.starts), part(\.limits), part(\.strides))
    let whole = sizes(current, operand: 0)
    let axes = whole.indices.filter {
      starts[$0].fixed != 0 || limits[$0] != whole[$0] || strides[$0].fixed != 1
    }
    return sliced(
      current.operands[0], axes: axes, starts: axes.map { starts[$0] }, limits: axes.map { limits[$0] },
      strides: axes.map { strides[$0].fixed ?? 1 })
  }

  /// The order turned around along some axes.
  func reversed(_ x: String, _ axes: [Int]) -> String {
    if axes.isEmpty { return x }
    return sliced(
      x, axes: axes, starts: axes.map { _ in Size(-1) }, limits: axes.map { _ in Size(Int.min) },
      strides: axes.map { _ in -1 })
  }

  func pad(_ current: LoweredNode) -> String {
    func part(_ which: @escaping (Pad) -> Shape) -> [Size] {
      sizes(current) { node in if case .pad(let p) = node.primitive { which(p) } else { Shape() } }
    }
    let (low, high, interior) = (part(\.low), part(\.high), part(\.interior))
    var x = current.operands[0]
    let value = current.operands[1]
    var extent = sizes(current, operand: 0)
    for axis in extent.indices {
      guard let gap = interior[axis].fixed, gap > 0, extent[axis].fixed != 0 else { continue }
      x = spread(x, axis, gap, value, &extent)
    }
    if (low + high).allSatisfy({ $0.fixed == 0 }) { return x }
    return one("Pad", [x, state.vector(low + high), value])
  }

  /// Puts `gap` values between neighbors along an axis.
  private func spread(_ x: String, _ axis: Int, _ gap: Int, _ value: String, _ sizes: inout [Size]) -> String {
    var widths = [Int](repeating: 0, count: 2 * (sizes.count + 1))
    widths[sizes.count + 1 + axis + 1] = gap
    let apart = one("Pad", [unsqueeze(x, [axis + 1]), state.vector(widths), value])
    let size = sizes[axis]
    sizes[axis] = Size(multiplier: size.multiplier * (gap + 1), constant: size.constant * (gap + 1))
    let joined = reshape(apart, to: sizes)
    sizes[axis].constant -= gap
    return sliced(joined, axes: [axis], starts: [Size(0)], limits: [sizes[axis]])
  }

  func dynamicSlice(_ current: LoweredNode) -> String {
    let (x, starts) = (current.operands[0], current.operands[1])
    let block = sizes(current)
    if block.isEmpty { return x }
    let limits = one("Add", [starts, state.vector(block)])
    return one("Slice", [x, starts, limits, state.vector(Array(block.indices))])
  }

  /// The block with zeros around it, where ones with zeros around them say that it is.
  func dynamicUpdate(_ current: LoweredNode) -> String {
    let (x, block, starts) = (current.operands[0], current.operands[1], current.operands[2])
    let (whole, part) = (sizes(current), sizes(current, operand: 1))
    if whole.isEmpty { return block }
    let dtype = current.node.type.dtype
    let room = zip(whole, part).map {
      Size(multiplier: $0.multiplier - $1.multiplier, constant: $0.constant - $1.constant)
    }
    let widths = one("Concat", [starts, one("Sub", [state.vector(room), starts])], [.int("axis", 0)])
    let ones = one("Expand", [scalar(1, .int32), state.vector(part)])
    let mask = cast(one("Pad", [ones, widths, scalar(0, .int32)]), from: .int32, to: .bool)
    let padded = one("Pad", [block, widths, scalar(0, dtype)])
    return select(mask, padded, x, dtype)
  }
}
