import MartletFormats
import Testing

struct JSONTests {
  @Test func `values of every kind are parsed`() throws {
    let value = try JSON(parsing: #" {"a": [1, -2.5e3, true, false, null, "x\n\u00fc\ud83d\ude00"], "b": {}} "#)
    #expect(value == ["a": [1, -2500.0, true, false, nil, "x\nü😀"], "b": [:]])
    #expect(value["a"]?[1]?.doubleValue == -2500)
    #expect(value["a"]?[0]?.intValue == 1)
    #expect(value["a"]?[2]?.boolValue == true)
    #expect(value["a"]?[9] == nil)
    #expect(value["no"] == nil)
  }

  @Test func `integers are exact, larger ones become numbers`() throws {
    #expect(try JSON(parsing: "9223372036854775807") == .integer(.max))
    #expect(try JSON(parsing: "-9223372036854775808") == .integer(.min))
    #expect(try JSON(parsing: "9223372036854775808") == .number(9_223_372_036_854_775_808))
    #expect(try JSON(parsing: "-9223372036854775809") == .number(-9_223_372_036_854_775_808))
    #expect(try JSON(parsing: "1000000000000000019884624838656") == .number(1e30))
    #expect(try JSON(parsing: "9007199254740993") == .integer(9_007_199_254_740_993))
    #expect(try JSON(parsing: "1.0") == .number(1))
    #expect(try JSON(parsing: "5e-324") == .number(.leastNonzeroMagnitude))
  }

  @Test func `members keep their order, and what is written comes back`() throws {
    let text = #"{"z":1,"a":[1.5,"\"\\\n\u0001/"],"m":{"k":null,"b":[]},"n":-0.0}"#
    let value = try JSON(parsing: text)
    #expect(value.serialized() == text)
    #expect(value.objectValue?.keys == ["z", "a", "m", "n"])
    #expect(try JSON(parsing: value.serializedForReading()) == value)
    #expect(value["m"]!.serializedForReading() == "{\n  \"k\": null,\n  \"b\": []\n}\n")
    for number in [0.1, 1e21, 1.7976931348623157e308, .leastNonzeroMagnitude, -1e-7, 123_456_789.125] {
      #expect(try JSON(parsing: JSON.number(number).serialized()) == .number(number))
    }
  }

  @Test func `numbers that are not finite survive as strings`() throws {
    let text = JSON.array([.number(.nan), .number(.infinity), .number(-.infinity)]).serialized()
    #expect(text == #"["NaN","Infinity","-Infinity"]"#)
    let values = try JSON(parsing: text).arrayValue!.map { $0.doubleValue! }
    #expect(values[0].isNaN && values[1] == .infinity && values[2] == -.infinity)
  }

  @Test func `members are set, replaced and removed`() {
    var value: JSON = ["a": 1, "b": 2]
    value["a"] = 3
    value["c"] = "x"
    value["b"] = Optional<JSON>.none
    #expect(value.serialized() == #"{"a":3,"c":"x"}"#)
  }

  @Test func `a document for Python`() throws {
    let document: JSON = ["a": 1, "b": [1.5, nil, true, "ü\n\u{1}"], "big": .integer(.max), "empty": [:]]
    #expect(try JSON(parsing: document.serialized()) == document)
    if let outputFolder {
      try FileSystem.createDirectory(outputFolder)
      try AtomicFile.write(document.serializedForReading(), to: "\(outputFolder)/document.json")
    }
  }

  static let broken: [(String, Int)] = [
    ("", 0), ("nul", 0), ("nulll", 4), ("True", 0), ("[1,]", 3), ("[1 2]", 3), ("[", 1), ("{", 1), ("{\"a\"}", 4),
    ("{\"a\":}", 5), ("{\"a\":1,}", 7), ("{a:1}", 1), ("{1:2}", 1), ("01", 0), ("-", 1), ("+1", 0), (".5", 0),
    ("1.", 2),
    ("1e", 2), ("1e+", 3), ("0x10", 1), ("NaN", 0), ("Infinity", 0), ("1e999", 0), ("\"", 0), ("\"\\", 1),
    ("\"\\q\"", 1),
    ("\"\\u12\"", 1), ("\"\\u12G4\"", 5), ("\"\\ud800\"", 1), ("\"\\ud800\\u0041\"", 1), ("\"\\udc00\"", 1),
    ("\"\t\"", 1),
    ("1 1", 2), ("[1]]", 3), ("{} x", 3), ("{\"a\":1,\"a\":2}", 7), ("/**/1", 0), ("'a'", 0), ("\u{FEFF}1", 0),
  ]

  @Test(arguments: broken.indices)
  func `text that is not JSON is refused at the right place`(index: Int) {
    let (text, offset) = JSONTests.broken[index]
    let error = formatError(text) { () throws(FormatError) in _ = try JSON(parsing: text) }
    #expect(error?.offset == offset, "\(text): \(error.map { "\($0)" } ?? "")")
  }

  @Test func `duplicate names are refused unless allowed`() throws {
    #expect(formatError { () throws(FormatError) in _ = try JSON(parsing: #"{"a":1,"a":2}"#) }?.kind == .duplicate)
    #expect(try JSON(parsing: #"{"a":1,"a":2}"#, allowsDuplicateKeys: true) == ["a": 2])
  }

  @Test func `nesting is limited`() throws {
    func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    #expect(try JSON(parsing: nested(128)).arrayValue?.count == 1)
    #expect(formatError { () throws(FormatError) in _ = try JSON(parsing: nested(129)) }?.kind == .limit)
    let endless = String(repeating: "{\"a\":[", count: 500_000)
    #expect(formatError { () throws(FormatError) in _ = try JSON(parsing: endless) }?.kind == .limit)
  }

  @Test func `text that is not UTF-8 is refused`() {
    let overlong: [[UInt8]] = [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]]
    for bytes in overlong {
      let text = SharedBytes([0x22] + bytes + [0x22])
      #expect(formatError { () throws(FormatError) in _ = try JSON(parsing: text) }?.offset == 1)
      #expect(SharedBytes([65] + bytes).withSpan { UTF8Validation.firstInvalidOffset($0) } == 1)
    }
    #expect(SharedBytes(Array("aü日🐦".utf8)).withSpan { UTF8Validation.firstInvalidOffset($0) } == nil)
  }
}
