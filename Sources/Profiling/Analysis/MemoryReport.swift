/// Where memory went: the true peak, and who held it at that moment.
public struct MemoryReport: Sendable {
  /// Bytes held by something.
  public struct Share: Sendable, Hashable {
    /// A kind of memory, a layer, a source line, or a result.
    public var name: String
    /// How many.
    public var bytes: Double

    public init(name: String, bytes: Double) { (self.name, self.bytes) = (name, bytes) }
  }

  /// The most bytes alive at once.
  public let peakBytes: Double
  /// When that was.
  public let peakNanoseconds: Int
  /// The step in which that was.
  public let peakStep: Int?
  /// What was held at the peak, by what it was for; the most first, as in the following.
  public let byKind: [Share]
  /// The same by layer.
  public let byLayer: [Share]
  /// The same by source line.
  public let byLine: [Share]
  /// The same piece by piece.
  public let holders: [Share]
  /// Bytes reserved from the system at the peak; nil if not sampled.
  public let reservedBytes: Double?
  /// The most bytes that the engine had reserved from the system, used or kept for reuse, and that the process had in main
  /// memory; 0 if not sampled.
  public let mostReservedBytes, mostResidentBytes: Double
  /// For each program the part of its arena that is not used at its fullest moment.
  public let arenaWaste: [Share]
  /// Results of several steps that were still held at the end, by the line that computed them: a leak, most likely.
  public let stillHeld: [Share]
  let timeline: MemoryTimeline
  private let budgetBytes: Int

  /// The report over all steps, or one.
  public init(_ profile: Profile, step: Int = -1) throws(ProfileError) {
    let steps = try profile.steps(numbered: step)
    timeline = MemoryTimeline(profile, steps: steps)
    let peak = timeline.peak
    (peakBytes, peakNanoseconds, budgetBytes) = (peak.bytes, peak.nanoseconds, profile.memory.budgetBytes)
    peakStep = steps.first { $0.startNanoseconds <= peak.nanoseconds && peak.nanoseconds <= $0.endNanoseconds }?.index
    let alive = timeline.holdings.filter { $0.start <= peak.nanoseconds && $0.end > peak.nanoseconds }
    byKind = MemoryReport.shares(alive) { $0.kind.label }
    byLayer = MemoryReport.shares(alive) { $0.layerPath.isEmpty ? "(no layer)" : $0.layerPath }
    byLine = MemoryReport.shares(alive) { holding in
      holding.stack.flatMap { profile.stacks[$0].first }.map { profile.frames[$0].label } ?? "(no source line)"
    }
    holders = MemoryReport.shares(alive) { "\($0.name), \($0.kind.label)" }
    // Samples are taken when runs end, with all that they needed.
    let sample = profile.memory.samples.first { $0.nanoseconds >= peak.nanoseconds } ?? profile.memory.samples.last
    reservedBytes = sample.map { Double($0.reservedBytes) }
    mostReservedBytes = profile.memory.samples.reduce(0) { max($0, Double($1.reservedBytes)) }
    mostResidentBytes = profile.memory.samples.reduce(0) { max($0, Double($1.residentBytes)) }
    stillHeld = MemoryReport.growth(profile, steps)
    arenaWaste = profile.programs.compactMap { program in
      program.arenaBytes > 0 ? Share(name: program.name, bytes: Double(program.arenaBytes) - program.peakBytes) : nil
    }.sorted { $0.bytes > $1.bytes }
  }

  /// The part of what is reserved that nobody used at the peak; nil if not sampled.
  public var fragmentation: Double? {
    guard let reservedBytes, reservedBytes > 0 else { return nil }
    return max(0, 1 - peakBytes / reservedBytes)
  }

