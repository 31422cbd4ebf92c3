import MartletFormats

/// Writes steps as a trace that Perfetto and Chrome show.
///
/// Tracks: the program with its steps, runs and waits; the kernels of each thread or device queue; operations; layers;
/// source lines; and live memory. Arrows lead from a run to the first kernel on each thread, and from a kernel to those
/// of other threads that read its results.
///
/// - Note: The "Trace Event Format" of Chrome: complete events `X`, flows `s` and `f`, counters `C`, names `M`.
struct TraceWriter {
  private let profile: Profile
  /// The operations that the view shows.
  private let shown: Set<ProfileRow.Operation>
  private var text = ""
  private var flowCount = 0

  private enum Track: Int {
    case program = 1
    case kernels, operations, layers, lines, memory
  }

  init(_ view: ProfileView) throws(ProfileError) {
    guard view.kind != .op else {
      throw ProfileError(.notForThisView, "output", "a list has no timeline; take the scope, graph or code view")
    }
    profile = view.table.profile
    shown = Set(view.rows.flatMap(\.operations))
  }

  /// The trace of some steps.
  mutating func trace(of steps: [StepRecord]) -> String {
    text = "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n"
    let tracks: [(Track, String)] = [
      (.program, "program"), (.kernels, "kernels"), (.operations, "operations"), (.layers, "layers"),
      (.lines, "source lines"), (.memory, "memory"),
    ]
    for (track, name) in tracks {
      add("\"ph\":\"M\",\"name\":\"process_name\",\"pid\":\(track.rawValue),\"args\":{\"name\":\(quoted(name))}")
      add(
        "\"ph\":\"M\",\"name\":\"process_sort_index\",\"pid\":\(track.rawValue),\"args\":{\"sort_index\":\(track.rawValue)}"
      )
    }
    addThreadNames(steps)
    for step in steps { add(step) }
    for point in MemoryTimeline(profile, steps: steps).points {
      add(
        "\"ph\":\"C\",\"name\":\"live bytes\",\"pid\":\(Track.memory.rawValue),\"tid\":0,"
          + "\"ts\":\(micros(point.nanoseconds)),\"args\":{\"bytes\":\(Int(saturating: point.bytes))}")
    }
    return text + "\n]}\n"
  }

  private mutating func addThreadNames(_ steps: [StepRecord]) {
    func name(_ track: Track, _ thread: Int, _ name: String) -> String {
      "\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":\(track.rawValue),\"tid\":\(thread),"
        + "\"args\":{\"name\":\(quoted(name))}"
    }
    for (thread, text) in ["steps", "runs", "waits"].enumerated() { add(name(.program, thread, text)) }
    for thread in Set(steps.flatMap(\.runs).flatMap(\.kernels).map(\.thread)).sorted() {
      for track in [Track.kernels, .operations, .layers, .lines] { add(name(track, thread, "thread \(thread)")) }
    }
  }

  private mutating func add(_ step: StepRecord) {
    addSlice(.program, 0, "step \(step.index)", step.startNanoseconds, step.endNanoseconds)
    for wait in step.waits {
      let place = wait.stack.flatMap { profile.stacks[$0].first }.map { profile.frames[$0].label } ?? ""
      addSlice(
        .program, 2, "wait: \(wait.kind.rawValue)", wait.startNanoseconds, wait.endNanoseconds, [("at", quoted(place))])
    }
    for run in step.runs { add(run) }
  }

  private mutating func add(_ run: ProgramRun) {
    let program = profile.programs[run.program]
    addSlice(.program, 1, program.name, run.startNanoseconds, run.endNanoseconds)
    var threads: Set<Int> = []
    var ends = [Int](repeating: -1, count: program.operations.count)
    var queues = [Int](repeating: 0, count: program.operations.count)
    for time in run.kernels {
      let kernel = program.kernels[time.kernel]
      addSlice(
        .kernels, time.thread, kernel.name, time.startNanoseconds, time.endNanoseconds,
        [("operations", "\(kernel.parts.count)")])
      if threads.insert(time.thread).inserted {
        addFlow("launch", from: (.program, 1, run.startNanoseconds), to: (.kernels, time.thread, time.startNanoseconds))
      }
      addFlows(to: time, program, ends, queues)
      for part in kernel.parts { (ends[part.operation], queues[part.operation]) = (time.endNanoseconds, time.thread) }
      addParts(time, run.program)
    }
  }

