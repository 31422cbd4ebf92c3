import MartletGraph

/// What a member of a group is to the rows and columns of its domain.
enum Role: UInt8 {
  /// Not a member of any group.
  case none
  /// A value for each element.
  case full
  /// A value for each row: a reduction over the columns, or a function of such.
  case row
  /// A value for each column (and group of rows): complete only when the whole group has run.
  case column
}

/// Something from outside that a group reads, and how it lies over the group's domain.
struct RowOperand: Equatable {
  var base: Int32
  var offset: Int
  /// One entry a dimension of the domain; 0 where the operand repeats.
  var strides: Shape
  var dtype: DType

  static func == (a: RowOperand, b: RowOperand) -> Bool {
    a.base == b.base && a.offset == b.offset && a.dtype == b.dtype && a.strides == b.strides
  }
}

/// Operations that run as one row program.
struct Group {
  /// The dimensions over which the program runs.
  let domain: Shape
  /// The step at which it runs.
  let step: Int32
  /// Dimensions from here on are columns; -1 while nothing depends on it.
  var split = -1
  /// Leading dimensions that column reductions keep; -1 while there are none.
  var groupDimensions = -1
  /// In an order in which operands come first.
  var members: [Int32] = []
  var operands: [RowOperand] = []
  /// Dimensions along which members count.
  var iotaAxes: AxisList = []
  /// The contraction on whose finished tiles the program runs; -1 for none.
  var anchor: Int32 = -1
  var columnReductions = 0
  var hasRowReduction = false
  /// Whether a member divides integers; one at most, so that an error can name it.
  var divides = false

  init(domain: Shape, step: Int32) {
    self.domain = domain
    self.step = step
  }

  /// Beyond these a program gains nothing, and its registers leave the first-level cache.
  static let maximumMembers = 96
  static let maximumOperands = 64

  /// Strides of a member over the domain, 0 where there is one element.
  var denseStrides: Shape { Group.dense(domain, upTo: domain.rank) }

  /// Strides of a row value over the domain.
  var rowStrides: Shape { Group.dense(domain, upTo: split) }

  private static func dense(_ domain: Shape, upTo end: Int) -> Shape {
    var strides = Shape(repeating: 0, rank: domain.rank)
    var step = 1
    for i in (0..<end).reversed() where domain[i] != 1 {
      strides[i] = step
      step *= domain[i]
    }
    return strides
  }

  /// Whether the dimensions from `start` on can be walked with one step, by every operand and count.
  func columnsMerge(from start: Int, with more: [RowOperand]) -> Bool {
    if !Group.merges(domain, from: start, iotaAxes) { return false }
    return operands.allSatisfy { Group.merges(domain, $0.strides, from: start) }
      && more.allSatisfy { Group.merges(domain, $0.strides, from: start) }
  }

  /// Whether counting along `axes` leaves the columns in one piece.
  static func merges(_ domain: Shape, from start: Int, _ axes: AxisList) -> Bool {
    for axis in axes where axis >= start {
      for other in start..<domain.rank where other != axis && domain[other] != 1 { return false }
    }
    return true
  }

  static func merges(_ domain: Shape, _ strides: Shape, from start: Int) -> Bool {
    var inner = -1
    for i in (start..<domain.rank).reversed() where domain[i] != 1 {
      if inner >= 0 && strides[i] != strides[inner] * domain[inner] { return false }
      inner = i
    }
    return true
  }

  /// Whether `shape`, dimensions of size 1 aside, is that of the rows.
  func isRowShaped(_ shape: Shape) -> Bool {
    guard split >= 0 else { return false }
    var i = 0
    for j in 0..<shape.rank where shape[j] != 1 {
      while i < split && domain[i] == 1 { i += 1 }
      if i >= split || domain[i] != shape[j] { return false }
      i += 1
    }
    while i < split && domain[i] == 1 { i += 1 }
    return i >= split
  }

  /// Strides over the dimensions of row-shaped `shape` as strides over the domain.
  func spread(_ strides: Shape, of shape: Shape) -> Shape {
    var result = Shape(repeating: 0, rank: domain.rank)
    var i = 0
    for j in 0..<shape.rank where shape[j] != 1 {
      while domain[i] == 1 { i += 1 }
      result[i] = strides[j]
      i += 1
    }
    return result
  }
}
