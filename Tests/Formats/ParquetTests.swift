import MartletFormats
import Testing

/// Tables written by pyarrow (`Benchmarks/Fixtures/make_parquet_fixtures.py`), whose values are known by formula.
struct ParquetTests {
  static let rows = 150
  static let words = ["red", "grün", "日本", ""]

  static func path(_ name: String) -> String { "\(Fixture.root)/Tests/Fixtures/Parquet/\(name).parquet" }

  static let ways = ["none", "snappy", "gzip"].flatMap { codec in
    ["v1", "v2"].flatMap { version in ["dictionary", "plain"].map { "\(codec)_\(version)_\($0)" } }
  }

  @Test(arguments: ways)
  func `columns of every type are read, whatever the encoding`(way: String) throws {
    let file = try ParquetFile(path: ParquetTests.path(way))
    let k = Array(0..<ParquetTests.rows)
    #expect(file.rowCount == ParquetTests.rows)
    #expect(try file.booleans(column: "flag") == k.map { $0 % 3 == 0 })
    #expect(try file.integers(column: "i8") == k.map { $0 % 200 - 100 })
    #expect(try file.integers(column: "i32") == k.map { $0 * 7 - 300 })
    #expect(try file.integers(column: "u32") == k.map { $0 * 2_654_435_761 % (1 << 32) })
    #expect(try file.integers(column: "i64") == k.map { $0 * 1_000_000_000_000_000 - 7 })
    #expect(try file.tensor(column: "u64").values(as: UInt64.self) == k.map { 1 << 63 + UInt64($0) })
    #expect(try file.tensor(column: "f32").values(as: Float.self) == k.map { Float($0) * 0.25 - 3 })
    #expect(try file.doubles(column: "f64") == k.map { Double($0) / 8 })
    #expect(try file.strings(column: "word") == k.map { ParquetTests.words[$0 % 4] })
    #expect(try file.strings(column: "name") == k.map { "row \($0)" })
    #expect(try file.byteStrings(column: "raw") == k.map { [UInt8($0 % 256), 255] })
    #expect(try file.byteStrings(column: "code") == k.map { [UInt8](repeating: UInt8($0 % 256), count: 3) })
    #expect(try file.integers(column: "time") == k.map { $0 * 1000 })
    #expect(try file.doubles(column: "price") == k.map { Double($0) / 100 })
  }

  @Test(arguments: ways)
  func `missing values are missing`(way: String) throws {
    let file = try ParquetFile(path: ParquetTests.path(way))
    let k = Array(0..<ParquetTests.rows)
    func same(_ values: [Double], _ expected: [Double?]) -> Bool {
      values.count == expected.count && zip(values, expected).allSatisfy { $1 == nil ? $0.isNaN : $0 == $1 }
    }
    #expect(same(try file.doubles(column: "maybe"), k.map { $0 % 5 == 0 ? nil : Double($0) }))
    #expect(same(try file.doubles(column: "gap"), k.map { (50..<100).contains($0) ? nil : Double($0) / 2 }))
    #expect(same(try file.doubles(column: "point.x"), k.map { $0 % 4 == 0 || $0 % 3 == 0 ? nil : Double($0) }))
    #expect(try file.strings(column: "hint") == k.map { $0 % 7 == 0 ? nil : ParquetTests.words[$0 % 3] })
    let error = formatError { () throws(FormatError) in _ = try file.integers(column: "maybe") }
    #expect(error?.kind == .mismatch)
    #expect(error?.message == "has no value in row 0")
  }

  @Test func `the schema says what each column is`() throws {
    let file = try ParquetFile(path: ParquetTests.path("snappy_v1_dictionary"))
    #expect(file["u32"]?.type == .uint32)
    #expect(file["code"]?.type == .fixedBytes(3))
    #expect(file["raw"]?.type == .bytes)
    #expect(file["word"]?.type == .text)
    #expect(file["price"]?.scale == 2)
    #expect(file["list.list.element"]?.type == .other("lists"))
    #expect(file["nothing"] == nil)
    let summary = try FileSummary(path: ParquetTests.path("snappy_v1_dictionary"))
    #expect(summary.format == "Parquet")
    #expect(summary.details.contains { $0 == ("rows", "150") })
    #expect(summary.details.contains { $0 == ("column f32", "float32, optional") })
  }

  @Test func `what is not read is named, and the other columns are read`() throws {
    let file = try ParquetFile(path: ParquetTests.path("none_v1_plain"))
    func message(_ body: () throws(FormatError) -> Void) -> String { formatError("", body)?.description ?? "" }
    #expect(message { () throws(FormatError) in _ = try file.doubles(column: "list.list.element") }.contains("lists"))
    #expect(message { () throws(FormatError) in _ = try file.doubles(column: "word") }.contains("is of type text"))
    #expect(message { () throws(FormatError) in _ = try file.strings(column: "f32") }.contains("not texts"))
    #expect(message { () throws(FormatError) in _ = try file.integers(column: "u64") }.contains("above 2^63"))
    #expect(message { () throws(FormatError) in _ = try file.doubles(column: "x") }.contains("is not in the file"))
    let packed = try ParquetFile(path: ParquetTests.path("zstd"))
    #expect(message { () throws(FormatError) in _ = try packed.integers(column: "i64") }.contains("Zstandard"))
    let delta = try ParquetFile(path: ParquetTests.path("delta"))
    #expect(message { () throws(FormatError) in _ = try delta.integers(column: "i64") }.contains("DELTA_BINARY_PACKED"))
    #expect(try delta.strings(column: "word") == (0..<10).map { ParquetTests.words[$0 % 4] })
  }

  @Test func `tables of no rows and of a million alike are read`() throws {
    let empty = try ParquetFile(path: ParquetTests.path("empty"))
    #expect(empty.rowCount == 0)
    #expect(try empty.doubles(column: "f64").isEmpty)
    #expect(try empty.strings(column: "word").isEmpty)
    let constant = try ParquetFile(path: ParquetTests.path("constant"))
    #expect(try constant.integers(column: "one") == [Int](repeating: 1, count: 1_000_000))
  }

  @Test(arguments: ["snappy_v1_dictionary", "gzip_v2_plain", "none_v2_dictionary"])
  func `no truncation and no change of a byte traps`(way: String) throws {
    let seed = try FileSystem.read(ParquetTests.path(way))
    func read(_ bytes: [UInt8]) {
      guard let file = try? ParquetFile(bytes: SharedBytes(bytes)) else { return }
      for column in file.columns {
        _ = try? file.doubles(column: column.name)
        _ = try? file.strings(column: column.name)
      }
    }
    for count in stride(from: 0, to: seed.count, by: 37) { read(Array(seed[..<count])) }
    var generator = SplitMix(state: 11)
    for _ in 0..<1500 {
      var bytes = seed
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      read(bytes)
    }
  }
}
