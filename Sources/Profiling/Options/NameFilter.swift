/// Regular expressions of which one must match a text as a whole.
///
/// Expressions made of a literal with `.*` before or behind, and that is nearly all of them, are compared as texts.
struct NameFilter {
  private enum Test {
    case everything
    case literal(String)
    case prefix(String)
    case suffix(String)
    case part(String)
    case pattern(Pattern)
  }

  private let tests: [Test]

  /// Compiles expressions.
  ///
  /// - Throws: ``ProfileError`` naming the option and the expression.
  init(_ expressions: [String], option: String) throws(ProfileError) {
    var tests: [Test] = []
    for expression in expressions { tests.append(try NameFilter.test(expression, option)) }
    self.tests = tests
  }

  /// Whether it takes every text.
  var takesEverything: Bool {
    tests.contains { if case .everything = $0 { true } else { false } }
  }

  /// Whether one of the expressions matches all of `text`.
  func matches(_ text: String) -> Bool {
    tests.contains { test in
      switch test {
      case .everything: true
      case .literal(let literal): text == literal
      case .prefix(let literal): text.hasPrefix(literal)
      case .suffix(let literal): text.hasSuffix(literal)
      case .part(let literal): text.contains(literal)
      case .pattern(let pattern): pattern.matches(text)
      }
    }
  }

  private static func test(_ expression: String, _ option: String) throws(ProfileError) -> Test {
    if expression == ".*" { return .everything }
    if let simple = simpleTest(expression) { return simple }
    guard expression.utf8.count <= 4096 else {
      throw ProfileError(.badExpression, option, "a regular expression is longer than 4,096 bytes")
    }
    do {
      return .pattern(try Pattern(expression))
    } catch {
      throw ProfileError(.badExpression, option, "\"\(expression)\" is not a regular expression: \(error)")
    }
  }

  private static func simpleTest(_ expression: String) -> Test? {
    var literal = Substring(expression)
    let isOpenBefore = literal.hasPrefix(".*")
    if isOpenBefore { literal = literal.dropFirst(2) }
    let isOpenBehind = literal.hasSuffix(".*") && !literal.hasSuffix("\\.*")
    if isOpenBehind { literal = literal.dropLast(2) }
    guard !literal.isEmpty, literal.allSatisfy({ $0.isLetter || $0.isNumber || "_/:-".contains($0) }) else {
      return nil
    }
    return switch (isOpenBefore, isOpenBehind) {
    case (false, false): .literal(String(literal))
    case (false, true): .prefix(String(literal))
    case (true, false): .suffix(String(literal))
    case (true, true): .part(String(literal))
    }
  }
}
