import MartletFormats
import MartletGraph
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Files in `Tests/Fixtures`.
enum Fixture {
  static let root = FileSystem.directory(of: FileSystem.directory(of: FileSystem.directory(of: #filePath)))

  /// A file written by `Benchmarks/Fixtures/make_format_fixtures.py`.
  static func format(_ name: String) -> String { "\(root)/Tests/Fixtures/Formats/\(name)" }

  /// A file written by `Benchmarks/Fixtures/make_weight_fixtures.py`.
  static func weights(_ name: String) -> String { "\(root)/Tests/Fixtures/Weights/\(name)" }

  /// A file written by `Benchmarks/Fixtures/make_record_fixtures.py`.
  static func records(_ name: String) -> String { "\(root)/Tests/Fixtures/Records/\(name)" }

  /// A file written by `Benchmarks/Fixtures/make_tokenizer_fixtures.py`.
  static func tokenizers(_ name: String) -> String { "\(root)/Tests/Fixtures/Tokenizers/\(name)" }

  static func bytes(_ name: String) throws -> [UInt8] { try FileSystem.read(format(name)) }
}

/// The tensors in the fixtures: element k of each type by the same formula as in the script that wrote them.
enum Sample {
  static let shape: Shape = [2, 3, 4]
  static let names = [
    "bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float16", "float32", "float64",
  ]

  static func tensor(_ name: String, shape: Shape = Sample.shape) -> StoredTensor {
    let indices = Array(0..<shape.elementCount)
    func unsigned<T: FixedWidthInteger & StoredScalar>(_: T.Type) -> StoredTensor {
      StoredTensor(indices.map { T(truncatingIfNeeded: $0 * 5 + 1) }, shape: shape)
    }
    func signed<T: FixedWidthInteger & StoredScalar>(_: T.Type) -> StoredTensor {
      StoredTensor(indices.map { T(truncatingIfNeeded: $0 * 5 - 60) }, shape: shape)
    }
    func real<T: BinaryFloatingPoint & StoredScalar>(_: T.Type) -> StoredTensor {
      StoredTensor(indices.map { T(Double($0) * 0.25 - 3) }, shape: shape)
    }
    switch name {
    case "bool": return StoredTensor(indices.map { $0 % 3 == 0 }, shape: shape)
    case "uint8": return unsigned(UInt8.self)
    case "uint16": return unsigned(UInt16.self)
    case "uint32": return unsigned(UInt32.self)
    case "uint64": return unsigned(UInt64.self)
    case "int8": return signed(Int8.self)
    case "int16": return signed(Int16.self)
    case "int32": return signed(Int32.self)
    case "int64": return signed(Int64.self)
    case "float16": return real(Float16.self)
    case "float32": return real(Float.self)
    default: return real(Double.self)
    }
  }

  static var all: [String: StoredTensor] { Dictionary(uniqueKeysWithValues: names.map { ($0, tensor($0)) }) }
}

/// Whether two tensors have the same type, shape and bits.
func isSame(_ a: StoredTensor, _ b: StoredTensor) -> Bool {
  a.dtype == b.dtype && a.shape == b.shape && a.bytes.array == b.bytes.array
}

/// The same pseudo-random numbers at every run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// A folder for what a test writes, removed at its end.
struct Scratch: ~Copyable {
  let path: String

  init() throws { path = try FileSystem.createTemporaryDirectory(prefix: "martlet-tests-") }

  deinit { try? FileSystem.removeTree(path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// The folder that `check_format_output.py` looks at, if the environment names one.
let outputFolder: String? = getenv("MARTLET_FORMATS_OUTPUT").map { String(cString: $0) }

/// The folder that hostile files are written to for measuring, if the environment names one.
let hostileFolder: String? = getenv("MARTLET_HOSTILE_OUTPUT").map { String(cString: $0) }

/// The error that `body` throws; a test failure if it throws none.
func formatError(
  _ comment: String = "", sourceLocation: Testing.SourceLocation = #_sourceLocation,
  _ body: () throws(FormatError) -> Void
) -> FormatError? {
  do throws(FormatError) {
    try body()
    Issue.record("nothing was thrown: \(comment)", sourceLocation: sourceLocation)
    return nil
  } catch { return error }
}

extension [UInt8] {
  /// The lowest byte first.
  static func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    Swift.withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) }
  }

  /// The highest byte first.
  static func big<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    Swift.withUnsafeBytes(of: value.bigEndian) { [UInt8]($0) }
  }
}
