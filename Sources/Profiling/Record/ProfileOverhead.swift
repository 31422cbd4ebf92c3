/// What recording a profile cost the program that was recorded.
public struct ProfileOverhead: Sendable, Hashable {
  /// Time spent on recording, as far as the recorder could measure it.
  public var recordingNanoseconds: Int
  /// Median time of a step while it was recorded; 0 if not measured.
  public var recordedStepNanoseconds: Int
  /// Median time of a step with the recorder off; 0 if not measured.
  public var plainStepNanoseconds: Int
  /// Events that did not fit and are missing.
  public var droppedEvents: Int

  /// A cost.
  public init(
    recordingNanoseconds: Int = 0, recordedStepNanoseconds: Int = 0, plainStepNanoseconds: Int = 0,
    droppedEvents: Int = 0
  ) {
    (self.recordingNanoseconds, self.droppedEvents) = (recordingNanoseconds, droppedEvents)
    (self.recordedStepNanoseconds, self.plainStepNanoseconds) = (recordedStepNanoseconds, plainStepNanoseconds)
  }

  /// How much longer a recorded step takes: 0.01 is one hundredth; nil if not measured.
  public var fraction: Double? {
    guard recordedStepNanoseconds > 0, plainStepNanoseconds > 0 else { return nil }
    return Double(recordedStepNanoseconds) / Double(plainStepNanoseconds) - 1
  }
}
