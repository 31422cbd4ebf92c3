public import MartletProfiling

/// Advice that was tried, and what came of it.
public struct VerifiedAdvice: Sendable {
  public enum Outcome: Sendable, Hashable {
    /// It saves time, and not by chance.
    case confirmed
    /// It saves nothing that could be measured.
    case refuted
    /// It could not be tried, for this reason.
    case untried(String)
  }

  public var advice: Advice
  public var outcome: Outcome
  /// The part of the time per item that it saves, the median over all rounds: 0.2 is a fifth; 0 if it was not tried.
  public var gain = 0.0
  /// What can be promised of it: the gain that the median of many more rounds exceeds with a probability of 95 %; at least
  /// 0.
  public var promisedGain = 0.0
  /// The smallest and the largest gain of a round.
  public var range = 0.0...0.0
  /// The bytes that a step needs more at its peak, and the relative change of what the last step returned.
  public var memoryChange: Int?
  public var resultChange: Double?
}

extension VerifiedAdvice: CustomStringConvertible {
  /// The advice, and a line that says what came of it.
  public var description: String {
    func percent(_ part: Double) -> String { "\((part * 1000).rounded() / 10) %" }
    switch outcome {
    case .untried(let reason): return "\(advice)  Not tried: \(reason).\n"
    case .confirmed, .refuted:
      var text = outcome == .confirmed ? "  Confirmed" : "  Dropped"
      text += ": it saves \(percent(gain)) of the time (\(percent(range.lowerBound)) to \(percent(range.upperBound)))"
      if outcome == .confirmed { text += ", \(percent(promisedGain)) nearly certainly" }
      if let memoryChange {
        text += ", needs \(abs(memoryChange) >> 10) KiB \(memoryChange < 0 ? "less" : "more") at the peak"
      }
      if let resultChange { text += ", changes the result by \(resultChange)" }
      return "\(advice)\(text).\n"
    }
  }
}
