import MartletGraph

/// How near each kernel comes to what the machine can do, by measured peaks.
public struct Roofline: Sendable {
  /// One kernel of a program.
  public struct Point: Sendable {
    /// The kernel's name.
    public var name: String
    /// The program it belongs to.
    public var program: String
    /// The layer of its costliest operation.
    public var layerPath: String
    /// The source line of its costliest operation; empty if unknown.
    public var line: String
    /// Floating-point operations in one run; nil if some are not counted.
    public var floatingPointOperations: Double?
    /// Bytes to and from memory in one run.
    public var bytes: Double
    /// The time of one run, on average.
    public var nanoseconds: Double
    /// Its time in an average step.
    public var stepNanoseconds: Double
    /// The least time that one run could take; nil if no peak is known.
    public var leastNanoseconds: Double?
    /// Whether arithmetic rather than memory sets the least time.
    public var isComputeBound: Bool
    /// The level of memory that its data fit in; empty if no bandwidth is known.
    public var level: String

    /// Floating-point operations for each byte.
    public var intensity: Double { bytes > 0 ? (floatingPointOperations ?? 0) / bytes : 0 }
    /// Floating-point operations in a second.
    public var operationsPerSecond: Double { (floatingPointOperations ?? 0) / max(nanoseconds, 1e-3) * 1e9 }
    /// Bytes moved in a second.
    public var bytesPerSecond: Double { bytes / max(nanoseconds, 1e-3) * 1e9 }
    /// The part of the possible speed that is reached.
    public var achieved: Double? { leastNanoseconds.map { $0 / max(nanoseconds, 1e-3) } }
    /// Time in an average step beyond the least.
    public var wastedNanoseconds: Double { stepNanoseconds * (1 - min(achieved ?? 1, 1)) }
    /// Whether it is faster than the machine can be: a count, a time or a peak is wrong.
    public var isAboveRoof: Bool { (achieved ?? 0) > Roofline.tolerance }
  }

  /// How far above its roof a point may seem: clocks change by some hundredths between measuring and running.
  static let tolerance = 1.1

  /// The kernels, those that waste the most time first.
  public let points: [Point]
  /// The machine whose peaks they are compared with.
  public let machine: MachineFacts

  /// Compares the kernels of all steps, or one, with the peaks of their machine.
  public init(_ profile: Profile, step: Int = -1) throws(ProfileError) {
    machine = profile.machine
    let steps = try profile.steps(numbered: step)
    let usage = ProgramUsage.of(profile, steps: steps)
    var points: [Point] = []
    for (i, program) in profile.programs.enumerated() {
      for kernel in program.kernels.indices where usage[i].kernelRuns[kernel] > 0 {
        let total = usage[i].kernelNanoseconds[kernel]
        points.append(
          profile.point(
            program, kernel, nanoseconds: total / Double(usage[i].kernelRuns[kernel]),
            stepNanoseconds: total / Double(max(steps.count, 1))))
      }
    }
    self.points = points.sorted { ($0.wastedNanoseconds, $1.name) > ($1.wastedNanoseconds, $0.name) }
  }
}

extension MachineFacts {
  /// The peak for an element type with as many threads as the program has, or the best known.
  func computePeak(_ type: DType) -> Double? {
    let peaks = computePeaks.filter { $0.elementType == type }
    return (peaks.first { $0.threads == threads } ?? peaks.max { $0.threads < $1.threads })?
      .floatingPointOperationsPerSecond
  }

  /// The bandwidth of the smallest level that so many bytes fit in.
  func bandwidth(forBytes bytes: Double) -> MemoryBandwidth? {
    let own = bandwidths.filter { $0.threads == threads }
    let known = own.isEmpty ? bandwidths : own
    let fitting = known.filter { $0.capacityBytes > 0 && Double($0.capacityBytes) >= bytes }
    return fitting.min { $0.capacityBytes < $1.capacityBytes }
      ?? known.first { $0.capacityBytes == 0 } ?? known.max { $0.capacityBytes < $1.capacityBytes }
  }
}

