public import Martlet
import MartletCPU
import MartletGraph
public import MartletProfiling

extension Profile {
  /// A profile of what `body` would do, made without running it: structure, parameters, operations, memory, but no times.
  ///
  /// - Parameters:
  ///   - model: By whose layers operations are sorted.
  ///   - name: What reports call the root; the type of the model if nil.
  ///   - inputs: The element types and shapes of what `body` is given.
  ///   - body: Computes what is to be counted, of tensors that stand for any values; nothing can be read inside.
  public static func counting(
    _ model: any Module, name: String? = nil, inputs: [TensorType], _ body: ([Tensor]) throws -> [Tensor]
  ) rethrows -> Profile {
    let variables = model.variables
    let session = ProfilingSession()
    let recorder = Recorder.current
    let usual = recorder.trace
    recorder.trace = session.trace
    defer { recorder.trace = usual }
    let recorded = try recorder.recordRegion("counting", inputs: inputs, body)
    recorder.trace = usual
    let graph = recorded.region.graph
    let program = Program(graph: graph, isDonated: Array(repeating: false, count: graph.inputs.count))
    let description: PlanDescription
    do {
      description = try CPUEngine.shared.measured(program).description
    } catch {
      description = PlanDescription(unplanned: graph)
    }
    _ = session.compiled(program, description, since: 0)
    var assembly = ProfileAssembly(
      session, name: name ?? Profiler.name(of: model), machine: MachineFacts(name: "not measured"))
    return assembly.assemble(model.modules, variables)
  }

  /// A profile of one evaluation of a model, or of one evaluation and its derivative, made without running it.
  ///
  /// - Parameters:
  ///   - name: What reports call the root; the type of the model if nil.
  ///   - input: The input's shape, `[batch, ...]`.
  ///   - dtype: The input's element type; an integer for models that begin with an ``Embedding``.
  ///   - includesDerivative: Whether the derivative with respect to all parameters is counted too.
  public static func counting(
    _ model: some Layer, name: String? = nil, input: Shape, dtype: DType = .float32, includesDerivative: Bool = false
  ) -> Profile {
    counting(model, name: name, inputs: [TensorType(dtype, input)]) { inputs in
      guard includesDerivative else { return [model(inputs[0])] }
      let (value, gradients) = valueAndGradient { model(inputs[0]).sum() }
      return [value] + model.parameters.compactMap { gradients[$0] }
    }
  }
}

/// How many operations something takes, by part of the training step.
public struct OperationCounts: Sendable, Hashable {
  /// Additions, multiplications, comparisons and functions count one each; a multiply-add two.
  public var forward = 0
  /// Of the derivative.
  public var backward = 0
  /// Of the optimizer.
  public var update = 0
  /// Multiplications whose result is added to something, in all parts.
  public var multiplyAdds = 0
  /// The kinds of operations that are not counted, how many of them there are, and why.
  public var uncounted: [Uncounted] = []

  /// Operations of one kind that are not counted.
  public struct Uncounted: Sendable, Hashable {
    public var type: String
    public var count: Int
    public var reason: String
  }

  /// All floating-point operations.
  public var total: Int { forward + backward + update }

  /// Counts of every program of a profile, run once.
  public init(_ profile: Profile) {
    var missing: [String: (count: Int, reason: String)] = [:]
    for operation in profile.programs.lazy.flatMap(\.operations) {
      guard let operations = operation.floatingPointOperations else {
        missing[operation.type, default: (0, operation.uncountedReason ?? "no rule")].count += 1
        continue
      }
      multiplyAdds += (operation.multiplyAdds ?? 0) * operation.runsPerExecution
      switch operation.phase {
      case .forward: forward += operations * operation.runsPerExecution
      case .backward: backward += operations * operation.runsPerExecution
      case .update: update += operations * operation.runsPerExecution
      }
    }
    uncounted = missing.sorted { $0.key < $1.key }.map {
      Uncounted(type: $0.key, count: $0.value.count, reason: $0.value.reason)
    }
  }
}

extension Layer {
  /// How many operations one evaluation takes, and its derivative if that is asked for; nothing is run.
  ///
  /// - Parameters:
  ///   - input: The input's shape, `[batch, ...]`.
  ///   - dtype: The input's element type; an integer for models that begin with an ``Embedding``.
  ///   - includesDerivative: Whether the derivative with respect to all parameters is counted too.
  public func flops(input: Shape, dtype: DType = .float32, includesDerivative: Bool = false) -> OperationCounts {
    OperationCounts(.counting(self, input: input, dtype: dtype, includesDerivative: includesDerivative))
  }

  /// A table of the layers: types, shapes, parameters, operations. As ``Martlet/summary(_:input:dtype:)``.
  public func summary(input: Shape, dtype: DType = .float32) -> ModelSummary {
    Martlet.summary(self, input: input, dtype: dtype)
  }
}
