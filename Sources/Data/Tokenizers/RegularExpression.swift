/// A regular expression of the kind that tokenizers split text with, matched on UTF-8.
///
/// What is known: characters, escapes, `.`, classes (also nested, `&&` left out), `\p{…}` of general categories,
/// `\s \d \w \b`, groups, `(?i:…)`, alternatives, greedy, lazy and possessive repetition, looking ahead, looking behind
/// at one character, `^ $ \A \z`. Anything else is an error that names it, and so is a match that takes far more steps
/// than the text has bytes.
struct RegularExpression: Sendable {
  /// A set of scalars.
  struct Set: Sendable, Hashable {
    /// Bit for each ASCII character, the negation included.
    var low: UInt64 = 0
    var high: UInt64 = 0
    /// For all others: classes, ranges, and sets inside, of which one must hold.
    var classes: UInt32 = 0
    var excludedClasses: [UInt32] = []
    var ranges: [ClosedRange<UInt32>] = []
    var isNegated = false

    @inline(__always)
    func contains(_ scalar: UInt32) -> Bool {
      if scalar < 64 { return low >> UInt64(scalar) & 1 == 1 }
      if scalar < 128 { return high >> UInt64(scalar - 64) & 1 == 1 }
      return holds(scalar) != isNegated
    }

    private func holds(_ scalar: UInt32) -> Bool {
      if classes != 0 || !excludedClasses.isEmpty {
        let found = ScalarClasses(scalar).rawValue
        if found & classes != 0 { return true }
        for excluded in excludedClasses where found & excluded == 0 { return true }
      }
      for range in ranges where range.contains(scalar) { return true }
      return false
    }

    /// Fills in the bits for ASCII from the rest.
    mutating func finish() {
      (low, high) = (0, 0)
      for scalar in 0..<UInt32(128) where holds(scalar) != isNegated {
        if scalar < 64 { low |= 1 << UInt64(scalar) } else { high |= 1 << UInt64(scalar - 64) }
      }
    }

    static func single(_ scalar: UInt32) -> Set {
      var set = Set()
      set.ranges = [scalar...scalar]
      set.finish()
      return set
    }
  }

  /// A step of the program.
  enum Step: Sendable {
    /// Takes one scalar of a set.
    case take(Int)
    /// Takes up to so many scalars of a set, as many as there are; may give them back one by one.
    case run(Int, least: Int, most: Int)
    /// The same, and gives nothing back.
    case possessiveRun(Int, least: Int, most: Int)
    /// Goes on at the first place; if that fails, at the second.
    case split(Int, Int)
    case jump(Int)
    /// Whether what follows matches up to `end`, where the program goes on.
    case look(end: Int, isNegative: Bool)
    /// Whether the scalar before is in a set.
    case lookBehind(Int, isNegative: Bool)
    case wordBoundary(isNegative: Bool)
    case start
    case end
    /// Leaves a loop that took nothing.
    case mark(Int)
    case progress(Int)
    case match
  }

  let pattern: String
  let steps: [Step]
  let sets: [Set]
  let markCount: Int
  /// Where the alternatives at the top begin, and for each byte which of the first 63 may begin with it.
  let entries: [Int]
  let entriesByByte: [UInt64]

  /// Compiles a pattern.
  ///
  /// - Throws: ``DataError`` naming what is not known.
  init(_ pattern: String) throws(DataError) {
    guard pattern.utf8.count <= 1 << 16 else { throw DataError("a regular expression is longer than 65,536 bytes") }
    var parser = RegexParser(pattern)
    let tree = try parser.parse()
    var compiler = RegexCompiler()
    let entries = try compiler.compileTop(tree)
    self.pattern = pattern
    self.entries = entries.map(\.start)
    steps = compiler.steps
    sets = compiler.sets
    markCount = compiler.markCount
    var table = [UInt64](repeating: 0, count: 256)
    for (i, entry) in entries.prefix(63).enumerated() {
      for byte in 0..<256 where entry.first?.contains(UInt8(byte)) ?? true { table[byte] |= 1 << UInt64(i) }
    }
    entriesByByte = table
  }
}

/// The tree of an expression.
indirect enum RegexTree {
  case set(RegularExpression.Set)
  case sequence([RegexTree])
  case alternatives([RegexTree])
  case repetition(RegexTree, least: Int, most: Int, kind: Kind)
  case look(RegexTree, isNegative: Bool)
  case lookBehind(RegularExpression.Set, isNegative: Bool)
  case wordBoundary(isNegative: Bool)
  case start, end

  enum Kind { case greedy, lazy, possessive }
}

/// Parses patterns.
struct RegexParser {
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var ignoresCase = false
  private var depth = 0
  private let pattern: String

  init(_ pattern: String) {
    self.pattern = pattern
    scalars = Array(pattern.unicodeScalars)
  }

  mutating func parse() throws(DataError) -> RegexTree {
    let tree = try alternatives()
    guard position == scalars.count else { throw error("has a closing parenthesis too many") }
    return tree
  }

