/// A regular expression as a tree.
indirect enum PatternTree {
  /// One character of a set.
  case character(CharacterSet)
  /// A place between characters.
  case place(Pattern.Place)
  case sequence([PatternTree])
  case choice([PatternTree])
  /// So many times; without end if `most` is nil.
  case repetition(PatternTree, least: Int, most: Int?)
}

/// What is wrong with a regular expression.
package struct PatternError: Error, CustomStringConvertible {
  package var description: String
}

/// Reads regular expressions as tfprof did (RE2), without flags, captures and classes of Unicode properties.
struct PatternParser {
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var depth = 0

  private static let greatestDepth = 100
  private static let greatestCount = 1000

  private init(_ text: String) { scalars = Array(text.unicodeScalars) }

  /// The tree of an expression.
  static func tree(of text: String) throws(PatternError) -> PatternTree {
    var parser = PatternParser(text)
    let tree = try parser.choice()
    guard parser.next == nil else { throw PatternError(description: "a parenthesis is closed that was not opened") }
    return tree
  }

  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    position += 1
    return true
  }

  private mutating func take(_ text: String) -> Bool {
    let wanted = Array(text.unicodeScalars)
    guard scalars[position...].starts(with: wanted) else { return false }
    position += wanted.count
    return true
  }

  private mutating func choice() throws(PatternError) -> PatternTree {
    var parts = [try sequence()]
    while take("|") { parts.append(try sequence()) }
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  private mutating func sequence() throws(PatternError) -> PatternTree {
    var parts: [PatternTree] = []
    while let next, next != "|", next != ")" { parts.append(try repetition()) }
    return .sequence(parts)
  }

  private mutating func repetition() throws(PatternError) -> PatternTree {
    var tree = try atom()
    while let counts = try counts() {
      // Whether as few or as many as possible are taken makes no difference to a match of the whole text.
      _ = take("?")
      tree = .repetition(tree, least: counts.least, most: counts.most)
    }
    return tree
  }

  private mutating func counts() throws(PatternError) -> (least: Int, most: Int?)? {
    if take("*") { return (0, nil) }
    if take("+") { return (1, nil) }
    if take("?") { return (0, 1) }
    let start = position
    guard take("{"), let least = number() else {
      position = start
      return nil
    }
    var most: Int? = least
    if take(",") { most = number() }
    guard take("}") else {
      position = start
      return nil
    }
    guard max(least, most ?? 0) <= PatternParser.greatestCount else {
      throw PatternError(description: "it repeats something more than \(PatternParser.greatestCount) times")
    }
    if let most, most < least { throw PatternError(description: "{\(least),\(most)} is empty") }
    return (least, most)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let digit = next?.value, 48...57 ~= digit {
      value = min((value ?? 0) * 10 + Int(digit) - 48, 1 << 20)
      position += 1
    }
    return value
  }

  private mutating func atom() throws(PatternError) -> PatternTree {
    let scalar = scalars[position]
    position += 1
    switch scalar {
    case "(": return try group()
    case "[": return .character(try set())
    case ".": return .character(CharacterSet(["\n"]).inverted)
    case "^": return .place(.start)
    case "$": return .place(.end)
    case "*", "+", "?": throw PatternError(description: "nothing stands before \(scalar)")
    case "\\": return try escape()
    default: return .character(CharacterSet([scalar]))
    }
  }

  private mutating func group() throws(PatternError) -> PatternTree {
    depth += 1
    guard depth <= PatternParser.greatestDepth else {
      throw PatternError(description: "parentheses are nested more than \(PatternParser.greatestDepth) deep")
    }
    defer { depth -= 1 }
    if next == "?", !take("?:") { throw PatternError(description: "(? is only understood as (?:") }
    let tree = try choice()
    guard take(")") else { throw PatternError(description: "a parenthesis is not closed") }
    return tree
  }

  private mutating func escape() throws(PatternError) -> PatternTree {
    switch next {
    case "b":
      position += 1
      return .place(.wordBoundary)
    case "B":
      position += 1
      return .place(.noWordBoundary)
    case "A":
      position += 1
      return .place(.start)
    case "z":
      position += 1
      return .place(.end)
    default: return .character(try escapedSet())
    }
  }

  /// What stands behind a backslash, in brackets or outside.
  private mutating func escapedSet() throws(PatternError) -> CharacterSet {
    guard let scalar = next else { throw PatternError(description: "nothing stands behind the last backslash") }
    position += 1
    switch scalar {
    case "d": return .digits
    case "D": return CharacterSet.digits.inverted
    case "w": return .word
    case "W": return CharacterSet.word.inverted
    case "s": return .spaces
    case "S": return CharacterSet.spaces.inverted
    case "t": return CharacterSet(["\t"])
    case "n": return CharacterSet(["\n"])
    case "r": return CharacterSet(["\r"])
    default:
      guard !CharacterSet.word.contains(scalar) else {
        throw PatternError(description: "\\\(scalar) is not understood")
      }
      return CharacterSet([scalar])
    }
  }

  /// What stands in brackets.
  private mutating func set() throws(PatternError) -> CharacterSet {
    let isInverted = take("^")
    var set = CharacterSet([])
    var isFirst = true
    while let scalar = next, scalar != "]" || isFirst {
      isFirst = false
      position += 1
      var part = scalar == "\\" ? try escapedSet() : CharacterSet([scalar])
      if let low = part.only, next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" {
        position += 1
        part = try range(from: low)
      }
      set.formUnion(part)
    }
    guard take("]") else { throw PatternError(description: "a bracket is not closed") }
    return isInverted ? set.inverted : set
  }

  private mutating func range(from low: Unicode.Scalar) throws(PatternError) -> CharacterSet {
    let scalar = scalars[position]
    position += 1
    let high = scalar == "\\" ? try escapedSet().only : scalar
    guard let high, low <= high else { throw PatternError(description: "a range in brackets is no range") }
    return CharacterSet(low...high)
  }
}
