import MartletGraph

/// Records `body` once, and runs what was recorded from then on.
///
/// For the tightest loops, where recording a step again each time would cost more than the step. Parameters, optimizer
/// states, random counters and other variables that `body` touches are found by themselves, updated in place, and left
/// as they were when a run fails. Everything else that `body` does in Swift (its `if`, its prints, its captured
/// tensors) happens when it is recorded: at the first call, and at the first with other types of arguments, in another
/// ``Mode`` or on another engine.
///
/// ```swift
/// let step = compiled { (x: Tensor, y: Tensor) in
///   let (loss, gradients) = valueAndGradient { softmaxCrossEntropy(model(x), labels: y) }
///   optimizer.update(with: gradients)
///   return loss
/// }
/// ```
/// Values cannot be read inside. A failure that only values show stops with its sentence, or is thrown by an enclosing
/// ``checked(_:)``. One thread at a time may call the result.
public func compiled(_ body: @escaping ([Tensor]) -> [Tensor]) -> ([Tensor]) -> [Tensor] {
  let function = CompiledFunction(body)
  return { function($0) }
}

/// As ``compiled(_:)-(([Tensor])->[Tensor])`` for a function of one tensor.
public func compiled(_ body: @escaping (Tensor) -> Tensor) -> (Tensor) -> Tensor {
  let function = CompiledFunction { [body($0[0])] }
  return { function([$0])[0] }
}

/// As ``compiled(_:)-(([Tensor])->[Tensor])`` for a function of two tensors.
public func compiled(_ body: @escaping (Tensor, Tensor) -> Tensor) -> (Tensor, Tensor) -> Tensor {
  let function = CompiledFunction { [body($0[0], $0[1])] }
  return { function([$0, $1])[0] }
}

/// The programs of one closure.
private final class CompiledFunction {
  private let body: ([Tensor]) -> [Tensor]
  /// The most recently used comes first.
  private var programs: [CompiledProgram] = []
  /// More kinds of arguments than this are no tight loop; the oldest goes.
  private static let capacity = 64

  init(_ body: @escaping ([Tensor]) -> [Tensor]) { self.body = body }

  func callAsFunction(_ arguments: [Tensor]) -> [Tensor] {
    let recorder = Recorder.current
    // Inside a gradient or a region the closure is part of something larger, and recorded there.
    if !recorder.scopes.isEmpty { return body(arguments) }
    do {
      return try program(for: arguments, recorder).run(arguments)
    } catch {
      recorder.report(error as? ExecutionError ?? ExecutionError(node: nil, message: "\(error)"))
      return programs[0].resultTypes.map { Tensor(storage: recorder.placeholder($0)) }
    }
  }

  private func program(for arguments: [Tensor], _ recorder: Recorder) throws -> CompiledProgram {
    let setting = Setting(recorder)
    if let known = programs.firstIndex(where: { $0.fits(arguments, setting) }) {
      if known > 0 { programs.insert(programs.remove(at: known), at: 0) }
      return programs[0]
    }
    let recorded = recorder.recordRegion("compiled", inputs: arguments.map(\.type), body)
    let program = CompiledProgram(recorded, argumentTypes: arguments.map(\.type), setting)
    programs.insert(program, at: 0)
    if programs.count > CompiledFunction.capacity { programs.removeLast() }
    try program.prepare()
    return program
  }
}

/// What a recording depends on beside its arguments.
private struct Setting {
  let mode = Mode.current
  let engine: any Engine
  let contractionType: DType?

  init(_ recorder: Recorder) { (engine, contractionType) = (recorder.engine, recorder.contractionType) }

  func isSame(as other: Setting) -> Bool {
    mode == other.mode && contractionType == other.contractionType && engine.name == other.engine.name
  }
}

/// One recording of a closure, and the planned programs for it.
private final class CompiledProgram {
  let resultTypes: [TensorType]
  private let argumentTypes: [TensorType]
  private let setting: Setting
  private var graph: Graph
  private let variables: [Variable]
  /// The variables that the closure replaces, in the order of the outputs after the results.
  private var changed: [Int] = []
  private let captured: [Tensor]
  private var captures: [Buffer] = []
  private var scalars: [UInt64] = []
  /// Planned programs by which variables give their memory away; `latest` is the usual one.
  private var executables: [[Bool]: any Executable] = [:]
  private var latest: (isDonated: [Bool], executable: any Executable)?

