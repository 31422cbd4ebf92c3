import MartletCPU
import MartletGraph
import MartletProfiling

extension ProgramTranslation {
  /// The memory that a run holds.
  func buffers(_ description: PlanDescription) -> [BufferRecord] {
    description.slots.compactMap { slot in
      let operation = flat.topPositions[slot.operation]
      var record = BufferRecord(
        bytes: slot.byteCount, firstKernel: slot.lifetime.lowerBound, lastKernel: slot.lifetime.upperBound,
        operation: operation < 0 ? nil : operation)
      switch slot.place {
      case .scalar: return nil
      case .input:
        record.kind = operation >= 0 && variableOf[operation] != nil ? .variable : .input
        record.isAllocatedOutside = true
      case .output:
        // Results outlive the run; they are noted one by one.
        record.kind = .output
        record.isAllocatedOutside = true
      case .arena(let offset):
        record.offset = offset
        if operation >= 0, phases[operation] == .forward, isNeededBackward(slot.lifetime, description) {
          record.kind = .savedForBackward
        }
      }
      return record
    }
  }

  /// Whether memory is still needed when the derivative has begun.
  private func isNeededBackward(_ lifetime: ClosedRange<Int>, _ description: PlanDescription) -> Bool {
    guard lifetime.upperBound < flat.kernels.count,
      let main = flat.kernels[lifetime.upperBound].operations.first
    else { return false }
    return phases[main] == .backward
  }
}
