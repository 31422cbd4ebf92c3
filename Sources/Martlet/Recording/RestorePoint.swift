import MartletGraph
import Synchronization

/// What a variable held before the step that is being recorded, to go back to if the step fails.
///
/// The old value is known by its position in the recording: a tensor would keep the engine from updating it in place.
struct RestorePoint {
  weak var variable: Variable?
  var position: Int
  /// Of two points of one recorder the later has the greater number.
  let number: UInt64
}

/// Numbers that no two recorders share.
enum Serial {
  private static let last = Atomic<UInt64>(0)

  static func next() -> UInt64 { last.add(1, ordering: .relaxed).newValue }
}

extension Recorder {
  /// Remembers what a variable holds, the first time that a step replaces it by something that is still to be computed.
  func remember(_ variable: Variable, replacedBy storage: TensorStorage) {
    guard variable.rememberedStep != stepNumber, Slot(word: storage.slot.load(ordering: .relaxed)) != .free else {
      return
    }
    variable.rememberedStep = stepNumber
    let position = position(of: variable.storage)
    restorePoints.append(RestorePoint(variable: variable, position: position, number: Serial.next()))
  }

  /// From here on variables are remembered anew; what they hold now is what ``restoreVariables(since:)`` goes back to.
  func beginStep() -> UInt64 {
    stepNumber = Serial.next()
    return stepNumber
  }

  /// Gives variables the values back that they held before they were replaced, from the point of that number on.
  func restoreVariables(since number: UInt64 = 0) {
    // From the last to the first, so that of several values of one variable the earliest is what remains.
    while let point = restorePoints.last, point.number >= number {
      restorePoints.removeLast()
      guard let variable = point.variable else { continue }
      variable.storage = adoptNode(Value(point.position))
      variable.rememberedStep = 0
    }
  }

  /// Forgets the old values of variables whose new values are known.
  func forgetRestorePoints() {
    restorePoints.removeAll { point in
      guard let variable = point.variable else { return true }
      if variable.storage.buffer == nil { return false }
      variable.rememberedStep = 0
      return true
    }
  }
}
