import MartletGraph

/// All that the body of a named function depends on.
struct BodyKind: Hashable {
  var label: String
  /// Numbers that are built into the body.
  var attributes: [Double]
  var inputs: [TensorType]
  /// The line that asks for it, which errors name.
  var location: SourceLocation
}

extension Recorder {
  /// The body of a function with a name: recorded when it is first asked for, and kept for the calls that follow.
  ///
  /// - Parameter body: Uses nothing but its arguments and what `kind` says.
  func body(_ kind: BodyKind, _ body: ([Tensor]) throws -> [Tensor]) rethrows -> Region {
    // A profiler wants to see each recording.
    if trace == nil, let known = bodies[kind] { return known }
    // Kernels of its own compute it, in the types of its arguments.
    let recorded = try contracting(in: nil) { try recordRegion(kind.label, inputs: kind.inputs, body) }
    precondition(recorded.outerOperands.isEmpty, "\(kind.label): the body uses values from outside")
    guard trace == nil else { return recorded.region }
    if bodies.count >= 64 { bodies.removeAll() }
    bodies[kind] = recorded.region
    return recorded.region
  }
}

/// The results of a function with a name, whose body is recorded once for each kind of operands and stands in the
/// recording as one operation.
///
/// - Parameters:
///   - attributes: Numbers that are built into the body.
///   - location: The line that asks for it, which errors name.
///   - body: Uses nothing but its arguments and the attributes.
func named(
  _ label: String, _ attributes: [Double], _ operands: [Tensor], at location: SourceLocation,
  _ body: ([Tensor]) throws -> [Tensor]
) rethrows -> [Tensor] {
  // Where mistakes are collected, what follows one stands for nothing, and makes no body.
  if Recorder.current.isChecking { return try body(operands) }
  let kind = BodyKind(label: label, attributes: attributes, inputs: operands.map(\.type), location: location)
  let call = Call(label, attributes: attributes, body: try Recorder.current.body(kind, body))
  if call.body.graph.outputs.count == 1 { return [Tensor.record(call, operands, at: location)] }
  return Tensor.recordMany(call, operands, at: location)
}

/// As ``named(_:_:_:at:_:)`` where no derivative is taken.
///
/// A derivative has much in common with what it is one of, and finds it in what is recorded.
func namedWithoutDerivative(
  _ label: String, _ attributes: [Double], _ operands: [Tensor], at location: SourceLocation,
  _ body: ([Tensor]) throws -> [Tensor]
) rethrows -> [Tensor] {
  if Recorder.current.isDifferentiating { return try body(operands) }
  return try named(label, attributes, operands, at: location, body)
}
