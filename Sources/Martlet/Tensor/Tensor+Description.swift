import MartletGraph

extension Tensor: CustomStringConvertible, CustomDebugStringConvertible {
  /// The elements in aligned columns, as NumPy prints them, then element type and shape; a scalar is only its number.
  ///
  /// Computes the value if that has not happened yet. Of more than 1,000 elements only three at each end of each
  /// dimension are shown.
  public var description: String {
    let printer = withUnsafeBytes { TensorPrinter(type, $0) }
    return rank == 0 ? printer.text : "\(printer.text) \(type)"
  }

  /// As ``description``, with the element type of a scalar; a value that cannot be read here is only its type.
  public var debugDescription: String {
    if (try? Recorder.current.checkReadable()) == nil && storage.buffer == nil { return "\(type), not known yet" }
    return rank == 0 ? "\(description) \(type)" : description
  }
}

/// Lays elements out as text.
private struct TensorPrinter {
  /// From this many elements on only the ends are shown.
  private static let summaryLimit = 1000
  private static let summaryCount = 3

  private let shape: Shape
  private let isSummary: Bool
  private var cells: [String] = []
  private(set) var text = ""

  init(_ type: TensorType, _ bytes: UnsafeRawBufferPointer) {
    shape = type.shape
    isSummary = type.elementCount > Self.summaryLimit
    if type.elementCount == 0 {
      text = "[]"
      return
    }
    var literals: [Literal] = []
    visit(0, 0) { literals.append(Literal(type.dtype, bytes, at: $0)) }
    cells = type.rank == 0 ? [literals[0].plainText] : aligned(literals)
    var next = 0
    text = block(0, &next)
  }

  /// The positions shown along an axis; nil stands for those left out.
  private func positions(_ axis: Int) -> [Int?] {
    let size = shape[axis]
    if !isSummary || size <= 2 * Self.summaryCount { return (0..<size).map { $0 } }
    return (0..<Self.summaryCount).map { $0 } + [nil] + ((size - Self.summaryCount)..<size).map { $0 }
  }

  /// Calls `body` with the row-major position of every element shown.
  private func visit(_ axis: Int, _ offset: Int, _ body: (Int) -> Void) {
    if axis == shape.rank { return body(offset) }
    let stride = shape.rowMajorStrides[axis]
    for position in positions(axis) {
      if let position { visit(axis + 1, offset + position * stride, body) }
    }
  }

  private func block(_ axis: Int, _ next: inout Int) -> String {
    if axis == shape.rank {
      defer { next += 1 }
      return cells[next]
    }
    let parts = positions(axis).map { $0 == nil ? "..." : block(axis + 1, &next) }
    let depth = shape.rank - axis - 1
    if depth == 0 { return "[" + wrapped(parts, indent: axis + 1) + "]" }
    let indent = String(repeating: " ", count: axis + 1)
    return "[" + parts.joined(separator: String(repeating: "\n", count: depth) + indent) + "]"
  }

  /// A row, broken where it would pass 74 columns.
  private func wrapped(_ parts: [String], indent: Int) -> String {
    var result = ""
    var column = indent
    for (index, part) in parts.enumerated() {
      if index > 0 && column + 1 + part.count > 74 {
        result += "\n" + String(repeating: " ", count: indent) + part
        column = indent + part.count
      } else {
        result += (index > 0 ? " " : "") + part
        column += part.count + (index > 0 ? 1 : 0)
      }
    }
    return result
  }
}

/// The elements as texts of the same width, with decimal points below each other.
private func aligned(_ literals: [Literal]) -> [String] {
  let texts: [(whole: String, fraction: String)]
  if literals[0].dtype.isFloatingPoint {
    let decimals = literals.map(\.decimal)
    let places = decimals.map(\.scientificPlaces).max() ?? 0
    let isScientific = needsExponent(literals)
    texts = decimals.map { isScientific ? $0.scientificParts(places: places) : $0.parts() }
  } else {
    texts = literals.map { ($0.plainText, "") }
  }
  // Integers, infinities and NaN have no point to align, and end where fractions end.
  func hasPoint(_ text: (whole: String, fraction: String)) -> Bool { text.whole.last == "." }
  let right = texts.filter(hasPoint).map(\.fraction.count).max() ?? 0
  let left = texts.map { hasPoint($0) ? $0.whole.count : $0.whole.count - right }.max() ?? 0
  return texts.map { text in
    let width = hasPoint(text) ? left : left + right
    let cell = String(repeating: " ", count: max(width - text.whole.count, 0)) + text.whole + text.fraction
    return cell + String(repeating: " ", count: max(left + right - cell.count, 0))
  }
}

/// NumPy's rule: numbers that differ too much, or are too large or small, are written with powers of ten.
private func needsExponent(_ literals: [Literal]) -> Bool {
  let magnitudes = literals.map { $0.doubleValue.magnitude }.filter { $0.isFinite && $0 != 0 }
  guard let largest = magnitudes.max(), let smallest = magnitudes.min() else { return false }
  return largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1000
}

extension Literal {
  package init(_ dtype: DType, _ bytes: UnsafeRawBufferPointer, at position: Int) {
    var bits: UInt64 = 0
    let size = dtype.sizeInBytes
    withUnsafeMutableBytes(of: &bits) {
      $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[(position * size)..<((position + 1) * size)]))
    }
    self.init(dtype: dtype, bits: bits)
  }

  /// The element alone.
  fileprivate var plainText: String {
    if dtype == .bool { return bits & 0xFF == 0 ? "false" : "true" }
    if dtype == .uint64 { return "\(bits)" }
    if !dtype.isFloatingPoint { return "\(integerValue)" }
    let number = decimal
    let parts =
      needsExponent([self]) ? number.scientificParts(places: number.scientificPlaces) : number.parts()
    return parts.whole + parts.fraction
  }

  /// The shortest decimal number that is this element and no other.
  fileprivate var decimal: Decimal {
    switch dtype {
    case .float32: return Decimal(Float(doubleValue).description)
    case .float64: return Decimal(doubleValue.description)
    default:
      // Digits of the double are cut until they would name another element.
      let exact = Decimal(Float(doubleValue).description)
      let shorter = (1...8).lazy.map { exact.rounded(toDigits: $0) }
      return shorter.first { Literal($0.value, dtype).bits == bits } ?? exact
    }
  }
}
