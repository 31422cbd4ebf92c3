import MartletGraph
import MartletProfiling

/// What one operation has to do.
struct OperationWork {
  var floatingPointOperations: Int?
  var multiplyAdds: Int?
  var uncountedReason: String?
  var bytesRead = 0
  var bytesWritten = 0
  /// Operations that count as many: functions such as `exp`.
  var transcendentalOperations = 0

  /// - Parameter operands: The types of the operands.
  init(_ node: Node, operands: [TensorType]) {
    if case .custom(let custom) = node.primitive {
      uncountedReason = "the custom operation \(custom.name) does not say what it costs"
    }
    let cost = node.primitive.rules.cost(operands[...], result: node.type)
    (bytesRead, bytesWritten) = (cost.bytesRead, cost.bytesWritten)
    transcendentalOperations = cost.transcendentalOperations
    guard uncountedReason == nil else { return }
    floatingPointOperations = cost.floatingPointOperations
    multiplyAdds = node.primitive.multiplyAdds(operands, result: node.type)
  }

  /// About how long it takes on a machine, if nothing else goes on: arithmetic or moving the bytes, whichever is longer.
  func nanoseconds(on machine: MachineFacts, isContraction: Bool) -> Double {
    let peak = machine.computePeaks.map(\.floatingPointOperationsPerSecond).max() ?? 5e10
    let bandwidth = machine.bandwidths.last?.bytesPerSecond ?? 1e10
    // Element-wise operations do one operation an element where a multiply-add does two, and functions take about ten.
    let rate = isContraction ? peak * 0.8 : peak / 4
    let operations = Double((floatingPointOperations ?? 0) + 9 * transcendentalOperations)
    return 1e9 * max(operations / rate, Double(bytesRead + bytesWritten) / bandwidth)
  }
}

extension Primitive {
  /// Multiplications whose result is added to something.
  func multiplyAdds(_ operands: [TensorType], result: TensorType) -> Int {
    switch self {
    case .contract, .convolve: rules.cost(operands[...], result: result).floatingPointOperations / 2
    case .call(let call): call.body.graph.multiplyAdds
    case .scan(let scan): scan.body.graph.multiplyAdds * scan.length
    default: 0
    }
  }

  /// Whether nearly all of its work is multiplying and adding.
  var isContraction: Bool {
    switch self {
    case .contract, .convolve, .call: true
    default: false
    }
  }
}

extension Graph {
  fileprivate var multiplyAdds: Int {
    nodes.reduce(0) { $0 + $1.primitive.multiplyAdds($1.operands.map { self[$0].type }, result: $1.type) }
  }
}
