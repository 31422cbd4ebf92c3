import Martlet
import MartletFormats
import Testing

/// The small models of Benchmarks/Fixtures/make_pretrained_fixtures.py.
enum Fixture {
  static let folder = #filePath.split(separator: "/").dropLast(2).map { "/" + $0 }.joined() + "/Fixtures/Pretrained"

  static func path(_ name: String) -> String { "\(folder)/\(name)" }

  /// Inputs of a model, and what PyTorch computes from them.
  struct Expected {
    let file: WeightFile

    init(_ name: String) throws { file = try WeightFile(path: Fixture.path("\(name)/expected.safetensors")) }

    func floats(_ name: String) throws -> [Float] { try file.tensor(name).values() }

    func tensor(_ name: String) throws -> Tensor {
      let stored = try file.tensor(name)
      switch stored.dtype {
      case .int64: return Tensor(try stored.values(as: Int64.self), shape: stored.shape)
      case .bool: return Tensor(try stored.values(as: Bool.self), shape: stored.shape)
      default: return Tensor(try stored.values(as: Float.self), shape: stored.shape)
      }
    }
  }
}

/// Within 1e-5 of the larger of 1 and the number that is expected: sums of some dozens of products in float 32, in
/// another order.
func expectClose(
  _ tensor: Tensor, _ expected: [Float], sourceLocation: Testing.SourceLocation = #_sourceLocation
) {
  let values = tensor.scalars(as: Float.self)
  #expect(values.count == expected.count, sourceLocation: sourceLocation)
  let difference = zip(values, expected).map { abs($0 - $1) / max(abs($1), 1) }.max() ?? .infinity
  #expect(difference < 1e-5, sourceLocation: sourceLocation)
}
