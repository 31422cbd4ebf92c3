import Martlet
import MartletFormats
import MartletONNX
import MartletTestMemory
import MartletTestSupport
import Testing

/// Models that no exporter writes, and the errors they must give.
@Suite(.endsAtZero) struct HostileModelTests {
  /// A model, and a part of the error that reading or running it gives.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let error: String

    init(_ name: String, _ model: TestModel, _ error: String) {
      (testDescription, bytes, self.error) = (name, model.bytes, error)
    }
  }

  /// Reads a model, and calls it with zeros of the declared sizes if that works.
  static func run(_ bytes: [UInt8]) throws {
    let model = try ONNXModel(SharedBytes(bytes))
    let inputs = model.inputs.map { port -> ONNXValue in
      let sizes = (port.dimensions ?? []).map { dimension -> Int in
        if case .fixed(let size) = dimension, size >= 0, size < 100 { size } else { 2 }
      }
      return ONNXValue(Tensor.zeros(Shape(sizes), dtype: port.elementType?.carrier ?? .float32))
    }
    let named = Dictionary(zip(model.inputs.map(\.name), inputs)) { first, _ in first }
    let results = try model(named)
    try Tensor.evaluate(results.values.compactMap(\.tensor))
  }

  static func message(_ bytes: [UInt8]) -> String {
    do {
      try run(bytes)
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: HostileModels.all)
  func `gives the expected error, quickly and in little memory`(hostile: Case) {
    // Apart from the bytes, which a failed expectation would describe one by one.
    let limit = 2 * hostile.bytes.count + 64 << 20
    var message = ""
    martlet_test_begin_counting()
    let time = threadTime { message = HostileModelTests.message(hostile.bytes) }
    let most = martlet_test_end_counting()
    #expect(message.contains(hostile.error), "\(message)")
    if martlet_test_can_count_memory() { #expect(most <= limit, "\(most) bytes") }
    #expect(time < hostileLimit)
  }

  @Test func `a model cut off anywhere is an error or runs, and never traps`() throws {
    let whole = HostileModels.small.bytes
    #expect(HostileModelTests.message(whole) == "no error")
    for length in whole.indices { _ = HostileModelTests.message(Array(whole[..<length])) }
  }

  @Test func `a model with any byte changed is an error or runs, and never traps`() throws {
    let whole = HostileModels.small.bytes
    for place in whole.indices {
      for change in [UInt8(0x01), 0x80, 0xFF, 0x55] {
        var bytes = whole
        bytes[place] ^= change
        _ = HostileModelTests.message(bytes)
      }
    }
  }

  @Test func `an unknown operator names all of them with counts`() throws {
    let model = TestModel([
      TestNode("Wrong", ["x"], ["a"]), TestNode("Wrong", ["a"], ["b"]), TestNode("Other", ["b"], ["y"], domain: "mine"),
    ])
    let error = #expect(throws: ONNXError.self) { try ONNXModel(model.shared) }
    #expect(error?.unsupported.map(\.operation) == ["Wrong", "Other"])
    #expect(error?.unsupported.map(\.count) == [2, 1])
    #expect("\(error!)".contains("\"Wrong\" of version 21 × 2, \"mine.Other\" of version 0 × 1"))
  }
}
