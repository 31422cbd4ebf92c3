/// Runs a region once: a function with a name, a boundary for recomputation, or a derivative of its own.
///
/// An engine that knows the name runs its own kernel; every other engine runs the body. So a fused kernel is never a
/// second definition of what an operation means.
public struct Call: PrimitiveRules {
  /// What the body computes, for engines that have a kernel for it: `attention`, `layerNorm`; `checkpoint` where the
  /// derivative recomputes the body instead of keeping its values; else any name for reports.
  public var label: String
  /// Numbers that belong to the name, such as a scale or an epsilon; the body has them built in.
  public var attributes: [Double]
  public var body: Region
  /// The derivative given by the user: takes operands, results and cotangents of the results, gives a cotangent for
  /// every operand. Nil where it follows from the body.
  public var derivative: Region?

  public init(_ label: String, attributes: [Double] = [], body: Region, derivative: Region? = nil) {
    self.label = label
    self.attributes = attributes
    self.body = body
    self.derivative = derivative
  }

  public var name: String { label }
  public var primitive: Primitive { .call(self) }
  public var resultTypes: [TensorType]? { body.graph.outputTypes }

  public func mix(into hash: inout StructureHash) {
    for byte in label.utf8 { hash.mix(UInt64(byte)) }
    for number in attributes { hash.mix(number.bitPattern) }
    hash.mix(body.hash)
    hash.mix(derivative?.hash ?? 0)
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    try body.check(operands, operation: name)
    guard let first = resultTypes?.first else { throw GraphError(name, "the body has no outputs") }
    return first
  }

  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    Cost(repeating: body.operationCost, moving: operands, to: resultTypes!)
  }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? { nil }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    try body.evaluate(operands, count: &count)
  }
}
