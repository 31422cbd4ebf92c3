import MartletGraph
import MartletKernels

/// Elements laid out by strides, as the kernel for copies takes them.
struct Layout {
  let shape: Shape
  let strides: Shape

  /// Copies elements from `source` with these strides to `target` with others.
  static func copy(
    _ shape: Shape, _ width: Int, from source: UnsafeRawPointer, _ sourceStrides: Shape,
    to target: UnsafeMutableRawPointer, _ targetStrides: Shape
  ) {
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 8) { sizes in
      withUnsafeTemporaryAllocation(of: Int64.self, capacity: 16) { steps in
        for i in 0..<shape.rank {
          sizes[i] = shape[i]
          steps[i] = Int64(targetStrides[i])
          steps[8 + i] = Int64(sourceStrides[i])
        }
        let base = steps.baseAddress!
        martlet_copy(width, shape.rank, sizes.baseAddress!, target, base, source, base + 8)
      }
    }
  }
}

/// Moves the elements of a view into dense memory.
struct CopyStep: Step {
  let shape: Shape
  let width: Int
  let source: Placed
  let strides: Shape
  let target: Int32
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    Layout.copy(
      shape, width, from: frame.address(source), strides, to: frame.address(target), shape.rowMajorStrides)
  }
}

/// One operand of a step that is read by strides.
struct StridedOperand {
  let placed: Placed
  let type: TensorType
  let strides: Shape

  func address(_ frame: Frame) -> UnsafeMutableRawPointer { frame.address(placed) }

  /// The dimensions before `axis` as rows at equal steps, of all that follows in one piece: bytes from a row to the
  /// next, and of a row. Nil if they do not lie so.
  func rows(before axis: Int) -> (step: Int, byteCount: Int)? {
    var dense = 1
    for i in (axis..<type.rank).reversed() where type.shape[i] != 1 {
      if strides[i] != dense { return nil }
      dense *= type.shape[i]
    }
    var (step, count) = (dense, 1)
    for i in (0..<axis).reversed() where type.shape[i] != 1 {
      if count == 1 { step = strides[i] }
      if strides[i] != step * count { return nil }
      count *= type.shape[i]
    }
    let width = type.dtype.sizeInBytes
    return (step * width, dense * width)
  }
}

/// Joins operands, each copied to its place.
struct ConcatenateStep: Step {
  let operands: [StridedOperand]
  let axis: Int
  let result: Int32
  let type: TensorType
  let summary: String
  /// The operands as rows, if there are several and all lie so: then the result is written from front to back.
  private let rows: [(step: Int, byteCount: Int)]?

  init(operands: [StridedOperand], axis: Int, result: Int32, type: TensorType, summary: String) {
    (self.operands, self.axis, self.result) = (operands, axis, result)
    (self.type, self.summary) = (type, summary)
    let rows = operands.compactMap { $0.rows(before: axis) }
    self.rows = type.shape[..<axis].reduce(1, *) > 1 && rows.count == operands.count ? rows : nil
  }

  func run(_ frame: Frame) throws(ExecutionError) {
    if let rows { return join(rows, frame) }
    let strides = type.shape.rowMajorStrides
    var target = frame.address(result)
    let width = type.dtype.sizeInBytes
    for operand in operands {
      if operand.type.elementCount > 0 {
        Layout.copy(operand.type.shape, width, from: operand.address(frame), operand.strides, to: target, strides)
      }
      target += operand.type.shape[axis] * strides[axis] * width
    }
  }
}

extension ConcatenateStep {
  private func join(_ rows: [(step: Int, byteCount: Int)], _ frame: Frame) {
    withUnsafeTemporaryAllocation(of: martlet_part.self, capacity: rows.count) { parts in
      for (index, row) in rows.enumerated() {
        parts[index] = martlet_part(
          source: operands[index].address(frame), step: Int64(row.step), bytes: row.byteCount)
      }
      martlet_join(type.shape[..<axis].reduce(1, *), parts.baseAddress!, rows.count, frame.address(result))
    }
  }
}

/// Fills with a value, then puts the operand in.
struct PadStep: Step {
  let pad: Pad
  let operand: StridedOperand
  let value: Placed
  let result: Int32
  let type: TensorType
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    let width = type.dtype.sizeInBytes
    let dense = type.shape.rowMajorStrides
    let target = frame.address(result)
    let none = Shape(repeating: 0, rank: type.rank)
    Layout.copy(type.shape, width, from: frame.address(value), none, to: target, dense)
    // The part of the operand that is not cropped away, and where it goes.
    var sizes = operand.type.shape
    var (sourceOffset, targetOffset) = (0, 0)
    var targetStrides = dense
    for i in 0..<type.rank {
      let step = pad.interior[i] + 1
      let first = pad.low[i] >= 0 ? 0 : (-pad.low[i] + step - 1) / step
      let room = type.shape[i] - pad.low[i]
      let end = min(operand.type.shape[i], room <= 0 ? 0 : (room + step - 1) / step)
      if end <= first { return }
      sizes[i] = end - first
      sourceOffset += first * operand.strides[i]
      targetOffset += (pad.low[i] + first * step) * dense[i]
      targetStrides[i] = dense[i] * step
    }
    Layout.copy(
      sizes, width, from: operand.address(frame) + sourceOffset * width, operand.strides,
      to: target + targetOffset * width, targetStrides)
  }
}

/// Takes a block whose start is known only now.
struct DynamicSliceStep: Step {
  let operand: StridedOperand
  let starts: Placed
  let result: Int32
  let type: TensorType
  let site: Site
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    let offset = try BlockStarts.offset(
      frame.address(starts), of: type.shape, in: operand.type.shape, operand.strides, "dynamicSlice", site)
    let width = type.dtype.sizeInBytes
    Layout.copy(
      type.shape, width, from: operand.address(frame) + offset * width, operand.strides, to: frame.address(result),
      type.shape.rowMajorStrides)
  }
}

/// Replaces a block whose start is known only now; in place when the target is dead.
struct DynamicUpdateStep: Step {
  let operand: StridedOperand
  let block: StridedOperand
  let starts: Placed
  let result: Int32
  let site: Site
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    let shape = operand.type.shape
    let dense = shape.rowMajorStrides
    let width = operand.type.dtype.sizeInBytes
    let offset = try BlockStarts.offset(
      frame.address(starts), of: block.type.shape, in: shape, dense, "dynamicUpdate", site)
    let target = frame.address(result)
    let source = operand.address(frame)
    if source != target { Layout.copy(shape, width, from: source, operand.strides, to: target, dense) }
    guard block.type.elementCount > 0 else { return }
    Layout.copy(
      block.type.shape, width, from: block.address(frame), block.strides, to: target + offset * width, dense)
  }
}

/// Where a block begins, checked.
enum BlockStarts {
  static func offset(
    _ starts: UnsafeRawPointer, of block: Shape, in shape: Shape, _ strides: Shape, _ operation: String, _ site: Site
  ) throws(ExecutionError) -> Int {
    var offset = 0
    for axis in 0..<shape.rank {
      let start = Int(starts.load(fromByteOffset: axis * 8, as: Int64.self))
      let last = shape[axis] - block[axis]
      if start < 0 || start > last {
        throw site.error(
          "\(operation): start \(start) of a block of \(block) is outside axis \(axis) of \(shape) (valid: 0...\(last))"
        )
      }
      offset += start * strides[axis]
    }
    return offset
  }
}
