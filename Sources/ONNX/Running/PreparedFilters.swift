import Martlet
import Synchronization

/// Filters of convolutions in the order of dimensions that Martlet computes with.
///
/// ONNX has filters as `[out, in, spatial…]`, Martlet as `[spatial…, in, out]`. Turning them around at each call took a
/// fifth of a call of ResNet-50 with one image, so they are kept turned from the first call on, beside the weights. Where
/// a derivative or a program is being recorded the weights themselves take part.
final class PreparedFilters: Sendable {
  private struct Entry {
    /// What the filter was made from: a weight that has been replaced since holds another.
    let source: TensorStorage
    let filter: Tensor
  }

  private let slots: [Int]
  private let kept = Mutex<[Int: Entry]>([:])

  /// - Parameter known: The slots of weights and constants.
  init(_ plan: GraphPlan, known: Set<Int>) {
    let convolutions = plan.nodes.filter { ["Conv", "FusedConv"].contains($0.operation.name) && $0.inputs.count > 1 }
    slots = Set(convolutions.compactMap { $0.inputs[1] }).filter { known.contains($0) }.sorted()
  }

  /// Adds the turned filters to the values that are there.
  ///
  /// - Throws: An `ExecutionError` if they cannot be computed.
  func prepare(_ interpreter: Interpreter) throws {
    guard !slots.isEmpty, Recorder.current.scopes.isEmpty else { return }
    var entries = kept.withLock { $0 }
    var fresh: [Tensor] = []
    for slot in slots {
      guard let weight = interpreter.value(at: slot)?.numbers?.tensor, weight.rank > 2 else { continue }
      if entries[slot]?.source === weight.storage { continue }
      let filter = weight.asFilter
      entries[slot] = Entry(source: weight.storage, filter: filter)
      fresh.append(filter)
    }
    if !fresh.isEmpty {
      try Tensor.evaluate(fresh)
      let complete = entries
      kept.withLock { $0 = complete }
    }
    for (slot, entry) in entries {
      guard case .tensor(var value)? = interpreter.value(at: slot) else { continue }
      value.preparedFilter = entry.filter
      interpreter.set(.tensor(value), at: slot)
    }
  }
}

extension Tensor {
  /// A filter of ONNX's, `[out, in, spatial…]`, as one of Martlet's, `[spatial…, in, out]`.
  var asFilter: Tensor { transposed(Array(2..<rank) + [1, 0]) }
}
