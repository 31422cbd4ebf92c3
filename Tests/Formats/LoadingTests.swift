import MartletFormats
import MartletGraph
import MartletTestMemory
import MartletTestSupport
import Testing

/// Opening costs the header, reading costs a copy, and neither takes memory for the tensors twice.
@Suite(.serialized) struct LoadingTests {
  static let formats = ["safetensors", "gguf", "npz", "pt"]

  private func write(
    _ tensors: [(String, StoredTensor)], _ format: String, _ scratch: borrowing Scratch
  ) throws -> String {
    let path = scratch.file("model.\(format)")
    let source = scratch.file("source.safetensors")
    try SafetensorsWriter.write(Dictionary(uniqueKeysWithValues: tensors), to: source)
    if format == "safetensors" { return source }
    try WeightConversion().convert(WeightFile(path: source), to: path)
    return path
  }

  /// The quickest of some tries.
  private func best(_ body: () throws -> Void) rethrows -> Duration {
    try (0..<15).map { _ in try threadTime(body) }.min()!
  }

  @Test(arguments: ["safetensors", "gguf"], [1, 20_000])
  func `a file opens in a millisecond and a microsecond a tensor`(format: String, count: Int) throws {
    let scratch = try Scratch()
    let small = StoredTensor([Float](repeating: 1, count: 8), shape: [2, 4])
    let tensors = (0..<count).map { ("model.layers.\($0).attention.query.weight", small) }
    let path = try write(tensors, format, scratch)
    let time = try best {
      if format == "gguf" { _ = try GGUFFile(path: path) } else { _ = try SafetensorsFile(path: path) }
    }
    // Three times the bar, because the machine may be busy; `martlet inspect --time` measures exactly. Sanitizers slow
    // a reader down by another order of magnitude.
    if martlet_test_can_count_memory() { #expect(time < .microseconds(3 * (1000 + count)), "\(time)") }
  }

  @Test func `a npy file opens in a millisecond, whatever its size`() throws {
    let scratch = try Scratch()
    let path = scratch.file("large.npy")
    try Npy.write(StoredTensor([Float](repeating: 1, count: 16 << 20), shape: [4096, 4096]), to: path)
    let time = try best { _ = try Npy.read(path: path) }
    if martlet_test_can_count_memory() { #expect(time < .milliseconds(3), "\(time)") }
  }

  @Test(.enabled(if: martlet_test_can_count_memory()), arguments: formats)
  func `all tensors of a file together take no more than their size`(format: String) throws {
    let scratch = try Scratch()
    let values = [Float](repeating: 1, count: 1 << 20)
    let tensors = (0..<8).map { ("t\($0)", StoredTensor(values, shape: [1024, 1024])) }
    let path = try write(tensors, format, scratch)
    martlet_test_begin_counting()
    let loaded = try WeightFile(path: path).tensors()
    let most = martlet_test_end_counting()
    #expect(loaded.count == 8)
    // Plain tensors share the mapped file.
    #expect(most <= 1 << 20, "\(most) bytes")
  }

  @Test(.enabled(if: martlet_test_can_count_memory()))
  func `decoded tensors take their own size, one at a time`() throws {
    let scratch = try Scratch()
    let values = (0..<1 << 20).map { Float($0 % 255) / 255 }
    let source = scratch.file("source.safetensors")
    let tensors = (0..<8).map { ("t\($0)", StoredTensor(values, shape: [1024, 1024])) }
    try SafetensorsWriter.write(Dictionary(uniqueKeysWithValues: tensors), to: source)
    var conversion = WeightConversion()
    conversion.elementType = .init(named: "Q8_0")
    let path = scratch.file("model.gguf")
    try conversion.convert(WeightFile(path: source), to: path)
    let file = try WeightFile(path: path)
    martlet_test_begin_counting()
    for name in file.names { _ = try file.tensor(name) }
    let most = martlet_test_end_counting()
    #expect(most <= 5 << 20, "\(most) bytes")
  }

  @Test func `large and small tensors of many open files are the values that were written`() throws {
    let scratch = try Scratch()
    let large = StoredTensor((0..<1 << 19).map { Int32($0) }, shape: [1 << 19])
    let small = StoredTensor([Float](repeating: 2.5, count: 3), shape: [3])
    let path = try write([("large", large), ("small", small), ("tail", large)], "safetensors", scratch)
    // More files than are kept open, so that both ways of copying are taken.
    let files = try (0..<80).map { _ in try SafetensorsFile(path: path) }
    for file in [files[0], files[79]] {
      #expect(try file.tensor("large").values() == large.values(as: Int32.self))
      #expect(try file.tensor("small").values() == small.values(as: Float.self))
      var target = [UInt8](repeating: 0, count: large.bytes.count - 5)
      try target.withUnsafeMutableBytes { try file.tensor("tail").bytes[3..<(large.bytes.count - 2)].copy(to: $0) }
      #expect(target == Array(large.bytes.array[3..<(large.bytes.count - 2)]))
    }
  }

  @Test func `the time of opening and reading is measured`() throws {
    let speed = try LoadingSpeed(path: Fixture.format("all.safetensors"), rounds: 3)
    #expect(speed.tensorCount == Sample.names.count)
    #expect(speed.sizeInBytes == Sample.all.values.map(\.bytes.count).reduce(0, +))
    #expect(speed.openingSeconds > 0)
    #expect(speed.readBytesPerSecond > 0)
    #expect(speed.json["tensors"] == .integer(speed.tensorCount))
  }
}