  private func error(_ message: String) -> DataError {
    DataError("regular expression \(pattern.prefix(200)) \(message) (at character \(position))")
  }

  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private mutating func take(_ text: String) -> Bool {
    let wanted = Array(text.unicodeScalars)
    guard scalars.count - position >= wanted.count, Array(scalars[position..<(position + wanted.count)]) == wanted
    else {
      return false
    }
    position += wanted.count
    return true
  }

  private mutating func alternatives() throws(DataError) -> RegexTree {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 64 else { throw error("is nested too deep") }
    var branches = [try sequence()]
    while take("|") { branches.append(try sequence()) }
    return branches.count == 1 ? branches[0] : .alternatives(branches)
  }

  private mutating func sequence() throws(DataError) -> RegexTree {
    var parts: [RegexTree] = []
    while let scalar = next, scalar != "|", scalar != ")" { parts.append(try quantified(try atom(scalar))) }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func quantified(_ tree: RegexTree) throws(DataError) -> RegexTree {
    var result = tree
    while let scalar = next {
      let (least, most): (Int, Int)
      switch scalar {
      case "*": (least, most) = (0, .max)
      case "+": (least, most) = (1, .max)
      case "?": (least, most) = (0, 1)
      case "{":
        guard let counts = try counts() else { return result }
        (least, most) = counts
        position -= 1
      default: return result
      }
      position += 1
      let kind: RegexTree.Kind = take("?") ? .lazy : take("+") ? .possessive : .greedy
      result = .repetition(result, least: least, most: most, kind: kind)
    }
    return result
  }

  /// `{n}`, `{n,}` or `{n,m}`; nil where the brace is a character.
  private mutating func counts() throws(DataError) -> (Int, Int)? {
    let start = position
    position += 1
    func number() -> Int? {
      var digits = ""
      while let scalar = next, ("0"..."9").contains(scalar), digits.count < 6 {
        digits.unicodeScalars.append(scalar)
        position += 1
      }
      return Int(digits)
    }
    let least = number()
    var most = least
    if take(",") { most = number() ?? .max }
    guard take("}"), least != nil || most != nil, most != nil else {
      position = start
      throw error("has a repetition that is not read here")
    }
    guard (least ?? 0) <= 1000, most! == .max || most! <= 1000, (least ?? 0) <= most! else {
      throw error("has a repetition of more than 1,000, or backwards")
    }
    return (least ?? 0, most!)
  }

  private mutating func atom(_ scalar: Unicode.Scalar) throws(DataError) -> RegexTree {
    position += 1
    switch scalar {
    case "(": return try group()
    case "[": return .set(try bracket())
    case ".":
      var set = RegularExpression.Set()
      set.ranges = [10...10]
      set.isNegated = true
      set.finish()
      return .set(set)
    case "^": return .start
    case "$": return .end
    case "\\": return try escape()
    case "*", "+", "?": throw error("repeats nothing")
    default: return .set(literal(scalar.value))
    }
  }

  private mutating func group() throws(DataError) -> RegexTree {
    let before = ignoresCase
    defer { ignoresCase = before }
    if take("?i:") {
      ignoresCase = true
      return try closed(try alternatives())
    }
    if take("?:") || next != "?" { return try closed(try alternatives()) }
    if take("?>") { return try closed(.repetition(try alternatives(), least: 1, most: 1, kind: .possessive)) }
    if take("?=") { return try closed(.look(try alternatives(), isNegative: false)) }
    if take("?!") { return try closed(.look(try alternatives(), isNegative: true)) }
    for (text, isNegative) in [("?<=", false), ("?<!", true)] where take(text) {
      guard case .set(let set) = try alternatives() else { throw error("looks behind at more than one character") }
      return try closed(.lookBehind(set, isNegative: isNegative))
    }
    throw error("has a group of a kind that is not read here")
  }

  private mutating func closed(_ tree: RegexTree) throws(DataError) -> RegexTree {
    guard take(")") else { throw error("lacks a closing parenthesis") }
    return tree
  }

  private mutating func escape() throws(DataError) -> RegexTree {
    guard let scalar = next else { throw error("ends in an escape") }
    switch scalar {
    case "b", "B":
      position += 1
      return .wordBoundary(isNegative: scalar == "B")
    case "A":
      position += 1
      return .start
    case "z":
      position += 1
      return .end
    default: return .set(try escapedSet())
    }
  }

  /// What stands behind a backslash, as a set.
  private mutating func escapedSet() throws(DataError) -> RegularExpression.Set {
    guard let scalar = next else { throw error("ends in an escape") }
    position += 1
    var set = RegularExpression.Set()
    switch scalar {
    case "s", "S": set.classes = ScalarClasses.space.rawValue
    case "d", "D": set.classes = ScalarClasses.decimalNumber.rawValue
    case "w", "W": set.classes = ScalarClasses.word.rawValue
    case "p", "P":
      let (classes, isNegated) = try property()
      set.classes = classes.rawValue
      set.isNegated = isNegated
    default: return literal(try character(behind: scalar))
    }
    if ["S", "D", "W", "P"].contains(scalar) { set.isNegated.toggle() }
    set.finish()
    return set
  }

  private mutating func property() throws(DataError) -> (ScalarClasses, isNegated: Bool) {
    var name = ""
    if take("{") {
      while let scalar = next, scalar != "}", name.count < 40 {
        name.unicodeScalars.append(scalar)
        position += 1
      }
      guard take("}") else { throw error("has a property without end") }
    } else if let scalar = next {
      name = String(scalar)
      position += 1
    }
    let isNegated = name.hasPrefix("^")
    guard let classes = ScalarClasses(named: isNegated ? String(name.dropFirst()) : name) else {
      throw error("asks for the property \(name.debugDescription), which is not known here")
    }
    return (classes, isNegated)
  }

  /// The scalar that an escaped letter or sign stands for.
  private mutating func character(behind scalar: Unicode.Scalar) throws(DataError) -> UInt32 {
    switch scalar {
    case "n": return 10
    case "r": return 13
    case "t": return 9
    case "f": return 12
    case "v": return 11
    case "e": return 27
    case "a": return 7
    case "0": return 0
    case "u": return try hexadecimal(digits: 4)
    case "x":
      guard take("{") else { return try hexadecimal(digits: 2) }
      let value = try hexadecimal(digits: 8)
      guard take("}") else { throw error("has a character code without end") }
      return value
    default:
      guard !scalar.properties.isAlphabetic, !("1"..."9").contains(scalar) else {
        throw error("has the escape \\\(scalar), which is not read here")
      }
      return scalar.value
    }
  }

  private mutating func hexadecimal(digits: Int) throws(DataError) -> UInt32 {
    var text = ""
    while text.count < digits, let scalar = next, Character(scalar).isHexDigit, scalar.isASCII {
      text.unicodeScalars.append(scalar)
      position += 1
    }
    guard let value = UInt32(text, radix: 16), Unicode.Scalar(value) != nil else {
      throw error("has a character code that is none")
    }
    return value
  }

  /// One character, in both cases where case does not count.
  private func literal(_ value: UInt32) -> RegularExpression.Set {
    var set = RegularExpression.Set.single(value)
    if ignoresCase { addCases(to: &set) }
    return set
  }

  private func addCases(to set: inout RegularExpression.Set) {
    for range in set.ranges {
      for value in range where range.count <= 0x300 {
        guard let scalar = Unicode.Scalar(value) else { continue }
        for text in [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping]
        where text.unicodeScalars.count == 1 {
          let other = text.unicodeScalars.first!.value
          set.ranges.append(other...other)
        }
      }
    }
    // The long s and the sign for kelvin are further forms of two ASCII letters.
    if set.ranges.contains(where: { $0.contains(0x73) }) { set.ranges.append(0x17F...0x17F) }
    if set.ranges.contains(where: { $0.contains(0x6B) }) { set.ranges.append(0x212A...0x212A) }
    set.finish()
  }

  private mutating func bracket() throws(DataError) -> RegularExpression.Set {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 64 else { throw error("is nested too deep") }
    var set = RegularExpression.Set()
    let isNegated = take("^")
    var isFirst = true
    while let scalar = next, isFirst || scalar != "]" {
      isFirst = false
      position += 1
      switch scalar {
      case "[":
        if next == ":" { throw error("has a POSIX class, which is not read here") }
        try add(try bracket(), to: &set)
      case "&" where next == "&": throw error("intersects classes, which is not read here")
      case "\\" where next.map { "sSdDwWpP".unicodeScalars.contains($0) } == true: try add(try escapedSet(), to: &set)
      default:
        let first = try bound(scalar)
        guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
          set.ranges.append(first...first)
          continue
        }
        position += 1
        let upper = scalars[position]
        position += 1
        let last = try bound(upper)
        guard first <= last else { throw error("has a range that runs backwards") }
        set.ranges.append(first...last)
      }
    }
    guard take("]") else { throw error("has a class without end") }
    if ignoresCase { addCases(to: &set) }
    set.isNegated = isNegated
    set.finish()
    return set
  }

  private mutating func bound(_ scalar: Unicode.Scalar) throws(DataError) -> UInt32 {
    guard scalar == "\\" else { return scalar.value }
    guard let escaped = next else { throw error("ends in an escape") }
    position += 1
    return try character(behind: escaped)
  }

  /// The union with another set.
  private func add(_ other: RegularExpression.Set, to set: inout RegularExpression.Set) throws(DataError) {
    if !other.isNegated {
      set.classes |= other.classes
      set.excludedClasses += other.excludedClasses
      set.ranges += other.ranges
    } else if other.ranges.isEmpty, other.excludedClasses.isEmpty {
      set.excludedClasses.append(other.classes)
    } else {
      throw error("has a negated class inside another, which is not read here")
    }
  }
}
