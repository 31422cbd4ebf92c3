import MartletFormats

/// Files in `Tests/Fixtures`.
enum Fixture {
  static let root = FileSystem.directory(of: FileSystem.directory(of: FileSystem.directory(of: #filePath)))

  /// The cases that `Benchmarks/ONNX/take_fixtures.py` copied.
  static let folder = "\(root)/Tests/Fixtures/ONNX"

  /// Runs `body` with a folder of its own.
  static func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = try FileSystem.createTemporaryDirectory()
    defer { try? FileSystem.removeTree(folder) }
    return try body(folder)
  }

  static func write(_ bytes: [UInt8], to path: String) throws {
    var file = try AtomicFile(path: path)
    try file.write(SharedBytes(bytes))
    try file.commit()
  }
}
