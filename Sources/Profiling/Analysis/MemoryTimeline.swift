/// How many bytes are alive at each moment, and who holds them.
struct MemoryTimeline: Sendable {
  /// A piece of memory during a part of its life.
  struct Holding: Sendable {
    var start: Int
    var end: Int
    var bytes: Int
    var kind: MemoryKind
    var name: String
    var layerPath: String
    var stack: Int?
  }

  /// How many bytes are alive from a moment on.
  struct Point: Sendable, Hashable {
    var nanoseconds: Int
    var bytes: Double
  }

  let holdings: [Holding]
  /// The moments at which the number changes, in order.
  let points: [Point]
  /// The first moment with the most bytes.
  let peak: Point

  init(_ profile: Profile, steps: [StepRecord]) {
    let end = steps.map(\.endNanoseconds).max() ?? 0
    let begin = steps.map(\.startNanoseconds).min() ?? 0
    var holdings = profile.memory.allocations.map { item in
      Holding(
        start: item.startNanoseconds, end: item.endNanoseconds ?? Int.max, bytes: item.bytes, kind: item.kind,
        name: item.name, layerPath: item.layerPath, stack: item.stack)
    }.filter { $0.end >= begin && $0.start <= end || steps.isEmpty }
    for run in steps.lazy.flatMap(\.runs) { holdings += MemoryTimeline.holdings(of: run, profile) }
    self.holdings = holdings
    points = MemoryTimeline.points(holdings, until: end)
    peak = points.max { $0.bytes < $1.bytes } ?? Point(nanoseconds: 0, bytes: 0)
  }

  /// The buffers of a run, each from the start of its first kernel to the end of its last.
  private static func holdings(of run: ProgramRun, _ profile: Profile) -> [Holding] {
    let program = profile.programs[run.program]
    var starts = [Int](repeating: run.startNanoseconds, count: program.kernels.count)
    var ends = [Int](repeating: run.endNanoseconds, count: program.kernels.count)
    var isKnown = [Bool](repeating: false, count: program.kernels.count)
    for time in run.kernels {
      starts[time.kernel] =
        isKnown[time.kernel] ? min(starts[time.kernel], time.startNanoseconds) : time.startNanoseconds
      ends[time.kernel] = isKnown[time.kernel] ? max(ends[time.kernel], time.endNanoseconds) : time.endNanoseconds
      isKnown[time.kernel] = true
    }
    let workspaces = run.kernels.compactMap { time -> Holding? in
      let kernel = program.kernels[time.kernel]
      guard kernel.workspaceBytes > 0 else { return nil }
      let operation = kernel.parts.max { $0.share < $1.share }.map { program.operations[$0.operation] }
      return Holding(
        start: time.startNanoseconds, end: max(time.endNanoseconds, time.startNanoseconds + 1),
        bytes: kernel.workspaceBytes, kind: .workspace, name: operation?.name ?? kernel.name,
        layerPath: operation?.layerPath ?? "", stack: operation?.stack)
    }
    return workspaces
      + program.buffers.filter { !$0.isAllocatedOutside }.map { buffer in
        let operation = buffer.operation.map { program.operations[$0] }
        return Holding(
          start: starts[buffer.firstKernel], end: max(ends[buffer.lastKernel], starts[buffer.firstKernel]),
          bytes: buffer.bytes, kind: buffer.kind, name: operation?.name ?? program.name,
          layerPath: operation?.layerPath ?? "", stack: operation?.stack)
      }
  }

  private static func points(_ holdings: [Holding], until end: Int) -> [Point] {
    var changes: [(time: Int, bytes: Double)] = []
    for holding in holdings {
      changes.append((holding.start, Double(holding.bytes)))
      if holding.end != .max { changes.append((holding.end, -Double(holding.bytes))) }
    }
    // What ends at a moment makes room before something else begins.
    changes.sort { ($0.time, $0.bytes) < ($1.time, $1.bytes) }
    var points: [Point] = []
    var live = 0.0
    for (i, change) in changes.enumerated() {
      live += change.bytes
      if i + 1 == changes.count || changes[i + 1].time != change.time {
        points.append(Point(nanoseconds: change.time, bytes: live))
      }
    }
    return points
  }
}

extension Profile {
  /// The most bytes that were alive at one moment of the recorded steps.
  public var peakBytes: Int { Int(saturating: MemoryTimeline(self, steps: steps).peak.bytes) }
}
