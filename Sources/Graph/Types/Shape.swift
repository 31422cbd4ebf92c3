/// The sizes of a tensor's dimensions, outermost first; up to eight of them, stored in place.
///
/// A shape is plain data: copying one neither allocates nor counts references, because every recorded
/// operation carries one.
@frozen
public struct Shape: Sendable {
  /// The largest number of dimensions a tensor can have.
  public static let maximumRank = 8

  // Unused sizes are 1, so that equality and hashing may look at all eight.
  @usableFromInline var sizes: InlineArray<8, Int>

  @usableFromInline var dimensionCount: Int

  /// The number of dimensions.
  @inlinable public var rank: Int { dimensionCount }

  /// The shape of a scalar: no dimensions, one element.
  @inlinable
  public init() {
    sizes = InlineArray(repeating: 1)
    dimensionCount = 0
  }

  /// A shape of the given sizes.
  ///
  /// - Precondition: At most eight sizes.
  @inlinable
  public init(_ dimensions: some Sequence<Int>) {
    self.init()
    for size in dimensions { append(size) }
  }

  /// A shape of `rank` dimensions, all of the same size.
  @inlinable
  public init(repeating size: Int, rank: Int) {
    self.init()
    for _ in 0..<rank { append(size) }
  }

  /// Adds an innermost dimension.
  @inlinable
  public mutating func append(_ size: Int) {
    precondition(rank < Shape.maximumRank, "a tensor has at most 8 dimensions")
    sizes[rank] = size
    dimensionCount += 1
  }

  /// Inserts a dimension so that it becomes dimension `index`.
  @inlinable
  public mutating func insert(_ size: Int, at index: Int) {
    precondition(index >= 0 && index <= rank, "shape index out of range")
    append(1)
    var i = rank - 1
    while i > index {
      sizes[i] = sizes[i - 1]
      i -= 1
    }
    sizes[index] = size
  }

  /// Removes dimension `index` and returns its size.
  @inlinable
  @discardableResult
  public mutating func remove(at index: Int) -> Int {
    let removed = self[index]
    for i in index..<(rank - 1) { sizes[i] = sizes[i + 1] }
    dimensionCount -= 1
    sizes[rank] = 1
    return removed
  }
}

extension Shape: RandomAccessCollection, MutableCollection {
  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { rank }

  /// The size of dimension `index`, which counts from 0 at the outermost.
  @inlinable
  public subscript(index: Int) -> Int {
    get {
      precondition(index >= 0 && index < rank, "shape index out of range")
      return sizes[index]
    }
    set {
      precondition(index >= 0 && index < rank, "shape index out of range")
      sizes[index] = newValue
    }
  }
}

extension Shape: Hashable {
  @inlinable
  public static func == (a: Shape, b: Shape) -> Bool {
    guard a.rank == b.rank else { return false }
    for i in 0..<8 where a.sizes[i] != b.sizes[i] { return false }
    return true
  }

  @inlinable
  public func hash(into hasher: inout Hasher) {
    hasher.combine(rank)
    for i in 0..<rank { hasher.combine(sizes[i]) }
  }
}

extension Shape: ExpressibleByArrayLiteral, CustomStringConvertible {
  @inlinable public init(arrayLiteral elements: Int...) { self.init(elements) }

  public var description: String { "[" + map(String.init).joined(separator: ", ") + "]" }
}

extension Shape {
  /// The number of elements; 1 for a scalar, 0 when any size is 0.
  ///
  /// - Precondition: It fits in `Int`; see ``checkedElementCount``.
  @inlinable
  public var elementCount: Int {
    var count = 1
    var isTooLarge = false
    for i in 0..<rank {
      if sizes[i] == 0 { return 0 }
      let (product, overflow) = count.multipliedReportingOverflow(by: sizes[i])
      count = product
      isTooLarge = isTooLarge || overflow
    }
    precondition(!isTooLarge, "a shape has more elements than can be counted")
    return count
  }

  /// The number of elements, or nil when it does not fit in `Int`.
  ///
  /// For sizes that come from a file or a user, where the plain product could overflow.
  @inlinable
  public var checkedElementCount: Int? {
    var count = 1
    var (isEmpty, isTooLarge) = (false, false)
    for i in 0..<rank {
      let size = sizes[i]
      if size < 0 { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      count = product
      isEmpty = isEmpty || size == 0
      isTooLarge = isTooLarge || overflow
    }
    return isEmpty ? 0 : isTooLarge ? nil : count
  }

  /// Elements to skip for one step along each dimension of a row-major layout.
  ///
  /// Where there are no elements no step is ever taken, and strides may be any numbers.
  public var rowMajorStrides: Shape {
    var strides = self
    var step = 1
    for i in stride(from: rank - 1, through: 0, by: -1) {
      strides.sizes[i] = step
      // Wraps only for shapes without elements, such as [0, 2⁴⁰, 2⁴⁰]; others have at most as many as fit.
      step &*= sizes[i]
    }
    return strides
  }
}
