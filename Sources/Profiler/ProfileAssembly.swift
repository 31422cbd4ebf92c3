import Martlet
import MartletCPU
import MartletGraph
import MartletProfiling

/// Makes a profile of what a session noted.
struct ProfileAssembly {
  private let session: ProfilingSession
  private let costs: KernelCosts?
  private let notes: RecordingTrace.Notes
  private let programs: [ProfilingSession.Planned]
  private let flats: [FlatProgram]
  /// For each operation of each program, the variable that it stands for.
  private let variables: [[Int?]]
  private let runs: [ProfilingSession.Run]
  /// The moment from which times are counted.
  private let origin: UInt64
  private var frames: CallFrames
  private var profile: Profile
  /// For each stack of the recording, its index in the profile.
  private var stacks: [Int?] = []

  /// - Parameter costs: What kernels cost on the machine; nil if nobody measured that.
  init(_ session: ProfilingSession, name: String, machine: MachineFacts, costs: KernelCosts? = nil) {
    (self.session, self.costs) = (session, costs)
    notes = session.trace.notes
    programs = session.programs
    let flats = programs.map { FlatProgram($0.description) }
    let notes = notes
    variables = flats.map { ProgramTranslation.variables($0, notes) }
    self.flats = flats
    runs = session.runs
    origin = min(session.steps.first?.start ?? .max, programs.first?.start ?? .max)
    frames = CallFrames(notes.stacks)
    profile = Profile(name: name, machine: machine)
  }

  /// - Parameters:
  ///   - modules: The path and the type of each layer.
  ///   - modelVariables: The variables of the model; those that no program read are recorded too.
  mutating func assemble(_ modules: [(path: String, type: String)], _ modelVariables: [Variable]) -> Profile {
    addStacks()
    let layers = layerOfNumber(LayerPaths(modules))
    let translations = flats.indices.map { index in
      ProgramTranslation(
        flats[index], notes, variableOf: variables[index], machine: profile.machine, costs: costs,
        layerOfNumber: layers, totals: totals(of: index))
    }
    let ran = Set(runs.map(\.program))
    for index in programs.indices {
      // What ran only in steps that are not kept is none of the profile's; its number stays, for results that still live.
      if session.steps.isEmpty || ran.contains(index) {
        add(programs[index], translations[index])
      } else {
        profile.programs.append(ProgramRecord(id: programs[index].id, name: "program \(index), not run"))
      }
    }
    addVariables()
    addUnread(modelVariables)
    addSteps(translations)
    addMemory()
    profile.frames = frames.frames
    return profile
  }

  private func nanoseconds(_ time: UInt64) -> Int { Int(time) - Int(min(origin, time)) }
}

// MARK: - Places

extension ProfileAssembly {
  private mutating func addStacks() {
    var known: [[Int]: Int] = [:]
    for addresses in notes.stacks {
      let stack = frames.stack(addresses)
      if stack.isEmpty {
        stacks.append(nil)
        continue
      }
      if known[stack] == nil {
        known[stack] = profile.stacks.count
        profile.stacks.append(stack)
      }
      stacks.append(known[stack])
    }
  }

  /// The layer of each operation that was recorded, by its number.
  private func layerOfNumber(_ paths: LayerPaths) -> [Int: String] {
    // In the order of their numbers, which is that of the recording, with the variables that they read.
    var names: [Int: String] = [:]
    var numbers = Set<Int>()
    for (flat, variableOf) in zip(flats, variables) {
      for operation in flat.operations where operation.node.location.context.phase != .variable {
        let context = operation.node.location.context
        guard case .calls? = notes.origin(context) else { continue }
        numbers.insert(context.number)
        // Where nobody needs the result, only the derivative of an operation is left, and may read the variable.
        guard context.phase != .update, names[context.number] == nil else { continue }
        let read = operation.operands.lazy.compactMap { variableOf[$0] }.last
        names[context.number] = read.map { notes.variables[$0].name }.flatMap { $0.isEmpty ? nil : $0 }
      }
    }
    let ordered = numbers.sorted()
    var calls: [Int: [(address: UInt, functions: [String])]] = [:]
    let recorded = ordered.map { number -> LayerPaths.Recorded in
      guard case .calls(let stack) = notes.origins[number - 1] else { return .init(calls: [], variable: nil) }
      if calls[stack] == nil { calls[stack] = frames.calls(notes.stacks[stack]) }
      return .init(calls: calls[stack]!, variable: names[number])
    }
    return Dictionary(uniqueKeysWithValues: zip(ordered, paths.paths(of: recorded)))
  }
}

