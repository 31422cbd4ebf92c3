import MartletGraph

/// Computes several tensors now: what is pending of them as one program, in which they share what they have in common.
///
/// Reading a value evaluates only what that value needs, so a loss and five metrics read one after the other are six
/// programs. Evaluated together they are one. Tensors whose values are known cost nothing.
///
/// - Throws: An ``ExecutionError`` for what only the values could show: an index out of range, a division by zero.
public func evaluate(_ tensors: Tensor...) throws { try Tensor.evaluate(tensors) }

extension Tensor {
  /// As the function `evaluate` for a list of tensors.
  ///
  /// - Throws: An ``ExecutionError`` for what only the values could show: an index out of range, a division by zero.
  public static func evaluate(_ tensors: [Tensor]) throws {
    var owners: [Int] = []
    var pending: [Int: [UInt64: TensorStorage]] = [:]
    for tensor in tensors {
      let slot = Slot(word: tensor.storage.slot.load(ordering: .acquiring))
      if slot == .free { continue }
      if pending[slot.recorder] == nil { owners.append(slot.recorder) }
      pending[slot.recorder, default: [:]][slot.word] = tensor.storage
    }
    // Tensors of several threads belong to several recordings, and each of those is a program.
    for owner in owners {
      let recorder = Recorder.with(identifier: owner)
      let unknown = recorder.locked { pending[owner]!.values.filter { $0.buffer == nil } }
      if unknown.isEmpty { continue }
      try recorder.checkReadable()
      try recorder.tryEvaluate(unknown)
    }
  }
}
