/// How much of a program the numbers of a report cover, and what they leave out.
public struct ProfileCoverage: Sendable, Hashable {
  /// Operations of one kind that nobody counted, for one reason.
  public struct Uncounted: Sendable, Hashable {
    /// The kind of operation.
    public var type: String
    /// Why.
    public var reason: String
    /// How many there are.
    public var count: Int
    /// Their share of all time of operations.
    public var timeShare: Double
    /// The name of one of them.
    public var example: String
  }

  /// How many operations there are.
  public private(set) var operationCount = 0
  /// How many have a number of floating-point operations, be it 0.
  public private(set) var countedOperations = 0
  /// How many are known to a line of the program.
  public private(set) var locatedOperations = 0
  /// The time in which programs ran, in an average step.
  public private(set) var runningNanoseconds = 0.0
  /// How much of it kernels account for.
  public private(set) var measuredNanoseconds = 0.0
  /// The time of an average step from its beginning to its end.
  public private(set) var wallNanoseconds = 0.0
  /// How much of it kernels account for, and waits during which no program ran.
  public private(set) var attributedNanoseconds = 0.0
  /// The part of operations' time that is known to a line of the program; nil without times.
  public private(set) var locatedTimeShare: Double?
  /// What was not counted, the most time first.
  public private(set) var uncounted: [Uncounted] = []

  init(_ table: OperationTable, step: Int) {
    countOperations(table)
    let steps = (try? table.profile.steps(numbered: step)) ?? []
    for run in steps.lazy.flatMap(\.runs) {
      runningNanoseconds += Double(run.endNanoseconds - run.startNanoseconds)
      measuredNanoseconds += Double(run.busyNanoseconds)
    }
    for step in steps {
      wallNanoseconds += Double(step.nanoseconds)
      attributedNanoseconds += Double(step.attributedNanoseconds)
    }
    let count = Double(max(steps.count, 1))
    (wallNanoseconds, attributedNanoseconds) = (wallNanoseconds / count, attributedNanoseconds / count)
    (runningNanoseconds, measuredNanoseconds) = (runningNanoseconds / count, measuredNanoseconds / count)
  }

  /// The part of steps' time that kernels and waits account for; nil without steps.
  public var attributedShare: Double? { wallNanoseconds > 0 ? attributedNanoseconds / wallNanoseconds : nil }

  private mutating func countOperations(_ table: OperationTable) {
    struct Key: Hashable {
      let type, reason: String
    }
    var places: [Key: Int] = [:]
    var (total, located) = (0.0, 0.0)
    for entry in table.entries.indices {
      let record = table.record(entry)
      let nanoseconds = table.entries[entry].measures.nanoseconds
      total += nanoseconds
      operationCount += 1
      if record.stack != nil {
        locatedOperations += 1
        located += nanoseconds
      }
      if record.floatingPointOperations != nil {
        countedOperations += 1
        continue
      }
      let key = Key(type: record.type, reason: record.uncountedReason ?? "no rule for it")
      if let place = places[key] {
        uncounted[place].count += 1
        uncounted[place].timeShare += nanoseconds
      } else {
        places[key] = uncounted.count
        uncounted.append(
          Uncounted(type: key.type, reason: key.reason, count: 1, timeShare: nanoseconds, example: record.name))
      }
    }
    if total > 0 { locatedTimeShare = located / total }
    for i in uncounted.indices where total > 0 { uncounted[i].timeShare /= total }
    uncounted.sort { ($0.timeShare, $1.type) > ($1.timeShare, $0.type) }
  }
}

extension StepRecord {
  /// How much of the step kernels of its own thread, and waits during which none of its programs ran, account for.
  var attributedNanoseconds: Int {
    let own = runs.filter { $0.kernels.first.map { $0.thread == 0 } ?? true }
    var step = self
    step.runs = own
    let sum = own.reduce(0) { $0 + $1.busyNanoseconds } + waits.reduce(0) { $0 + step.idleNanoseconds($1) }
    return min(nanoseconds, sum)
  }
}

extension ProgramRun {
  /// How long at least one kernel ran.
  var busyNanoseconds: Int {
    var busy = 0
    var end = Int.min
    for time in kernels.sorted(by: { $0.startNanoseconds < $1.startNanoseconds }) {
      let start = max(time.startNanoseconds, end)
      if time.endNanoseconds > start {
        busy += time.endNanoseconds - start
        end = time.endNanoseconds
      }
    }
    return busy
  }
}

extension ProfileCoverage: CustomStringConvertible {
  /// Some lines for the end of a report.
  public var description: String {
    var text = "Coverage: "
    text += Units.percent(Double(countedOperations) / Double(max(operationCount, 1)))
    text += " of \(operationCount) operations have their floating-point operations counted, "
    text += Units.percent(Double(locatedOperations) / Double(max(operationCount, 1))) + " their source line"
    if runningNanoseconds > 0 {
      text += "; kernels account for " + Units.percent(measuredNanoseconds / runningNanoseconds)
      text += " of " + Units.time(nanoseconds: runningNanoseconds) + " of running time"
    }
    text += ".\n"
    if let attributedShare {
      text += "Attributed: " + Units.percent(attributedShare) + " of " + Units.time(nanoseconds: wallNanoseconds)
      text += " that a step takes"
      if let locatedTimeShare { text += "; " + Units.percent(locatedTimeShare) + " of operations' time to lines" }
      text += ".\n"
    }
    for item in uncounted {
      text += "Not counted: \(item.type) ×\(item.count), \(Units.percent(item.timeShare)) of the time: \(item.reason)"
      text += " (such as \(item.example))\n"
    }
    return text
  }
}