// MARK: - Programs

extension ProfileAssembly {
  private mutating func add(_ planned: ProfilingSession.Planned, _ translation: ProgramTranslation) {
    profile.programs.append(
      ProgramRecord(
        id: planned.id, name: "program \(profile.programs.count)",
        operations: translation.operations(stacks: stacks), kernels: translation.kernels,
        buffers: translation.buffers(planned.description), arenaBytes: planned.description.arenaBytes,
        compileNanoseconds: Int(planned.end - planned.start)))
  }

  /// The time of each kernel, over all runs of a program.
  private func totals(of program: Int) -> [KernelTotal] {
    var result: [KernelTotal] = []
    for run in runs where run.program == program {
      if result.isEmpty { result = Array(repeating: KernelTotal(), count: run.kernels.count) }
      for (index, kernel) in run.kernels.enumerated() {
        result[index].nanoseconds += Double(kernel.nanoseconds)
        result[index].runs += kernel.runs
        result[index].scratchBytes = max(result[index].scratchBytes, kernel.scratchBytes)
      }
    }
    return result
  }

  private mutating func addVariables() {
    var uses = [Set<Phase>](repeating: [], count: notes.variables.count)
    for program in profile.programs {
      for operation in program.operations {
        for input in operation.inputs {
          if let variable = program.operations[input.operation].variable { uses[variable].insert(operation.phase) }
        }
      }
    }
    profile.variables = notes.variables.indices.map { index in
      let variable = notes.variables[index]
      let isParameter = variable is Parameter
      let isSlot = !isParameter && uses[index].contains(.update)
      return VariableRecord(
        name: variable.name, layerPath: slashed(notes.layer(of: index)), type: variable.type,
        kind: isSlot ? .optimizerState : .variable, isTrainable: (variable as? Parameter)?.isTrainable ?? false,
        isRead: !uses[index].isEmpty, isUpdated: uses[index].contains(.update))
    }
  }
}

extension ProfileAssembly {
  private mutating func addUnread(_ variables: [Variable]) {
    let known = Set(notes.variables.map(ObjectIdentifier.init))
    for variable in variables where !known.contains(ObjectIdentifier(variable)) {
      profile.variables.append(
        VariableRecord(
          name: variable.name, layerPath: slashed(LayerPaths.holder(of: variable.name)), type: variable.type,
          isTrainable: (variable as? Parameter)?.isTrainable ?? false, isRead: false, isUpdated: false))
    }
  }
}

// MARK: - Steps

extension ProfileAssembly {
  private mutating func addSteps(_ translations: [ProgramTranslation]) {
    let numbers = translations.map(\.numbers)
    profile.steps = session.steps.map { step in
      StepRecord(
        index: step.index, startNanoseconds: nanoseconds(step.start), endNanoseconds: nanoseconds(step.end),
        runs: runs.filter { isIn(step, $0) }.map { record($0, numbers[$0.program]) },
        waits: waits(in: step), examples: step.examples, tokens: step.tokens, paddedTokens: step.paddedTokens,
        processorNanoseconds: step.processorNanoseconds)
    }
  }

  /// Whether a run belongs to a step: what another thread began before, and ended during it, does too.
  private func isIn(_ step: ProfilingSession.Step, _ run: ProfilingSession.Run) -> Bool {
    run.thread == 0 ? run.start >= step.start && run.end <= step.end : run.end > step.start && run.end <= step.end
  }

