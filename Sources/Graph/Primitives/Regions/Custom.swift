/// An operation of the user's own: types, a computation on host memory, and a derivative.
public struct Custom: PrimitiveRules {
  public var operation: CustomOperation

  public init(_ operation: CustomOperation) { self.operation = operation }

  public var name: String { operation.name }
  public var primitive: Primitive { .custom(self) }
  public func mix(into hash: inout StructureHash) { hash.mix(Int(bitPattern: ObjectIdentifier(operation))) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    try operation.resultType(Array(operands))
  }
}

/// What a ``Custom`` operation does. One value of this class is one operation; keep and reuse it.
public final class CustomOperation: Sendable {
  public let name: String
  /// The type of the result, or an error sentence.
  public let resultType: @Sendable ([TensorType]) throws(GraphError) -> TensorType
  /// Computes the result; operands and result are dense and row-major. May be called from any thread.
  public let compute: @Sendable ([UnsafeRawBufferPointer], [TensorType], UnsafeMutableRawBufferPointer) -> Void
  /// Records the cotangents of the operands; nil where the operation has no derivative.
  public let pullback:
    (@Sendable (PullbackContext, inout GraphBuilder) throws(GraphError) -> [Value?])?

  public init(
    name: String,
    resultType: @escaping @Sendable ([TensorType]) throws(GraphError) -> TensorType,
    compute: @escaping @Sendable ([UnsafeRawBufferPointer], [TensorType], UnsafeMutableRawBufferPointer) -> Void,
    pullback: (@Sendable (PullbackContext, inout GraphBuilder) throws(GraphError) -> [Value?])? = nil
  ) {
    self.name = name
    self.resultType = resultType
    self.compute = compute
    self.pullback = pullback
  }
}
