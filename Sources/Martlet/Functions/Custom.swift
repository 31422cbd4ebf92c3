public import MartletGraph

extension Tensor {
  /// Records an operation of your own.
  ///
  /// Keep and reuse the ``CustomOperation``: another value of that class is another operation, and so another program.
  ///
  /// - Precondition: The operation accepts the operands' types.
  public static func custom(
    _ operation: CustomOperation, _ operands: [Tensor], fileID: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    compose(operation.name, fileID, line) { c in try c.record(Custom(operation), operands) }
  }
}
