/// What normal forms do to a scalar.
struct ScalarTraits: OptionSet, Sendable {
  let rawValue: UInt8

  /// Has no canonical, or no decomposition at all.
  static let keeps = ScalarTraits(rawValue: 1 << 0)
  static let keepsCompatible = ScalarTraits(rawValue: 1 << 1)
  /// Stays as it is in a normal form, whatever stands beside it.
  static let stableNFD = ScalarTraits(rawValue: 1 << 2)
  static let stableNFC = ScalarTraits(rawValue: 1 << 3)
  static let stableNFKD = ScalarTraits(rawValue: 1 << 4)
  static let stableNFKC = ScalarTraits(rawValue: 1 << 5)
}

extension ScalarTraits {
  /// The traits of a scalar.
  @inline(__always)
  init(_ scalar: UInt32) {
    self = scalar < 0x10000 ? ScalarTraits.table[Int(scalar)] : UnicodeNormalization.traits(of: scalar)
  }

  /// Those of all scalars of 16 bits; made once, in some milliseconds.
  private static let table: [ScalarTraits] = (0..<0x10000).map { UnicodeNormalization.traits(of: $0) }

  /// The canonical combining classes of all scalars of 16 bits.
  static let classes: [UInt8] = (0..<0x10000).map { computedClass($0) }

  static func computedClass(_ scalar: UInt32) -> UInt8 {
    Unicode.Scalar(scalar)?.properties.canonicalCombiningClass.rawValue ?? 0
  }
}