  /// Results of at least three steps, and of half of all, made at one place and not given back by the end; small ones
  /// may only be waiting to be swept away.
  private static func growth(_ profile: Profile, _ steps: [StepRecord]) -> [Share] {
    var held: [String: (steps: Set<Int>, bytes: Double)] = [:]
    for item in profile.memory.allocations where item.kind == .output && item.endNanoseconds == nil {
      guard
        let step = steps.firstIndex(where: {
          $0.startNanoseconds <= item.startNanoseconds && item.startNanoseconds <= $0.endNanoseconds
        })
      else { continue }
      let line = item.stack.flatMap { profile.stacks[$0].first }.map { profile.frames[$0].label }
      held[line ?? item.name, default: ([], 0)].steps.insert(step)
      held[line ?? item.name]!.bytes += Double(item.bytes)
    }
    return held.filter { $0.value.steps.count >= max(3, steps.count / 2) }
      .filter { $0.value.bytes >= 1024 * Double($0.value.steps.count) }
      .map { Share(name: $0.key, bytes: $0.value.bytes) }.sorted { ($0.bytes, $1.name) > ($1.bytes, $0.name) }
  }

  private static func shares(
    _ holdings: [MemoryTimeline.Holding], by name: (MemoryTimeline.Holding) -> String
  ) -> [Share] {
    var sums: [String: Double] = [:]
    for holding in holdings { sums[name(holding), default: 0] += Double(holding.bytes) }
    return sums.map { Share(name: $0.key, bytes: $0.value) }.sorted { ($0.bytes, $1.name) > ($1.bytes, $0.name) }
  }
}

extension ProgramRecord {
  /// The most bytes of the arena in use during one kernel.
  var peakBytes: Double {
    var changes = [Double](repeating: 0, count: kernels.count + 1)
    for buffer in buffers where !buffer.isAllocatedOutside {
      changes[buffer.firstKernel] += Double(buffer.bytes)
      changes[buffer.lastKernel + 1] -= Double(buffer.bytes)
    }
    var (live, peak) = (0.0, 0.0)
    for change in changes {
      live += change
      peak = max(peak, live)
    }
    return peak
  }
}

extension MemoryReport: CustomStringConvertible {
  /// The report as text: the peak, its holders three ways, fragmentation.
  public var description: String {
    var text = "Peak: \(Units.bytes(peakBytes)) at \(Units.time(nanoseconds: Double(peakNanoseconds)))"
    if let peakStep { text += ", in step \(peakStep)" }
    text += "\n"
    if budgetBytes > 0 { text += "Budget: \(Units.bytes(Double(budgetBytes)))\n" }
    if let reservedBytes, let fragmentation {
      text += "Reserved then: \(Units.bytes(reservedBytes)), of which \(Units.percent(fragmentation)) unused"
      text += "; at most \(Units.bytes(mostReservedBytes))\n"
    }
    if mostResidentBytes > 0 {
      text += "The whole process in main memory: \(Units.bytes(mostResidentBytes))"
      text += ", of which \(Units.bytes(max(0, mostResidentBytes - mostReservedBytes))) are code, what was recorded and"
      text += " planned, and all else beside tensors\n"
    }
    for (title, shares) in [
      ("what it was for", byKind), ("layer", byLayer), ("source line", byLine), ("result or variable", holders),
    ] {
      text += "\nHeld at the peak, by \(title):\n"
      for share in shares.prefix(20) { text += line(share) }
      if shares.count > 20 {
        text += line(Share(name: "\(shares.count - 20) more", bytes: shares.dropFirst(20).reduce(0) { $0 + $1.bytes }))
      }
    }
    if !stillHeld.isEmpty {
      text += "\nResults of many steps that are still held, more with each step; a leak, unless it is meant:\n"
      for share in stillHeld.prefix(20) { text += line(share) }
    }
    for share in arenaWaste {
      text += "\nArena of \(share.name): \(Units.bytes(share.bytes)) unused at its fullest moment\n"
    }
    return text
  }

  private func line(_ share: Share) -> String {
    Units.bytes(share.bytes).padded(toWidth: 12)
      + Units.percent(peakBytes > 0 ? share.bytes / peakBytes : 0).padded(toWidth: 9)
      + "  " + share.name + "\n"
  }
}