  /// Arrows from kernels of other threads whose results this one reads.
  private mutating func addFlows(to time: KernelTime, _ program: ProgramRecord, _ ends: [Int], _ queues: [Int]) {
    var sources: Set<Int> = []
    for part in program.kernels[time.kernel].parts {
      for input in program.operations[part.operation].inputs
      where ends[input.operation] >= 0 && queues[input.operation] != time.thread {
        guard sources.insert(ends[input.operation]).inserted else { continue }
        addFlow(
          "data", from: (.kernels, queues[input.operation], ends[input.operation] - 1),
          to: (.kernels, time.thread, time.startNanoseconds))
      }
    }
  }

  /// The operations of a kernel, one after the other, each for its share of the time.
  private mutating func addParts(_ time: KernelTime, _ program: Int) {
    var start = Double(time.startNanoseconds)
    for part in profile.programs[program].kernels[time.kernel].parts {
      let end = start + part.share * Double(time.nanoseconds)
      defer { start = end }
      guard shown.contains(ProfileRow.Operation(program: program, index: part.operation)) else { continue }
      let record = profile.programs[program].operations[part.operation]
      let (first, last) = (Int(saturating: start), Int(saturating: end))
      let arguments = [
        ("type", quoted(record.type)), ("phase", quoted(record.phase.rawValue)),
        ("flops", record.floatingPointOperations.map { "\($0)" } ?? "null"),
        ("bytes", "\(record.bytesRead + record.bytesWritten)"),
      ]
      addSlice(.operations, time.thread, record.name, first, last, arguments)
      if !record.layerPath.isEmpty { addSlice(.layers, time.thread, record.layerPath, first, last) }
      if let frame = record.stack.flatMap({ profile.stacks[$0].first }) {
        let suffix = record.phase == .backward ? " (gradient)" : record.phase == .update ? " (update)" : ""
        addSlice(.lines, time.thread, profile.frames[frame].label + suffix, first, last)
      }
    }
  }

  private mutating func addSlice(
    _ track: Track, _ thread: Int, _ name: String, _ start: Int, _ end: Int, _ arguments: [(String, String)] = []
  ) {
    var line = "\"ph\":\"X\",\"name\":\(quoted(name)),\"pid\":\(track.rawValue),\"tid\":\(thread),"
    line += "\"ts\":\(micros(start)),\"dur\":\(micros(end - start))"
    if !arguments.isEmpty {
      line += ",\"args\":{" + arguments.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }
    add(line)
  }

  private mutating func addFlow(_ name: String, from: (Track, Int, Int), to: (Track, Int, Int)) {
    flowCount += 1
    for (phase, place) in [("s", from), ("f", to)] {
      add(
        "\"ph\":\"\(phase)\",\(phase == "f" ? "\"bp\":\"e\"," : "")\"id\":\(flowCount),\"name\":\"\(name)\","
          + "\"cat\":\"flow\",\"pid\":\(place.0.rawValue),\"tid\":\(place.1),\"ts\":\(micros(place.2))")
    }
  }

  private mutating func add(_ event: String) {
    if !text.hasSuffix("[\n") { text += ",\n" }
    text += "{" + event + "}"
  }

  /// Microseconds with the nanoseconds behind the point.
  private func micros(_ nanoseconds: Int) -> String { Units.fixed(Double(nanoseconds) / 1000, 3) }

  private func quoted(_ text: String) -> String { JSON.string(text).serialized() }
}
