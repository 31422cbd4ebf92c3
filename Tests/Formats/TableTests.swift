import MartletFormats
import MartletGraph
import Testing

struct TableTests {
  private func table(_ text: String, hasHeader: Bool = true) throws(FormatError) -> CSVTable {
    try CSVTable(bytes: SharedBytes(Array(text.utf8)), hasHeader: hasHeader)
  }

  @Test(arguments: [
    "a,b\n1,x\n2,y\n", "a,b\r\n1,x\r\n2,y", "\u{FEFF}a,b\n1,x\n2,y", "\"a\",b\r\n\"1\",x\r\n2,\"y\"\r\n",
  ])
  func `line ends, quotes and the byte order mark make no difference`(text: String) throws {
    let table = try table(text)
    #expect(table.header == ["a", "b"])
    #expect(table.rowCount == 2)
    #expect(try table.integers(column: table.column(named: "a")) == [1, 2])
    #expect(try table.strings(column: 1) == ["x", "y"])
  }

  @Test func `quoted fields hold separators, line ends and quotes`() throws {
    let table = try table("\"a,1\",\"x\"\"y\"\"\"\n\"line\r\nend\",\"\"\n", hasHeader: false)
    #expect(table.rowCount == 2)
    #expect(try table.strings(column: 0) == ["a,1", "line\r\nend"])
    #expect(try table.strings(column: 1) == ["x\"y\"", ""])
  }

  @Test func `empty fields, files and tables without rows are read`() throws {
    #expect(try table(",,\n", hasHeader: false).strings(column: 2) == [""])
    #expect(try table("").rowCount == 0)
    #expect(try table("a,b").rowCount == 0)
    #expect(try table("a,b\n").integers(column: 1).isEmpty)
    #expect(try table("1\n2", hasHeader: false).integers(column: 0) == [1, 2])
  }

  @Test(arguments: [
    ("a,b\n1,2\n3\n", "line 3 has 1 fields, the first has 2"), ("a\n1,2\n", "line 2 has 2 fields, the first has 1"),
    ("a,b\n\"1\n\n\",2\n3\n", "line 5 has 1 fields, the first has 2"), ("a\nx\"y\n", "line 2 has a quote inside"),
    ("a\n\"x\"y\n", "line 2 has text behind"), ("a\n\"x\n", "never closed"), ("a,b\n1,2\n\n", "line 3 has 1 fields"),
  ])
  func `a malformed line is named`(text: String, message: String) {
    let error = formatError { () throws(FormatError) in _ = try table(text) }
    #expect(error?.kind == .malformed)
    #expect(error?.message.contains(message) == true, "\(error.map { "\($0)" } ?? "")")
  }

  @Test func `a field that is no number is named`() throws {
    let table = try table("a,b\n1,2\n3,x4\n")
    let error = formatError { () throws(FormatError) in _ = try table.floats(column: 1) }
    #expect(error?.kind == .mismatch)
    #expect(error?.message.hasPrefix("row 2, column 2 is \"x4\"") == true)
    #expect(formatError { () throws(FormatError) in _ = try table.column(named: "c") }?.kind == .missing)
  }

  @Test func `integers end where Int does`() {
    for (text, value) in [
      ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min), ("+7", 7), ("007", 7), ("-0", 0),
    ] { #expect(SharedBytes(Array(text.utf8)).withSpan { DecimalParser.integer($0) } == value) }
    for text in ["9223372036854775808", "-9223372036854775809", "", "-", "+", "1.0", " 1", "1 ", "١"] {
      #expect(SharedBytes(Array(text.utf8)).withSpan { DecimalParser.integer($0) } == nil, "\(text)")
    }
  }

  /// The standard library's correctly rounded conversion is the oracle.
  @Test func `numbers are rounded correctly`() {
    var generator = SplitMix(state: 5)
    var texts = ["0", "-0.0", "1e22", "1e23", "9007199254740993", "16777217", "1.00000005960464477539062", ".5", "5."]
    texts += [
      "8.5e-46", "1.17549429e-38", "3.4028235677973366e38", "inf", "-nan", "1e400", "123456789012345678901234567890",
    ]
    for _ in 0..<20_000 {
      let digits = UInt64.random(in: 0...(1 << UInt64.random(in: 1...63, using: &generator)), using: &generator)
      let exponent = Int.random(in: -50...30, using: &generator)
      texts += ["\(digits)e\(exponent)", "-\(digits % 1_000_000).\(digits)", "\(Float(digits) / 3)"]
    }
    var wrong: [String] = []
    for text in texts {
      let bytes = SharedBytes(Array(text.utf8))
      let double = bytes.withSpan { DecimalParser.double($0) }
      let float = bytes.withSpan { DecimalParser.float($0) }
      if double?.bitPattern != Double(text)?.bitPattern || float?.bitPattern != Float(text)?.bitPattern {
        wrong.append(text)
      }
    }
    #expect(wrong.isEmpty)
    for text in ["", ".", "e5", "1e", "0x10", "1_0", "1,5", " 1"] {
      #expect(SharedBytes(Array(text.utf8)).withSpan { DecimalParser.double($0) } == nil, "\(text)")
    }
  }

  @Test func `the 1,797 digits of UCI are read from compressed text`() throws {
    let table = try CSVTable(path: "\(Fixture.root)/Tests/Fixtures/uci_digits.csv.gz", hasHeader: false)
    #expect(table.rowCount == 1797)
    #expect(table.columnCount == 65)
    let labels = try table.integers(column: 64)
    // The number of examples of each digit, as scikit-learn's documentation of the data gives them.
    #expect(
      (0..<10).map { digit in labels.count { $0 == digit } } == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    #expect(try (0..<64).allSatisfy { column in try table.floats(column: column).allSatisfy { (0...16).contains($0) } })
  }

  @Test(arguments: ["int32.idx", "int32.idx.gz"])
  func `IDX files are read, compressed or not`(name: String) throws {
    #expect(isSame(try IDX.read(path: Fixture.format(name)), Sample.tensor("int32")))
  }

  @Test(
    arguments: [
      ([0, 0, 8, 1, 0, 0, 0, 2, 7], .truncated), ([0, 0, 8, 1, 0, 0, 0, 2, 7, 8, 9], .malformed),
      ([0, 0, 8, 3, 0, 0, 0, 2], .truncated), ([0, 0, 0x0A, 1, 0, 0, 0, 0], .unsupported),
      ([1, 0, 8, 1, 0, 0, 0, 0], .malformed), ([0, 0, 8, 9], .unsupported), ([0, 0], .truncated),
      ([0, 0, 14, 3] + [UInt8](repeating: 255, count: 12), .limit),
      ([0, 0, 14, 1] + [UInt8](repeating: 255, count: 4), .truncated),
    ] as [([UInt8], FormatError.Kind)])
  func `broken IDX files are refused`(bytes: [UInt8], kind: FormatError.Kind) {
    #expect(formatError { () throws(FormatError) in _ = try IDX.decode(SharedBytes(bytes)) }?.kind == kind)
  }
}