extension Profile {
  fileprivate func point(
    _ program: ProgramRecord, _ index: Int, nanoseconds: Double, stepNanoseconds: Double
  ) -> Roofline.Point {
    let kernel = program.kernels[index]
    let records = kernel.parts.map { program.operations[$0.operation] }
    var operations: Double? = 0
    for record in records {
      operations = operations.flatMap { sum in
        record.floatingPointOperations.map { sum + Double($0) * Double(record.runsPerExecution) }
      }
    }
    let bytes = kernel.bytesMoved.map(Double.init) ?? program.bytesMoved(by: kernel)
    let main = zip(kernel.parts, records).max { $0.0.share < $1.0.share }?.1
    let type = main.flatMap { main in main.results.first { $0.dtype.isFloatingPoint }?.dtype } ?? .float32
    let isOnProcessor = main?.device.hasPrefix("cpu") ?? true
    let bandwidth = isOnProcessor ? machine.bandwidth(forBytes: bytes) : nil
    let memory = bandwidth.map { bytes / max($0.bytesPerSecond, 1) * 1e9 }
    let peak = isOnProcessor ? machine.computePeak(type) : nil
    let compute = operations.flatMap { count in peak.map { count / max($0, 1) * 1e9 } }
    let least = [memory, compute].compactMap { $0 }.max()
    let frame = main?.stack.flatMap { stacks[$0].first }
    return Roofline.Point(
      name: kernel.name, program: program.name, layerPath: main?.layerPath ?? "",
      line: frame.map { frames[$0].label } ?? "", floatingPointOperations: operations, bytes: bytes,
      nanoseconds: nanoseconds, stepNanoseconds: stepNanoseconds, leastNanoseconds: least,
      isComputeBound: (compute ?? 0) > (memory ?? 0), level: bandwidth?.level ?? "")
  }
}

extension ProgramRecord {
  /// What a kernel reads from and leaves to others; results that stay inside are not moved.
  fileprivate func bytesMoved(by kernel: KernelRecord) -> Double {
    let inside = Set(kernel.parts.map(\.operation))
    if inside.count == 1, let only = inside.first {
      let record = operations[only]
      return Double(record.bytesRead + record.bytesWritten) * Double(record.runsPerExecution)
    }
    var sources: Set<OperationRecord.Input> = []
    var bytes = 0.0
    for operation in inside {
      let record = operations[operation]
      var inner = 0.0
      var outer = 0.0
      for input in record.inputs {
        let size = Double(operations[input.operation].results[input.result].sizeInBytes)
        if inside.contains(input.operation) {
          inner += size
        } else if sources.insert(input).inserted {
          outer += size
        }
      }
      // An operation that reads only a part, such as a gather, says so.
      bytes += min(outer, max(Double(record.bytesRead) - inner, 0)) * Double(record.runsPerExecution)
    }
    for operation in inside where isReadOutside(operation, of: inside) {
      bytes += Double(operations[operation].bytesWritten)
    }
    return bytes
  }

  /// Whether an operation's results leave a kernel: somebody else reads them, or nobody does.
  private func isReadOutside(_ operation: Int, of inside: Set<Int>) -> Bool {
    var isRead = false
    for (reader, record) in operations.enumerated() where record.inputs.contains(where: { $0.operation == operation }) {
      if !inside.contains(reader) { return true }
      isRead = true
    }
    return !isRead
  }
}

extension Roofline: CustomStringConvertible {
  /// A table, the kernels that waste the most time first; the machine's peaks above it.
  public var description: String {
    var text = "Machine: \(machine.name), \(machine.threads) threads\n"
    for peak in machine.computePeaks {
      text += "Peak: \(Units.rate(peak.floatingPointOperationsPerSecond, "FLOP/s")) of \(peak.elementType)"
      text += ", \(peak.threads) threads\n"
    }
    for bandwidth in machine.bandwidths {
      text +=
        "Bandwidth: \(Units.rate(bandwidth.bytesPerSecond, "B/s")) of \(bandwidth.level), \(bandwidth.threads) threads\n"
    }
    text += "\n      time    wasted  reached  FLOP/byte        speed    bound by  kernel\n"
    for point in points { text += line(point) }
    let above = points.filter(\.isAboveRoof)
    for point in above {
      text += "\nWrong: \(point.name) seems to reach \(Units.percent(point.achieved ?? 0)) of what the machine can do; "
      text += "its count, its time or the measured peak is wrong.\n"
    }
    return text
  }

  private func line(_ point: Point) -> String {
    let isArithmetic = point.isComputeBound || point.floatingPointOperations ?? 0 > 0
    let speed =
      isArithmetic
      ? Units.rate(point.operationsPerSecond, "FLOP/s") : Units.rate(point.bytesPerSecond, "B/s")
    let bound = point.leastNanoseconds == nil ? "?" : point.isComputeBound ? "arithmetic" : point.level
    return [
      Units.time(nanoseconds: point.stepNanoseconds).padded(toWidth: 10),
      Units.time(nanoseconds: point.wastedNanoseconds).padded(toWidth: 10),
      (point.achieved.map(Units.percent) ?? "?").padded(toWidth: 9),
      (point.floatingPointOperations == nil ? "?" : Units.fixed(point.intensity)).padded(toWidth: 11),
      speed.padded(toWidth: 15), bound.padded(toWidth: 12),
    ].joined() + "  " + (point.name.count <= 100 ? point.name : point.name.prefix(97) + "...")
      + (point.isAboveRoof ? "  ABOVE ITS ROOF" : "") + "\n"
  }
}