  init(_ recorded: RecordedRegion, argumentTypes: [TensorType], _ setting: Setting) {
    (self.argumentTypes, self.setting) = (argumentTypes, setting)
    variables = recorded.variables
    captured = recorded.captures
    graph = recorded.region.graph
    resultTypes = Array(graph.outputTypes.prefix(recorded.resultCount))
    var outputs = Array(graph.outputs.prefix(recorded.resultCount))
    for (index, output) in graph.outputs.dropFirst(recorded.resultCount).enumerated()
    where output != graph.inputs[argumentTypes.count + index] {
      changed.append(index)
      outputs.append(output)
    }
    graph.outputs = outputs
    graph = graph.withChecksFirst()
    scalars = graph.nodes.compactMap {
      if case .scalar(let scalar) = $0.primitive { scalar.literal.bits } else { nil }
    }
  }

  /// Computes what the closure captured.
  func prepare() throws { captures = try captured.map { try $0.buffer() } }

  func fits(_ arguments: [Tensor], _ setting: Setting) -> Bool {
    guard arguments.count == argumentTypes.count, setting.isSame(as: self.setting) else { return false }
    for (argument, type) in zip(arguments, argumentTypes) where argument.type != type { return false }
    return true
  }

  func run(_ arguments: [Tensor]) throws -> [Tensor] {
    var inputs: [Buffer] = []
    inputs.reserveCapacity(graph.inputs.count)
    for argument in arguments { inputs.append(try argument.buffer()) }
    for variable in variables { inputs.append(try Tensor(storage: variable.storage).buffer()) }
    inputs.append(contentsOf: captures)
    let isDonated = takeOwnership(&inputs)
    let outputs: [Buffer]
    do {
      outputs = try executable(isDonated).run(inputs: inputs, scalars: scalars)
    } catch {
      for (index, isOwned) in zip(changed, isDonated) where isOwned {
        variables[index].storage.buffer = inputs[argumentTypes.count + index]
      }
      throw located(error)
    }
    for (position, index) in changed.enumerated() {
      let buffer = outputs[resultTypes.count + position]
      let variable = variables[index]
      if isDonated[position] {
        variable.storage.buffer = buffer
      } else {
        variable.storage = TensorStorage(type: variable.type, buffer: buffer)
      }
    }
    return zip(resultTypes, outputs).map { Tensor(storage: TensorStorage(type: $0, buffer: $1)) }
  }

  /// Takes the memory of variables that will be replaced away from them, where nobody else refers to it.
  private func takeOwnership(_ inputs: inout [Buffer]) -> [Bool] {
    changed.map { index in
      let variable = variables[index]
      guard isKnownUniquelyReferenced(&variable.storage) else { return false }
      let position = argumentTypes.count + index
      variable.storage.buffer = nil
      if isKnownUniquelyReferenced(&inputs[position]) { return true }
      variable.storage.buffer = inputs[position]
      return false
    }
  }

  private func executable(_ isDonated: [Bool]) throws -> any Executable {
    if let latest, latest.isDonated == isDonated { return latest.executable }
    let executable = try executables[isDonated] ?? plan(isDonated)
    executables[isDonated] = executable
    latest = (isDonated, executable)
    return executable
  }

  private func plan(_ isDonated: [Bool]) throws -> any Executable {
    var flags = [Bool](repeating: false, count: graph.inputs.count)
    for (index, isOwned) in zip(changed, isDonated) { flags[argumentTypes.count + index] = isOwned }
    return try setting.engine.compile(Program(graph: graph, isDonated: flags))
  }

  private func located(_ error: any Error) -> any Error {
    guard var error = error as? ExecutionError, error.location == nil, let node = error.node, node < graph.nodes.count
    else { return error }
    error.location = graph.nodes[node].location
    return error
  }
}
