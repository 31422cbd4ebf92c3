/// What changed between two profiles of the same work, and whether it is more than chance.
public struct ProfileDiff: Sendable {
  /// A time in both profiles.
  public struct Row: Sendable {
    /// What: the step, a kernel or a wait.
    public var name: String
    /// The median over the steps before.
    public var before: Double
    /// The median over the steps after.
    public var after: Double
    /// The chance of such a difference without a cause.
    public var probability: Double

    /// After divided by before; nil if it did not occur before.
    public var ratio: Double? { before > 0 ? after / before : nil }
  }

  /// What the comparison comes to.
  public enum Verdict: Sendable, Hashable {
    /// The work is not the same, so times cannot be compared.
    case differentWork
    /// Steps became slower, by more than the threshold and more than chance.
    case slower
    /// Steps became faster, by more than the threshold and more than chance.
    case faster
    /// Neither.
    case same
  }

  /// In what the work differs; nothing if it is the same.
  public let workDifferences: [String]
  /// In what the conditions differ that do not change the work: machine, threads.
  public let conditionDifferences: [String]
  /// The time of whole steps.
  public let step: Row
  /// The range that holds the ratio of median steps with 95 %, by resampling.
  public let ratioRange: ClosedRange<Double>
  /// Kernels and waits, the greatest change first.
  public let rows: [Row]
  /// The true peak of memory before and after.
  public let peakBytes: (before: Double, after: Double)
  /// What is held at the end and was not before, by the line that made it, the most first: in two profiles of one run, what
  /// leaked in between.
  public let heldMore: [MemoryReport.Share]
  private let threshold: Double
  private let significance: Double

  /// Compares two profiles.
  ///
  /// - Parameters:
  ///   - before: The profile to compare with.
  ///   - after: The one in question.
  ///   - threshold: The least relative change of the step that counts: 0.05 is a twentieth.
  ///   - significance: The greatest probability of chance at which a change counts.
  public init(_ before: Profile, _ after: Profile, threshold: Double = 0.05, significance: Double = 0.01) {
    (self.threshold, self.significance) = (threshold, significance)
    workDifferences = WorkComparison.differences(before, after)
    conditionDifferences = WorkComparison.conditions(before.machine, after.machine)
    let (first, second) = (before.steps.map { Double($0.nanoseconds) }, after.steps.map { Double($0.nanoseconds) })
    step = ProfileDiff.row("step", first, second)
    ratioRange = Resampling.ratioOfMedians(first, second)
    rows = ProfileDiff.rows(before, after)
    heldMore = ProfileDiff.heldMore(before, after)
    peakBytes = (
      MemoryTimeline(before, steps: before.steps).peak.bytes, MemoryTimeline(after, steps: after.steps).peak.bytes
    )
  }

  /// What the comparison comes to.
  public var verdict: Verdict {
    guard workDifferences.isEmpty else { return .differentWork }
    guard step.probability <= significance, let ratio = step.ratio else { return .same }
    return ratio > 1 + threshold ? .slower : ratio < 1 - threshold ? .faster : .same
  }

  /// The exit status for scripts: 0 for the same or faster, 1 for slower, 2 for other work.
  public var exitCode: Int32 {
    switch verdict {
    case .same, .faster: 0
    case .slower: 1
    case .differentWork: 2
    }
  }

  private static func heldMore(_ before: Profile, _ after: Profile) -> [MemoryReport.Share] {
    let known = before.heldBytes
    let more = after.heldBytes.map { MemoryReport.Share(name: $0.key, bytes: $0.value - (known[$0.key] ?? 0)) }
    // Less than a page is no leak that anybody looks for.
    return more.filter { $0.bytes >= 4096 }.sorted { ($0.bytes, $1.name) > ($1.bytes, $0.name) }
  }

  private static func row(_ name: String, _ first: [Double], _ second: [Double]) -> Row {
    Row(
      name: name, before: Statistics.median(first), after: Statistics.median(second),
      probability: MannWhitney(first, second).probability)
  }

  private static func rows(_ before: Profile, _ after: Profile) -> [Row] {
    let (first, second) = (before.steps.map { before.parts(of: $0) }, after.steps.map { after.parts(of: $0) })
    let names = Set((first + second).flatMap(\.keys))
    var rows = names.map { name in row(name, first.map { $0[name] ?? 0 }, second.map { $0[name] ?? 0 }) }
    // So many comparisons find something by chance; Holm's correction keeps that as rare as for one.
    rows.sort { ($0.probability, $0.name) < ($1.probability, $1.name) }
    var largest = 0.0
    for i in rows.indices {
      largest = max(largest, min(1, rows[i].probability * Double(rows.count - i)))
      rows[i].probability = largest
    }
    return rows.sorted { (abs($0.after - $0.before), $1.name) > (abs($1.after - $1.before), $0.name) }
  }
}

extension Profile {
  /// Bytes that were not given back, by the line that made them, or else by name.
  fileprivate var heldBytes: [String: Double] {
    var result: [String: Double] = [:]
    for item in memory.allocations where item.endNanoseconds == nil {
      let line = item.stack.flatMap { stacks[$0].first }.map { frames[$0].label }
      result[line ?? item.name, default: 0] += Double(item.bytes)
    }
    return result
  }
}

extension ProfileDiff: CustomStringConvertible {
  /// The comparison as text: whether the work is the same, the step, then what changed most.
  public var description: String {
    var text = ""
    for difference in workDifferences { text += "Different work: \(difference)\n" }
    for difference in conditionDifferences { text += "Different conditions: \(difference)\n" }
    if workDifferences.isEmpty { text += "Same work: programs, operations, shapes and batches agree.\n" }
    text += "\n      before       after     ratio  chance  what\n" + line(step)
    for row in rows.prefix(30) { text += line(row) }
    text += "\nMedian step: \(Units.fixed(step.ratio ?? 1, 3)) times as long, "
    text += "with 95% between \(Units.fixed(ratioRange.lowerBound, 3)) and \(Units.fixed(ratioRange.upperBound, 3)).\n"
    text += "Peak of memory: \(Units.bytes(peakBytes.before)) before, \(Units.bytes(peakBytes.after)) after.\n"
    if !heldMore.isEmpty { text += "Held at the end, and not before, by line:\n" }
    for share in heldMore.prefix(20) { text += Units.bytes(share.bytes).padded(toWidth: 12) + "  \(share.name)\n" }
    return text + "Verdict: \(verdictText)\n"
  }

  private var verdictText: String {
    switch verdict {
    case .differentWork: "not comparable"
    case .slower: "slower"
    case .faster: "faster"
    case .same: "no change beyond \(Units.percent(threshold)) and chance"
    }
  }

  private func line(_ row: Row) -> String {
    Units.time(nanoseconds: row.before).padded(toWidth: 12) + Units.time(nanoseconds: row.after).padded(toWidth: 12)
      + (row.ratio.map { Units.fixed($0, 3) } ?? "new").padded(toWidth: 10)
      + Units.fixed(row.probability, 3).padded(toWidth: 8) + "  " + row.name + "\n"
  }
}
