/// Characters that a place of a regular expression takes.
struct CharacterSet: Sendable {
  /// Ranges of scalar values, in no order.
  private var ranges: [ClosedRange<UInt32>]
  private var isInverted = false

  init(_ scalars: [Unicode.Scalar]) { ranges = scalars.map { $0.value...$0.value } }

  init(_ range: ClosedRange<Unicode.Scalar>) { ranges = [range.lowerBound.value...range.upperBound.value] }

  static let digits = CharacterSet("0"..."9")
  static let word = [CharacterSet("a"..."z"), CharacterSet("A"..."Z"), CharacterSet(["_"])].reduce(into: digits) {
    $0.formUnion($1)
  }
  static let spaces = CharacterSet([" ", "\t", "\n", "\r", "\u{B}", "\u{C}"])

  /// Everything else.
  var inverted: CharacterSet {
    var copy = self
    copy.isInverted.toggle()
    return copy
  }

  /// The scalar, if there is one alone.
  var only: Unicode.Scalar? {
    guard !isInverted, ranges.count == 1, ranges[0].count == 1 else { return nil }
    return Unicode.Scalar(ranges[0].lowerBound)
  }

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    for range in ranges where range.contains(scalar.value) { return !isInverted }
    return isInverted
  }

  /// Adds the characters of another set.
  mutating func formUnion(_ other: CharacterSet) {
    if !other.isInverted, !isInverted {
      ranges += other.ranges
    } else {
      self = CharacterSet(complement: CharacterSet.intersection(complement, other.complement))
    }
  }

  private init(complement: [ClosedRange<UInt32>]) {
    ranges = complement
    isInverted = true
  }

  /// What is not in the set, as ranges.
  private var complement: [ClosedRange<UInt32>] {
    if isInverted { return ranges }
    var result: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
      next = max(next, range.upperBound + 1)
    }
    return result + [next...UInt32.max]
  }

  private static func intersection(_ a: [ClosedRange<UInt32>], _ b: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    a.flatMap { first in b.filter { $0.overlaps(first) }.map { $0.clamped(to: first) } }
  }
}
