import MartletGraph
import MartletKernels

/// A group's domain as few outer dimensions as its operands allow, and columns.
struct RowDomain {
  /// Dimensions of the domain that became one, outermost first; each a range without the sizes 1.
  private(set) var outer: [(size: Int, innermost: Int)] = []
  private(set) var columns = 1
  private(set) var columnAxis = -1
  private(set) var groupDimensions = 0

  /// Joins neighboring dimensions wherever every operand and count walks them with one step.
  init(_ group: Group) {
    let domain = group.domain
    var runs: [(size: Int, innermost: Int)] = []
    for axis in 0..<domain.rank where domain[axis] != 1 {
      // Rows end where columns begin, and groups of rows where the reduced dimensions begin.
      let crosses = runs.last.map { last in
        [group.split, group.groupDimensions].contains { $0 > last.innermost && $0 <= axis }
      }
      if crosses == false, RowDomain.joins(runs[runs.count - 1].innermost, axis, group) {
        runs[runs.count - 1] = (runs[runs.count - 1].size * domain[axis], axis)
      } else {
        runs.append((domain[axis], axis))
      }
    }
    let hasColumns = group.split < 0 || (runs.last.map { $0.innermost >= group.split } ?? false)
    if hasColumns, let last = runs.popLast() { (columns, columnAxis) = last }
    outer = runs
    if group.groupDimensions > 0 {
      groupDimensions = runs.prefix { $0.innermost < group.groupDimensions }.count
    }
  }

  private static func joins(_ outer: Int, _ inner: Int, _ group: Group) -> Bool {
    let size = group.domain[inner]
    for axis in group.iotaAxes where axis == outer || axis == inner { return false }
    for operand in group.operands where operand.strides[outer] != operand.strides[inner] * size { return false }
    return true
  }

  /// Fills in how something with the given strides over the domain lies over rows and columns.
  func place(_ strides: Shape, offset: Int, base: Int32, _ dtype: DType) -> martlet_row_operand {
    var operand = martlet_row_operand()
    withUnsafeMutableBytes(of: &operand.strides) { bytes in
      let steps = bytes.bindMemory(to: Int64.self)
      for (i, run) in outer.enumerated() { steps[i] = Int64(strides[run.innermost]) }
    }
    operand.column_stride = columnAxis < 0 ? 0 : Int64(strides[columnAxis])
    operand.offset = Int64(offset)
    operand.binding = UInt32(base)
    operand.type = dtype.rawValue
    return operand
  }

  /// The code by which an instruction counts along a dimension of the domain.
  func countCode(_ axis: Int) -> UInt8 {
    if axis == columnAxis { return UInt8(MARTLET_ROW_IOTA_COLUMN) }
    return UInt8(outer.firstIndex { $0.innermost == axis } ?? 0)
  }

  /// Writes sizes into a program.
  func describe(_ program: inout martlet_row_program) {
    program.dims = UInt32(outer.count)
    program.group_dims = UInt32(groupDimensions)
    program.columns = columns
    withUnsafeMutableBytes(of: &program.sizes) { bytes in
      let sizes = bytes.bindMemory(to: Int.self)
      for (i, run) in outer.enumerated() { sizes[i] = run.size }
    }
  }
}
