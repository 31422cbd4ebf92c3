import Martlet
public import MartletFormats

/// How long a model in the format of ONNX takes to read and to run.
public struct ONNXSpeed: Sendable {
  /// The path.
  public let file: String
  /// Seconds to read the file, check the graph and take over its weights: the median of all rounds.
  public let importSeconds: Double
  /// Seconds of the first call, which plans the program.
  public let firstSeconds: Double
  private let model: ONNXModel
  private let values: [String: ONNXValue]

  /// Reads the model at `path` again and again, then calls it for the first time.
  ///
  /// - Parameters:
  ///   - rounds: How often the file is read.
  ///   - warmupCalls: Calls before any is timed, the first included.
  ///   - inputs: Makes values for the model's inputs.
  /// - Throws: ``ONNXError`` for a model that cannot be read or run.
  public init(
    path: String, rounds: Int = 5, warmupCalls: Int = 3, inputs: (ONNXModel) throws -> [String: ONNXValue]
  ) throws {
    var times: [Double] = []
    // Each model is let go before the next is read, so that one is in memory.
    for _ in 1..<max(rounds, 1) { times.append(try ONNXSpeed.seconds { _ = try ONNXModel(path: path) }) }
    var latest: ONNXModel?
    times.append(try ONNXSpeed.seconds { latest = try ONNXModel(path: path) })
    let model = latest!
    let values = try inputs(model)
    (file, self.model, self.values) = (path, model, values)
    importSeconds = ONNXSpeed.median(times)
    firstSeconds = try ONNXSpeed.seconds { try ONNXSpeed.call(model, values) }
    for _ in 1..<max(warmupCalls, 1) { try ONNXSpeed.call(model, values) }
  }

  /// Seconds of a call, all results computed: the median and the shortest of `count`.
  ///
  /// - Parameter limit: No further call begins after so many seconds, once there are three.
  public func callSeconds(_ count: Int, limit: Double = .infinity) throws -> (median: Double, best: Double) {
    var times: [Double] = []
    var total = 0.0
    while times.count < max(count, 1), times.count < 3 || total < limit {
      times.append(try ONNXSpeed.seconds { try ONNXSpeed.call(model, values) })
      total += times[times.count - 1]
    }
    return (ONNXSpeed.median(times), times.min()!)
  }

  private static func call(_ model: ONNXModel, _ values: [String: ONNXValue]) throws {
    let results = try model(values)
    try Tensor.evaluate(results.values.flatMap { $0.tensors.map(\.tensor) })
  }

  private static func median(_ times: [Double]) -> Double {
    let sorted = times.sorted()
    return (sorted[sorted.count / 2] + sorted[(sorted.count - 1) / 2]) / 2
  }

  private static func seconds(_ body: () throws -> Void) rethrows -> Double {
    try ContinuousClock().measure(body).inSeconds
  }
}

extension ONNXSpeed {
  /// One line for people about the given times of calls.
  public func description(_ calls: (median: Double, best: Double)) -> String {
    func milliseconds(_ seconds: Double) -> String { "\((seconds * 1e5).rounded() / 100) ms" }
    return "\(file): imported in \(milliseconds(importSeconds)), first call \(milliseconds(firstSeconds)), then "
      + "\(milliseconds(calls.median)) (best \(milliseconds(calls.best)))"
  }

  /// The numbers as JSON.
  public func json(_ calls: (median: Double, best: Double)) -> JSON {
    [
      "framework": "martlet", "workload": .string(file), "ms": .number(calls.median * 1e3),
      "best_ms": .number(calls.best * 1e3), "first_s": .number(firstSeconds), "import_s": .number(importSeconds),
    ]
  }
}
