import MartletProfiling
import MartletTestSupport
import Testing

@Suite struct PatternTests {
  @Test(arguments: [
    "a", "ab*c", "a+", "(ab|cd)*", "a{2}", "a{1,3}b?", "[a-c]+d", "[^a]*", "a.c", "\\d+_\\w*", "(?:a|b)c|d", "x*",
    "^ab$", "(a?){3}b", "[a\\]-]+", "\\.", "a|", "(a|ab)(c|bcd)", "a*?b", "\\bab\\b", "[\\d_]+", "a{0}b",
    "()*a",
  ])
  func `agrees with the engine of the standard library`(expression: String) throws {
    let pattern = try Pattern(expression)
    let engine = try Regex(expression)
    let alphabet = Array("abcd_1.]-x ")
    var generator = SystemRandomNumberGenerator()
    var texts = ["", "a", "ab", "abc", "abcd", "aaab", "1_b", "]b", "d", "cd", "aab", "x", "xx", "b"]
    for _ in 0..<400 {
      texts.append(String((0..<Int.random(in: 0...6, using: &generator)).map { _ in alphabet.randomElement()! }))
    }
    for text in texts {
      #expect(pattern.matches(text) == (try engine.wholeMatch(in: text) != nil), "\(expression) on \"\(text)\"")
    }
  }

  @Test func `takes no longer for expressions at which others go back and forth`() throws {
    // 2⁵⁰ ways to divide the text; an engine that goes back tries them all.
    let pattern = try Pattern("(a|a)*b|(a*)*b|(a+)+b|(a|b|ab)*bc")
    let text = String(repeating: "a", count: 5000)
    let time = threadTime { #expect(!pattern.matches(text)) }
    #expect(time < .seconds(2))
  }

  @Test(arguments: [
    ("(", "a parenthesis is not closed"), (")", "a parenthesis is closed that was not opened"),
    ("[a", "a bracket is not closed"), ("*a", "nothing stands before *"), ("a{2,1}", "{2,1} is empty"),
    ("a{1001}", "it repeats something more than 1000 times"), ("\\", "nothing stands behind the last backslash"),
    ("\\q", "\\q is not understood"), ("[z-a]", "a range in brackets is no range"),
    ("(?i)a", "(? is only understood as (?:"),
    ("((a{100}){100}){100}", "with its repetitions written out it has more than 10000 steps"),
    (String(repeating: "(", count: 101), "parentheses are nested more than 100 deep"),
  ])
  func `says what is wrong with an expression`(expression: String, message: String) {
    let error = #expect(throws: PatternError.self) { try Pattern(expression) }
    #expect(error?.description == message)
  }

  @Test func `a bracket that comes first is one of the characters`() throws {
    let pattern = try Pattern("[]a]b")
    #expect(pattern.matches("]b") && pattern.matches("ab") && !pattern.matches("[b"))
  }

  @Test func `nothing repeated without end is nothing`() throws {
    let pattern = try Pattern("((){1000}){1000}a")
    #expect(pattern.matches("a") && !pattern.matches("aa"))
  }
}
