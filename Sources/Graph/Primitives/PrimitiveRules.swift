/// The facts that a primitive states about itself, read by recording, transforms, engines, profiler and tests.
public protocol PrimitiveRules: Sendable {
  /// The operation's name in messages and reports.
  var name: String { get }

  /// This operation as a member of the closed set.
  var primitive: Primitive { get }

  /// The type of the result for operands of the given types, or an error sentence.
  ///
  /// An operation with several results (``Call``, ``Scan``, ``WhileLoop``, ``Conditional``) gives the first here and
  /// all of them from ``resultTypes``.
  func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType

  /// All results of an operation that has several, taken apart by ``Element``; nil for the usual single result.
  var resultTypes: [TensorType]? { get }

  /// Folds everything that distinguishes this operation from others into `hash`; the case is mixed in by the caller.
  func mix(into hash: inout StructureHash)

  /// The cotangents of the operands, given the cotangent of the result; nil where an operand has none.
  ///
  /// - Parameter context: The operation in its graph: operands, result, cotangents of all results.
  /// - Throws: A ``GraphError`` where no derivative exists; never a silent zero.
  func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?]

  /// The tangents of the results, given those of the operands (nil where an operand has none).
  ///
  /// - Returns: One tangent a result; nil where the result does not depend on any tangent.
  func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?]

  /// Applies the operation to operands of which some carry an extra leading dimension of examples.
  ///
  /// - Returns: The results, each with the extra leading dimension.
  func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value]

  /// The work of the operation.
  func cost(_ operands: OperandTypes, result: TensorType) -> Cost

  /// Which loop index each dimension of each operand and of the result is, or nil where there is no such structure.
  func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure?

  /// Computes the results in plain Swift, slowly and obviously, counting the operations done.
  func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor]
}

extension PrimitiveRules {
  public var resultTypes: [TensorType]? { nil }
  public func mix(into hash: inout StructureHash) {}
}

/// The types of an operation's operands, without allocation for the usual few.
public typealias OperandTypes = ArraySlice<TensorType>

/// An operation in its graph, as its reverse rule sees it.
public struct PullbackContext {
  public let operands: [Value]
  /// The operation's own (first) result.
  public let result: Value
  /// The cotangent of each result; at least one is not nil.
  public let cotangents: [Value?]
  /// Whether each operand leads to something that is differentiated; cotangents of the others are not needed.
  public let isNeeded: [Bool]

  public init(operands: [Value], result: Value, cotangents: [Value?], isNeeded: [Bool]) {
    self.operands = operands
    self.result = result
    self.cotangents = cotangents
    self.isNeeded = isNeeded
  }

  /// The cotangent of an operation with a single result.
  public var cotangent: Value { cotangents[0]! }
}

/// An operation in its graph, as its forward rule sees it.
public struct PushforwardContext {
  public let operands: [Value]
  public let result: Value
  /// The tangent of each operand; at least one is not nil.
  public let tangents: [Value?]

  public init(operands: [Value], result: Value, tangents: [Value?]) {
    self.operands = operands
    self.result = result
    self.tangents = tangents
  }
}

/// An operation's operands as its batching rule sees them.
public struct BatchContext {
  public let operands: [Value]
  /// Which operands carry the extra leading dimension; at least one does.
  public let isBatched: [Bool]
  /// The number of examples.
  public let size: Int

  public init(operands: [Value], isBatched: [Bool], size: Int) {
    self.operands = operands
    self.isBatched = isBatched
    self.size = size
  }
}

/// The work that one operation does.
public struct Cost: Sendable, Hashable {
  /// Floating-point operations: additions, multiplications, divisions, comparisons and functions count one each, a
  /// multiply-add two.
  public var floatingPointOperations: Int
  /// How many of them are functions such as `exp`, which cost more than an addition.
  public var transcendentalOperations: Int
  /// Bytes of operands that must be read at least once.
  public var bytesRead: Int
  /// Bytes of results.
  public var bytesWritten: Int

  public init(
    floatingPointOperations: Int = 0, transcendentalOperations: Int = 0, bytesRead: Int = 0, bytesWritten: Int = 0
  ) {
    self.floatingPointOperations = floatingPointOperations
    self.transcendentalOperations = transcendentalOperations
    self.bytesRead = bytesRead
    self.bytesWritten = bytesWritten
  }

  /// The cost of reading every operand once, writing the result, and doing `operations`.
  public init(
    moving operands: OperandTypes, to result: TensorType, operations: Int = 0, transcendental: Int = 0
  ) {
    self.init(
      floatingPointOperations: operations, transcendentalOperations: transcendental,
      bytesRead: operands.reduce(0) { $0 + $1.sizeInBytes }, bytesWritten: result.sizeInBytes)
  }

  public static func + (a: Cost, b: Cost) -> Cost {
    Cost(
      floatingPointOperations: a.floatingPointOperations + b.floatingPointOperations,
      transcendentalOperations: a.transcendentalOperations + b.transcendentalOperations,
      bytesRead: a.bytesRead + b.bytesRead, bytesWritten: a.bytesWritten + b.bytesWritten)
  }
}

/// What the reference interpreter counted while it computed, to check cost formulas against.
public struct OperationCount: Sendable, Hashable {
  public var floatingPointOperations = 0
  public var transcendentalOperations = 0

  public init() {}
}

/// Which loop index each dimension is: `source[i, index[j], k] -> [i, j, k]` without the inner bracket.
///
/// An index that an operand shares with the result is free: permuting or slicing it in every operand that has it
/// does the same to the result. Sharding, batching, tiling and fusion rest on that. A dimension with no index (nil)
/// takes part in the operation as a whole.
public struct IndexStructure: Sendable, Hashable {
  /// For each operand, the loop index of each dimension.
  public var operands: [[Int?]]
  /// For the result, the loop index of each dimension.
  public var result: [Int?]
  /// Indices that are summed or otherwise reduced over, in any order.
  public var reduced: Set<Int>

  public init(operands: [[Int?]], result: [Int?], reduced: Set<Int> = []) {
    self.operands = operands
    self.result = result
    self.reduced = reduced
  }
}
