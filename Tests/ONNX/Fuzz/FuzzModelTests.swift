import MartletFormats
import MartletTestSupport
import Testing

/// What coverage-guided fuzzing found worth keeping, read again.
struct FuzzModelTests {
  static let folder =
    (0..<4).reduce(#filePath) { path, _ in FileSystem.directory(of: path) } + "/Tests/Fixtures/Fuzz/onnx"

  @Test func `each kept input gives a model or an error, quickly`() throws {
    let names = try FileSystem.contents(of: FuzzModelTests.folder)
    #expect(names.count >= 10)
    for name in names {
      let bytes = try FileSystem.read("\(FuzzModelTests.folder)/\(name)")
      let time = threadTime { try? FuzzModel.read(bytes) }
      #expect(time < hostileLimit, "\(name)")
    }
  }
}
