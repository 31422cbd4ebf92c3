import Martlet
import MartletFormats
import MartletONNX
import MartletTestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite(.endsAtZero) struct ExternalDataTests {
  private func model(_ entries: [(String, String)], sizes: [Int] = [3]) -> [UInt8] {
    TestModel(
      [TestNode("Add", ["x", "w"])], initializers: [TestTensor(name: "w", dimensions: sizes, external: entries)]
    ).bytes
  }

  private func result(_ entries: [(String, String)], sizes: [Int] = [3], _ prepare: (String) throws -> Void) throws
    -> String
  {
    try Fixture.withFolder { folder in
      try Fixture.write(model(entries, sizes: sizes), to: "\(folder)/model.onnx")
      try prepare(folder)
      do {
        let y = try ONNXModel(path: "\(folder)/model.onnx")(Tensor.zeros([2, 3]))[0]
        return "\(y[0].scalars(as: Float.self))"
      } catch {
        return "\(error)"
      }
    }
  }

  private let numbers = ([1, 2, 3, 4] as [Float]).withUnsafeBytes { Array($0) }

  @Test func `is read from the place that the tensor names`() throws {
    let found = try result([("location", "data/w.bin"), ("offset", "4"), ("length", "12")]) { folder in
      try FileSystem.createDirectory("\(folder)/data")
      try Fixture.write(numbers, to: "\(folder)/data/w.bin")
    }
    #expect(found == "[2.0, 3.0, 4.0]")
  }

  @Test(arguments: ["../w.bin", "/etc/passwd", "a/../../w.bin", "./w.bin", "a//w.bin", "a\\w.bin", "", "w\u{0}.bin"])
  func `may not leave the folder of the model`(location: String) throws {
    let found = try result([("location", location)]) { try Fixture.write(numbers, to: "\($0)/w.bin") }
    #expect(found.contains("does not stay in the folder"), "\(found)")
  }

  @Test func `is not read through a link`() throws {
    let found = try result([("location", "w.bin")]) { folder in
      try Fixture.write(numbers, to: "\(folder)/real.bin")
      #expect(symlink("real.bin", "\(folder)/w.bin") == 0)
    }
    #expect(found.contains("cannot open"), "\(found)")
  }

  @Test func `is not read in a folder that is a link`() throws {
    let found = try result([("location", "data/w.bin")]) { folder in
      try FileSystem.createDirectory("\(folder)/real")
      try Fixture.write(numbers, to: "\(folder)/real/w.bin")
      #expect(symlink("real", "\(folder)/data") == 0)
    }
    #expect(found.contains("cannot open"), "\(found)")
  }

  @Test func `that is too short, or begins past the end, is an error`() throws {
    let short = try result([("location", "w.bin"), ("offset", "8")]) { try Fixture.write(numbers, to: "\($0)/w.bin") }
    #expect(short.contains("8 bytes are not the 12"), "\(short)")
    let past = try result([("location", "w.bin"), ("offset", "99")]) { try Fixture.write(numbers, to: "\($0)/w.bin") }
    #expect(past.contains("past the end"), "\(past)")
    let long = try result([("location", "w.bin"), ("length", "9223372036854775807")]) {
      try Fixture.write(numbers, to: "\($0)/w.bin")
    }
    #expect(long.contains("past the end"), "\(long)")
  }
}
