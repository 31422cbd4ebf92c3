import MartletFormats
import MartletTestSupport
import Testing

/// What coverage-guided fuzzing found worth keeping, read again.
struct FuzzCorpusTests {
  static let folder =
    (0..<4).reduce(#filePath) { path, _ in FileSystem.directory(of: path) } + "/Tests/Fixtures/Fuzz"

  @Test(arguments: FuzzParser.allCases)
  func `each kept input gives a value or an error, quickly`(parser: FuzzParser) throws {
    let folder = "\(FuzzCorpusTests.folder)/\(parser.rawValue)"
    let names = try FileSystem.contents(of: folder)
    #expect(names.count >= 10)
    for name in names {
      let bytes = try FileSystem.read("\(folder)/\(name)")
      let time = threadTime { try? parser.read(bytes) }
      #expect(time < hostileLimit, "\(name)")
    }
  }
}
