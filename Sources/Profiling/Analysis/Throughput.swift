import MartletGraph

/// How much work an ordinary step gets done in a second.
public struct Throughput: Sendable, Hashable {
  /// Examples in a second; nil if their number was not told.
  public let examplesPerSecond: Double?
  /// Tokens in a second, without padding; nil if their number was not told.
  public let tokensPerSecond: Double?
  /// Counted floating-point operations in a second.
  public let operationsPerSecond: Double
  /// The same as a part of the machine's measured peak for float 32; nil if that is not known.
  public let shareOfPeak: Double?
  /// The part of all time in which kernels ran.
  public let busyShare: Double

  /// The throughput of the median step; nil without steps.
  public init?(_ profile: Profile) {
    let seconds = Statistics.median(profile.steps.map { Double($0.nanoseconds) }) / 1e9
    guard seconds > 0, let table = try? OperationTable(profile) else { return nil }
    func perSecond(_ count: (StepRecord) -> Int) -> Double? {
      let median = Statistics.median(profile.steps.map { Double(count($0)) })
      return median > 0 ? median / seconds : nil
    }
    examplesPerSecond = perSecond { $0.examples }
    tokensPerSecond = perSecond { $0.tokens - $0.paddedTokens }
    operationsPerSecond = table.entries.reduce(0) { $0 + $1.measures[.floatOperations] } / seconds
    shareOfPeak = profile.machine.computePeak(.float32).map { [operationsPerSecond] in operationsPerSecond / max($0, 1)
    }
    let busy = profile.steps.flatMap(\.runs).reduce(0.0) { $0 + Double($1.busyNanoseconds) }
    busyShare = busy / max(profile.steps.reduce(0.0) { $0 + Double($1.nanoseconds) }, 1)
  }
}

extension Throughput: CustomStringConvertible {
  /// One line: `120.00 examples a second, 1.50 GFLOP/s (12.00% of the measured peak), kernels run 90.00% of the time`.
  public var description: String {
    var parts: [String] = []
    if let examplesPerSecond { parts.append("\(Units.fixed(examplesPerSecond)) examples a second") }
    if let tokensPerSecond { parts.append("\(Units.count(tokensPerSecond)) tokens a second") }
    let peak = shareOfPeak.map { " (\(Units.percent($0)) of the measured peak)" } ?? ""
    parts.append(Units.rate(operationsPerSecond, "FLOP/s") + peak)
    parts.append("kernels run \(Units.percent(busyShare)) of the time")
    return parts.joined(separator: ", ")
  }
}
