import MartletProfiling
import Testing

@Suite struct LineBufferTests {
  /// The keys that a terminal sends so.
  private func keys(_ bytes: [UInt8]) -> [Key] {
    nonisolated(unsafe) var rest = bytes[...]
    let decoder = KeyDecoder { rest.popFirst() }
    var keys: [Key] = []
    while let key = decoder.key() { keys.append(key) }
    return keys
  }

  private func buffer(
    _ text: String = "", history: [String] = [], complete: @escaping (String) -> [String] = { _ in [] }
  )
    -> LineBuffer
  {
    var buffer = LineBuffer(history: history, complete: complete)
    for character in text { _ = buffer.take(.character(character)) }
    return buffer
  }

  @Test func `bytes of a terminal become keys`() {
    #expect(keys(Array("aé".utf8)) == [.character("a"), .character("é")])
    #expect(keys([27, 91, 65, 27, 91, 68, 27, 79, 72, 27, 91, 51, 126]) == [.up, .left, .home, .delete])
    #expect(
      keys([13, 3, 4, 127, 9, 21, 23]) == [.enter, .interrupt, .endOrDelete, .backspace, .tab, .killToStart, .killWord])
    #expect(
      keys([27]) == [.other] && keys([27, 91]) == [.other] && keys([0xE2]).count == 1, "what is cut short is no trap")
  }

  @Test func `a line is edited at the cursor`() {
    var line = buffer("scope -step 3")
    for _ in 0..<3 { _ = line.take(.left) }
    _ = line.take(.killWord)
    #expect(line.text == "scope p 3")
    _ = line.take(.home)
    _ = line.take(.delete)
    _ = line.take(.character("S"))
    #expect(line.text == "Scope p 3" && line.cursor == 1)
    _ = line.take(.last)
    _ = line.take(.backspace)
    #expect(line.text == "Scope p ")
    _ = line.take(.killToStart)
    #expect(line.text.isEmpty && line.take(.endOrDelete) == .end)
  }

  @Test func `keys at the ends of a line do nothing`() {
    var line = buffer("a")
    for key in [Key.right, .delete, .killToEnd, .down] { _ = line.take(key) }
    _ = line.take(.left)
    for key in [Key.left, .backspace, .killToStart, .up] { _ = line.take(key) }
    #expect(line.text == "a" && line.cursor == 0)
    #expect(line.take(.interrupt) == .cancelled && line.take(.enter) == .ready)
  }

  @Test func `the history goes up and down and keeps what was written`() {
    var line = buffer("new", history: ["first", "second"])
    _ = line.take(.up)
    #expect(line.text == "second")
    _ = line.take(.up)
    _ = line.take(.up)
    #expect(line.text == "first")
    _ = line.take(.down)
    _ = line.take(.down)
    #expect(line.text == "new")
  }

  @Test func `the tab key completes what is certain and shows the rest`() {
    let words = ["scope", "set", "steps"]
    var line = buffer("sc") { start in words.filter { $0.hasPrefix(start) } }
    #expect(line.take(.tab) == .edited && line.text == "scope ")
    line = buffer("s") { start in words.filter { $0.hasPrefix(start) } }
    #expect(line.take(.tab) == .choices(words) && line.text == "s")
    line = buffer("x")
    #expect(line.take(.tab) == .edited && line.text == "x")
  }
}
