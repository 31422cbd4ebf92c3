/// Takes a block of fixed size that begins where an operand says.
///
/// Operands: the tensor, and the starts as `int64 [rank]`. A block that does not lie inside the tensor is an error
/// when the program runs; nothing is moved to fit.
public struct DynamicSlice: PrimitiveRules {
  public var sizes: Shape

  public init(sizes: Shape) { self.sizes = sizes }

  public var name: String { "dynamicSlice" }
  public var primitive: Primitive { .dynamicSlice(self) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    try checkStarts(operands[operands.startIndex + 1], for: operand.shape, operation: name)
    if sizes.rank != operand.rank { throw GraphError(name, "\(sizes) is not a block of \(operand.shape)") }
    for i in 0..<sizes.rank where sizes[i] < 0 || sizes[i] > operand.shape[i] {
      throw GraphError(name, "a block of \(sizes) does not fit into \(operand.shape) (axis \(i))")
    }
    return TensorType(operand.dtype, sizes)
  }
}

/// Replaces a block that begins where an operand says.
///
/// Operands: the tensor, the block, and the starts as `int64 [rank]`. A block that does not lie inside the tensor is
/// an error when the program runs.
public struct DynamicUpdate: PrimitiveRules {
  public init() {}

  public var name: String { "dynamicUpdate" }
  public var primitive: Primitive { .dynamicUpdate(self) }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let operand = operands[operands.startIndex]
    let block = operands[operands.startIndex + 1]
    try checkStarts(operands[operands.startIndex + 2], for: operand.shape, operation: name)
    if block.dtype != operand.dtype { throw GraphError(name, "element types differ: \(operand) and \(block)") }
    if block.rank != operand.rank || zip(block.shape, operand.shape).contains(where: { $0 > $1 }) {
      throw GraphError(name, "a block of \(block.shape) does not fit into \(operand.shape)")
    }
    return operand
  }
}

private func checkStarts(_ starts: TensorType, for shape: Shape, operation: String) throws(GraphError) {
  if starts != TensorType(.int64, [shape.rank]) {
    throw GraphError(operation, "the starts are int64 [\(shape.rank)], not \(starts)")
  }
}
