import Martlet
import MartletCPU
public import MartletFormats
import MartletKernels
import MartletProfiler
public import MartletProfiling

/// How good profiles of a workload are on this machine: what recording costs, how much of the time they explain, how far
/// predictions are off, and whether they count all memory.
public struct ProfileCheck: Sendable {
  /// The workload's name.
  public let workload: String
  /// The part of a step's time that kernels and waits account for, and of operations' time that is known to lines.
  public let attributedShare, locatedTimeShare: Double
  /// How many kernels take 99 % of the time, and the errors of half of them and of those with half of the time.
  public let kernelCount: Int
  public let medianError, medianErrorByTime: Double
  /// How much longer a recorded step takes than the one beside it, which is not recorded: the median.
  public let overhead: Double
  /// The chance of such a difference between recorded steps and others without a cause.
  public let overheadProbability: Double
  /// Bytes that the profile says the engine holds at most.
  public let engineBytes: Int
  /// Bytes by which the process grew, as the profile reports them and as the system says; 0 where it does not tell. Beside
  /// the engine's they hold what was recorded and planned, and code that was read when it first ran.
  public let reportedBytes, residentBytes: Int
  /// The profile itself.
  public let profile: Profile

  /// Checks a workload.
  ///
  /// - Parameter pairs: Steps that are recorded, each beside one that is not; nil for as many as two seconds hold, at least
  ///   10 and at most 200.
  /// - Returns: nil if there is no workload of that name.
  public static func run(_ name: String, pairs: Int? = nil, warmupSteps: Int = 3) throws -> ProfileCheck? {
    // What the machine can do is measured before, so that it takes no part in the memory.
    _ = (MachineFacts.measured(), KnownMachine.shared.costs(threads: martlet_pool_threads()))
    BufferCache.clear()
    let canForget = Processor.forgetPeak()
    let (before, held) = (Processor.residentBytes, ProfileCheck.heldBytes)
    guard var work = try Workloads.make(name) else { return nil }
    var shortest = Double.infinity
    for _ in 0..<max(warmupSteps, 1) { shortest = min(shortest, try ProfileCheck.seconds { _ = try work.step() }) }
    let pairs = max(1, pairs ?? Int(min(max(1 / shortest, 10), 200)))
    let profiler = work.module.map { Profiler($0, name: name) } ?? Profiler(name: name)
    profiler.schedule = .init(warmupSteps: 0, maximumSteps: pairs)
    // The first recorded step plans its programs anew.
    try profiler.step(examples: work.itemsPerStep) { _ = try work.step() }
    var times: [(plain: Double, recorded: Double)] = []
    func seconds(recorded: Bool) throws -> Double {
      profiler.isEnabled = recorded
      return try ProfileCheck.seconds { try profiler.step(examples: work.itemsPerStep) { _ = try work.step() } }
    }
    // Who goes first changes from pair to pair: the step before leaves its mark on caches and buffers.
    for pair in 0..<pairs {
      let first = try seconds(recorded: pair % 2 == 1)
      let second = try seconds(recorded: pair % 2 == 0)
      times.append(pair % 2 == 0 ? (first, second) : (second, first))
    }
    let resident = canForget ? Processor.peakResidentBytes - before : 0
    return try ProfileCheck(name, profiler.profile(), times, before: (before, held), resident: resident)
  }

  private init(
    _ name: String, _ profile: Profile, _ times: [(plain: Double, recorded: Double)],
    before: (process: Int, engine: Int), resident: Int
  ) throws {
    (workload, self.profile, residentBytes) = (name, profile, resident)
    let coverage = try profile.view(.op).coverage
    (attributedShare, locatedTimeShare) = (coverage.attributedShare ?? 0, coverage.locatedTimeShare ?? 0)
    let table = try PredictionTable(profile)
    kernelCount = table.mainKernels.count
    (medianError, medianErrorByTime) = (table.medianError ?? .nan, table.medianErrorByTime ?? .nan)
    let ratios = times.map { $0.recorded / $0.plain }.sorted()
    overhead = ratios[ratios.count / 2] - 1
    overheadProbability = MannWhitney(times.map(\.plain), times.map(\.recorded)).probability
    let memory = try MemoryReport(profile)
    engineBytes = Int(memory.mostReservedBytes) - before.engine
    reportedBytes = resident > 0 ? Int(memory.mostResidentBytes) - before.process : 0
  }

  /// Bytes of the engine before the workload is there.
  private static var heldBytes: Int {
    let pool = CPUEngine.shared.pool.statistics
    return pool.liveBytes + pool.cachedBytes + martlet_scratch_bytes()
  }

  private static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    Recorder.current.finishFlight()
    return (ContinuousClock.now - start).inSeconds
  }
}

extension ProfileCheck {
  /// How far the memory that the profile counts is from that of the process, as a part of the latter.
  public var memoryError: Double {
    residentBytes > 0 ? abs(Double(reportedBytes - residentBytes)) / Double(residentBytes) : 0
  }

  /// One object.
  public var json: JSON {
    [
      "workload": .string(workload), "attributed": .rounded(attributedShare, 4), "lines": .rounded(locatedTimeShare, 4),
      "kernels": .integer(kernelCount), "median_error": .rounded(medianError, 4),
      "median_error_by_time": .rounded(medianErrorByTime, 4), "overhead": .rounded(overhead, 4),
      "overhead_probability": .rounded(overheadProbability, 4), "engine_bytes": .integer(engineBytes),
      "reported_bytes": .integer(reportedBytes), "resident_bytes": .integer(residentBytes),
    ]
  }

  /// The head of the table whose lines ``description`` gives.
  public static let head =
    "workload    attributed   lines  kernels  median error  by time  overhead  memory: engine, reported, process"

  /// A line of a table.
  public var line: String {
    func percent(_ value: Double) -> String { "\((value * 1000).rounded() / 10)%" }
    func cell(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(1, width - text.count)) + text
    }
    let name = workload + String(repeating: " ", count: max(1, 12 - workload.count))
    return name + cell(percent(attributedShare), 10) + cell(percent(locatedTimeShare), 8) + cell("\(kernelCount)", 9)
      + cell(percent(medianError), 14) + cell(percent(medianErrorByTime), 9) + cell(percent(overhead), 10)
      + "  " + [engineBytes, reportedBytes, residentBytes].map { "\($0 >> 20) MiB" }.joined(separator: ", ")
      + " (\(percent(memoryError)) apart)"
  }
}