  private func record(_ run: ProfilingSession.Run, _ numbers: [Int]) -> ProgramRun {
    ProgramRun(
      program: run.program, startNanoseconds: nanoseconds(run.start), endNanoseconds: nanoseconds(run.end),
      kernels: numbers.enumerated().map { index, number in
        let entry = run.kernels[number]
        return KernelTime(
          kernel: index, startNanoseconds: nanoseconds(entry.start), endNanoseconds: nanoseconds(entry.end),
          thread: run.thread)
      })
  }

  /// When the step stood still: for its batch, for programs to be planned and for values; and when it was recorded,
  /// which is all time in which nothing else happened.
  private func waits(in step: ProfilingSession.Step) -> [Wait] {
    func isInside(_ start: UInt64, _ end: UInt64) -> Bool { start >= step.start && end <= step.end }
    var waits: [Wait] = []
    func add(_ kind: Wait.Kind, _ start: UInt64, _ end: UInt64, _ stack: Int? = nil) {
      waits.append(
        Wait(kind: kind, startNanoseconds: nanoseconds(start), endNanoseconds: nanoseconds(end), stack: stack))
    }
    if step.inputEnd > step.start { add(.input, step.start, step.inputEnd) }
    for program in programs where isInside(program.start, program.end) { add(.compile, program.start, program.end) }
    for wait in notes.waits where wait.thread == 0 && isInside(wait.start, wait.end) {
      add(.read, wait.start, wait.end, stacks[wait.stack])
    }
    var busy = waits.map { ($0.startNanoseconds, $0.endNanoseconds) }
    busy += runs.filter { $0.thread == 0 && isInside($0.start, $0.end) }.map {
      (nanoseconds($0.start), nanoseconds($0.end))
    }
    var free = nanoseconds(step.start)
    for (start, end) in busy.sorted(by: { $0.0 < $1.0 }) {
      if start > free { waits.append(Wait(kind: .record, startNanoseconds: free, endNanoseconds: start)) }
      free = max(free, end)
    }
    let end = nanoseconds(step.end)
    if end > free { waits.append(Wait(kind: .record, startNanoseconds: free, endNanoseconds: end)) }
    return waits.sorted { $0.startNanoseconds < $1.startNanoseconds }
  }
}

// MARK: - Memory

extension ProfileAssembly {
  private mutating func addMemory() {
    addResults()
    let results = profile.memory.allocations
    let variables = profile.variables.map {
      AllocationRecord(name: $0.name, bytes: $0.type.sizeInBytes, kind: $0.kind, layerPath: $0.layerPath)
    }
    profile.memory.allocations = variables + results
    let known = variables.reduce(0) { $0 + $1.bytes }
    let others = (runs.map(\.memory.liveBytes).min() ?? 0) - known
    if others > 0 {
      profile.memory.allocations.append(AllocationRecord(name: "other values held", bytes: others, kind: .input))
    }
    profile.memory.samples = runs.map { run in
      // When it ended, nothing that it needed had gone back to the system.
      MemorySample(
        nanoseconds: nanoseconds(run.end), reservedBytes: run.memory.reservedBytes + run.memory.scratchBytes,
        residentBytes: session.steps.last { $0.start <= run.end && run.end <= $0.end }?.residentBytes ?? 0)
    }
  }

  /// What programs returned, as long as somebody held it. New values of variables are those of the variables.
  private mutating func addResults() {
    for allocation in session.allocations {
      let description = programs[allocation.program].description
      let position = flats[allocation.program].topPositions[description.outputs[allocation.output]]
      let operations = profile.programs[allocation.program].operations
      guard position >= 0, position < operations.count else { continue }
      let operation = operations[position]
      if operation.phase == .update { continue }
      profile.memory.allocations.append(
        AllocationRecord(
          name: operation.name, bytes: allocation.byteCount, kind: .output,
          startNanoseconds: nanoseconds(allocation.start), endNanoseconds: allocation.end.map { nanoseconds($0) },
          layerPath: operation.layerPath, stack: operation.stack))
    }
  }
}
