import MartletGraph

/// Which part of a training step an operation belongs to.
public enum Phase: String, Sendable, Hashable, CaseIterable {
  case forward, backward, update
}

/// One operation of a program, with what it needs according to its shapes.
///
/// Counts are for one execution: in a loop's body, for one trip; ``runsPerExecution`` says how many there are in a run
/// of the program.
public struct OperationRecord: Sendable, Hashable {
  /// The result of another operation of the same program.
  public struct Input: Sendable, Hashable {
    /// The index of the operation.
    public var operation: Int
    /// Which of its results.
    public var result: Int

    /// A result of an operation.
    public init(_ operation: Int, result: Int = 0) { (self.operation, self.result) = (operation, result) }
  }

  /// `layer/path/operation`, unique in the program.
  public var name: String
  /// The kind of operation: `contract`, `add`, `gather`.
  public var type: String
  /// Further types, by which operations can be picked: `_trainable_variables`, `_checkpoint_variables`, or own ones.
  public var userTypes: [String]
  /// Where it runs: `cpu:0`, `cuda:1`; what does not begin with `cpu` is an accelerator.
  public var device: String
  /// Whether it belongs to the forward pass, to the derivative or to the update.
  public var phase: Phase
  /// The layer it belongs to: names joined by slashes, empty outside of layers.
  public var layerPath: String
  /// Where it was written; for a derivative, where the operation was written that it is the derivative of. An index of
  /// ``Profile/stacks``.
  public var stack: Int?
  /// Its operands.
  public var inputs: [Input]
  /// Element types and shapes of its results.
  public var results: [TensorType]
  /// Additions, multiplications, divisions and functions, each 1; nil if nobody counted them.
  public var floatingPointOperations: Int?
  /// Multiplications whose result is added to something; each is two of the floating-point operations.
  public var multiplyAdds: Int?
  /// Why there is no count.
  public var uncountedReason: String?
  /// Bytes of operands, each element read once.
  public var bytesRead: Int
  /// Bytes of results.
  public var bytesWritten: Int
  /// Elements of the parameter, if this operation stands for one.
  public var parameters: Int
  /// The index in ``Profile/variables``, if this operation stands for one.
  public var variable: Int?
  /// Whether the result waits for the backward pass.
  public var isSavedForBackward: Bool
  /// Whether it is computed a second time, to save memory.
  public var isRecomputation: Bool
  /// Trips in one run of the program.
  public var runsPerExecution: Int
  /// What the cost model expects one run of the program to spend on it.
  public var predictedNanoseconds: Double?

  /// An operation.
  public init(
    name: String, type: String, userTypes: [String] = [], device: String = "cpu:0", phase: Phase = .forward,
    layerPath: String = "", stack: Int? = nil, inputs: [Input] = [], results: [TensorType] = [],
    floatingPointOperations: Int? = nil, multiplyAdds: Int? = nil, uncountedReason: String? = nil, bytesRead: Int = 0,
    bytesWritten: Int = 0, parameters: Int = 0, variable: Int? = nil, isSavedForBackward: Bool = false,
    isRecomputation: Bool = false, runsPerExecution: Int = 1, predictedNanoseconds: Double? = nil
  ) {
    (self.name, self.type, self.userTypes, self.device) = (name, type, userTypes, device)
    (self.phase, self.layerPath, self.stack) = (phase, layerPath, stack)
    (self.inputs, self.results) = (inputs, results)
    (self.floatingPointOperations, self.multiplyAdds) = (floatingPointOperations, multiplyAdds)
    (self.uncountedReason, self.bytesRead, self.bytesWritten) = (uncountedReason, bytesRead, bytesWritten)
    (self.parameters, self.variable) = (parameters, variable)
    (self.isSavedForBackward, self.isRecomputation) = (isSavedForBackward, isRecomputation)
    (self.runsPerExecution, self.predictedNanoseconds) = (runsPerExecution, predictedNanoseconds)
  }
}
