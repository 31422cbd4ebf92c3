/// The four normal forms of Unicode, with what each character does to its text's alignment.
enum UnicodeNormalization {
  enum Form: Sendable {
    case nfd, nfc, nfkd, nfkc

    var isCompatible: Bool { self == .nfkd || self == .nfkc }
    var composes: Bool { self == .nfc || self == .nfkc }
    /// What scalars have that stay as they are, whatever stands beside them.
    var stability: ScalarTraits {
      switch self {
      case .nfd: .stableNFD
      case .nfc: .stableNFC
      case .nfkd: .stableNFKD
      case .nfkc: .stableNFKC
      }
    }
    /// All scalars below stay as they are.
    var firstAffected: UInt32 { self == .nfc ? 0x300 : self == .nfd ? 0xC0 : 0xA0 }
  }

  /// Brings a text into a normal form.
  static func apply(_ form: Form, to text: inout AlignedText) {
    let scalars = text.scalars
    let stability = form.stability
    guard scalars.contains(where: { $0 >= form.firstAffected && !ScalarTraits($0).contains(stability) }) else { return }
    let kept: ScalarTraits = form.isCompatible ? .keepsCompatible : .keeps
    let decomposed = decompose(scalars, compatible: form.isCompatible) { ScalarTraits($0).contains(kept) }
    let changes = form.composes ? compose(decomposed) : decomposed
    // Marks that are in order already are the common case.
    let isSame =
      changes.count == scalars.count && zip(changes, scalars).allSatisfy { $0.change == 0 && $0.scalar == $1 }
    if !isSame { text.transform(changes) }
  }

  /// Full decomposition, marks in canonical order.
  private static func decompose(
    _ scalars: [UInt32], compatible: Bool, keeps: (UInt32) -> Bool = { _ in false }
  ) -> [AlignedText.Change] {
    var result: [AlignedText.Change] = []
    result.reserveCapacity(scalars.count + 8)
    // Where the run of marks begins that is not yet in order.
    var pending = 0
    var isDisordered = false
    var lastClass: UInt8 = 0
    func sortPending() {
      guard isDisordered else { return }
      // A stable order: marks of the same class stay as they are.
      let run = result[pending...].enumerated().sorted {
        let (a, b) = (combiningClass($0.element.scalar), combiningClass($1.element.scalar))
        return a == b ? $0.offset < $1.offset : a < b
      }
      result.replaceSubrange(pending..., with: run.map(\.element))
      isDisordered = false
    }
    func append(_ scalar: UInt32, _ change: Int) {
      let current = combiningClass(scalar)
      if current == 0 {
        sortPending()
        pending = result.count + 1
      } else if current < lastClass {
        isDisordered = true
      }
      lastClass = current
      result.append((scalar, change))
    }
    for scalar in scalars {
      if scalar < 0xA0 || keeps(scalar) {
        append(scalar, 0)
      } else if (0xAC00..<0xD7A4).contains(scalar) {
        let index = scalar - 0xAC00
        append(0x1100 + index / 588, 0)
        append(0x1161 + index % 588 / 28, 1)
        if index % 28 > 0 { append(0x11A7 + index % 28, 1) }
      } else if let parts = (compatible ? Tables.shared.compatible[scalar] : nil) ?? Tables.shared.canonical[scalar] {
        for (i, part) in parts.enumerated() { append(part, i == 0 ? 0 : 1) }
      } else {
        append(scalar, 0)
      }
    }
    sortPending()
    return result
  }

  /// Composition: each starter takes in the marks behind it that it has a composed form with, unless one between blocks it.
  private static func compose(_ changes: [AlignedText.Change]) -> [AlignedText.Change] {
    var result: [AlignedText.Change] = []
    result.reserveCapacity(changes.count)
    // The place of the last starter in the result.
    var starter: Int?
    var lastClass: UInt8?
    for (scalar, change) in changes {
      let current = combiningClass(scalar)
      guard let place = starter else {
        if current == 0 { starter = result.count }
        result.append((scalar, change))
        continue
      }
      let isBlocked = lastClass.map { $0 >= current } ?? false
      if !isBlocked, let composed = composition(result[place].scalar, scalar) {
        result[place] = (composed, result[place].change + change - 1)
        continue
      }
      result.append((scalar, change))
      if current == 0 {
        starter = result.count - 1
        lastClass = nil
      } else {
        lastClass = current
      }
    }
    return result
  }

  private static func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if (0x1100..<0x1113).contains(first), (0x1161..<0x1176).contains(second) {
      return 0xAC00 + (first - 0x1100) * 588 + (second - 0x1161) * 28
    }
    if (0xAC00..<0xD7A4).contains(first), (first - 0xAC00) % 28 == 0, (0x11A8..<0x11C3).contains(second) {
      return first + second - 0x11A7
    }
    return Tables.shared.composed[UInt64(first) << 32 | UInt64(second)]
  }

  @inline(__always)
  private static func combiningClass(_ scalar: UInt32) -> UInt8 {
    if scalar < 0x300 { return 0 }
    return scalar < 0x10000 ? ScalarTraits.classes[Int(scalar)] : ScalarTraits.computedClass(scalar)
  }

  /// What normal forms do to a scalar, found by the tables.
  static func traits(of scalar: UInt32) -> ScalarTraits {
    if (0xAC00..<0xD7A4).contains(scalar) { return [.stableNFC, .stableNFKC] }
    let isKept = Tables.shared.canonical[scalar] == nil
    let isKeptCompatible = isKept && Tables.shared.compatible[scalar] == nil
    var traits: ScalarTraits = isKeptCompatible ? [.keeps, .keepsCompatible] : isKept ? .keeps : []
    guard combiningClass(scalar) == 0 else { return traits }
    if isKept { traits.insert(.stableNFD) }
    if isKeptCompatible { traits.insert(.stableNFKD) }
    let isSecond =
      Tables.shared.seconds.contains(scalar) || (0x1161..<0x1176).contains(scalar) || (0x11A8..<0x11C3).contains(scalar)
    if isSecond { return traits }
    func returns(compatible: Bool) -> Bool {
      let result = compose(decompose([scalar], compatible: compatible))
      return result.count == 1 && result[0].scalar == scalar
    }
    if isKept || returns(compatible: false) { traits.insert(.stableNFC) }
    if isKeptCompatible || returns(compatible: true) { traits.insert(.stableNFKC) }
    return traits
  }

  /// The generated tables, parsed once.
  private struct Tables: Sendable {
    var canonical: [UInt32: [UInt32]] = [:]
    var compatible: [UInt32: [UInt32]] = [:]
    var composed: [UInt64: UInt32] = [:]
    /// Scalars that compose with one before.
    var seconds: Set<UInt32> = []

    static let shared = Tables()

    init() {
      func scalars(_ text: Substring) -> [UInt32] { text.split(separator: " ").map { UInt32($0, radix: 16)! } }
      for entry in "\(UnicodeTables.decompositions)".split(separator: ";") {
        let mark = entry.firstIndex { $0 == "=" || $0 == "~" }!
        let scalar = UInt32(entry[..<mark], radix: 16)!
        let parts = scalars(entry[entry.index(after: mark)...])
        if entry[mark] == "=" { canonical[scalar] = parts } else { compatible[scalar] = parts }
      }
      for entry in "\(UnicodeTables.compositions)".split(separator: ";") {
        let parts = scalars(entry)
        composed[UInt64(parts[0]) << 32 | UInt64(parts[1])] = parts[2]
        seconds.insert(parts[1])
      }
    }
  }
}
