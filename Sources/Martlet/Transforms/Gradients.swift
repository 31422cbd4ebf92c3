import MartletGraph

/// The derivatives of a value with respect to parameters.
public struct Gradients: Sendable {
  /// What each parameter's gradient is. The gradient of a table of which only some rows were looked up stays those
  /// rows, however often it is passed on, until somebody asks for the whole.
  package var derivatives: [(parameter: Parameter, derivative: Derivative)]

  package init(_ derivatives: [(parameter: Parameter, derivative: Derivative)]) { self.derivatives = derivatives }

  package init(_ entries: [(parameter: Parameter, gradient: Tensor)]) {
    derivatives = entries.map { ($0.parameter, .whole($0.gradient)) }
  }

  /// The parameters with their whole gradients.
  package var entries: [(parameter: Parameter, gradient: Tensor)] {
    derivatives.map { ($0.parameter, $0.derivative.whole) }
  }

  /// The parameters that the value depends on, in the order of first use.
  public var parameters: [Parameter] { derivatives.map(\.parameter) }

  /// The gradient with respect to a parameter; nil where the value does not depend on it.
  public subscript(parameter: Parameter) -> Tensor? {
    get { derivatives.first { $0.parameter === parameter }?.derivative.whole }
    set {
      derivatives.removeAll { $0.parameter === parameter }
      if let newValue { derivatives.append((parameter, .whole(newValue))) }
    }
  }

  /// Every gradient changed by `transform`, as clipping does.
  public func mapGradients(_ transform: (Tensor) throws -> Tensor) rethrows -> Gradients {
    Gradients(try entries.map { ($0.parameter, try transform($0.gradient)) })
  }
}

/// The value of `body` and its derivatives with respect to every trainable parameter that it used.
///
/// Values may be read inside: only what they need is computed, and the derivatives stay exactly what they would be
/// without. Changes of ``State`` inside are part of the program and carry no derivative; when `body` throws they are
/// undone.
///
/// - Precondition: The value is one floating-point number.
public func valueAndGradient(
  fileID: StaticString = #fileID, line: UInt = #line, _ body: () throws -> Tensor
) rethrows -> (value: Tensor, gradients: Gradients) {
  let ((value, _), gradients) = try valueAndGradient(fileID: fileID, line: line) { (try body(), ()) }
  return (value, gradients)
}

/// As ``valueAndGradient(fileID:line:_:)-(_,_,()->Tensor)`` for a `body` that also hands out something else.
public func valueAndGradient<Auxiliary>(
  fileID: StaticString = #fileID, line: UInt = #line, _ body: () throws -> (Tensor, Auxiliary)
) rethrows -> (value: (Tensor, Auxiliary), gradients: Gradients) {
  let recorder = Recorder.current
  let location = SourceLocation(fileID, line)
  return try recorder.scoped(.gradient, body) { result, scope in
    let touched = scope.touched.compactMap { variable, original -> (Parameter, Tensor)? in
      guard let parameter = variable as? Parameter, parameter.isTrainable, parameter.type.dtype.isFloatingPoint else {
        return nil
      }
      return (parameter, Tensor(storage: original))
    }
    let gradients = recorder.gradients(of: result.0, to: touched.map(\.1), after: scope.start, at: location)
    let derivatives = zip(touched, gradients).compactMap { pair, gradient in
      gradient.map { (parameter: pair.0, derivative: Derivative($0)) }
    }
    return (result, Gradients(derivatives))
  }
}

/// The value of `body` at `x`, and its derivative there.
///
/// - Precondition: The value is one floating-point number.
public func valueAndGradient(
  at x: Tensor, fileID: StaticString = #fileID, line: UInt = #line, _ body: (Tensor) throws -> Tensor
) rethrows -> (value: Tensor, gradient: Tensor) {
  let (value, gradients) = try valueAndGradient(at: [x], fileID: fileID, line: line) { try body($0[0]) }
  return (value, gradients[0])
}

/// The value of `body` at several tensors, and its derivatives with respect to each; zeros where it does not depend
/// on one.
public func valueAndGradient(
  at x: [Tensor], fileID: StaticString = #fileID, line: UInt = #line, _ body: ([Tensor]) throws -> Tensor
) rethrows -> (value: Tensor, gradients: [Tensor]) {
  let recorder = Recorder.current
  let location = SourceLocation(fileID, line)
  // New names for the arguments, so that other uses of the same tensors inside `body` stay constants.
  let arguments = x.map { $0.renamed(at: location) }
  let (value, gradients) = try recorder.scoped(.gradient) {
    try body(arguments)
  } use: { value, scope in
    (value, recorder.gradients(of: value, to: arguments, after: scope.start, at: location))
  }
  return (value, zip(x, gradients).map { $1 ?? Tensor(zerosLike: $0.type, at: location) })
}

/// The derivative of `body` at `x`.
public func gradient(
  at x: Tensor, fileID: StaticString = #fileID, line: UInt = #line, _ body: (Tensor) throws -> Tensor
) rethrows -> Tensor {
  try valueAndGradient(at: x, fileID: fileID, line: line, body).gradient
}

/// The derivatives of `body` with respect to each of several tensors.
public func gradient(
  at x: [Tensor], fileID: StaticString = #fileID, line: UInt = #line, _ body: ([Tensor]) throws -> Tensor
) rethrows -> [Tensor] {
  try valueAndGradient(at: x, fileID: fileID, line: line, body).gradients
}

/// The values of `body` at `x`, and a function that carries cotangents of them back to `x`.
///
/// The function may be called any number of times.
public func vjp(
  at x: [Tensor], fileID: StaticString = #fileID, line: UInt = #line, _ body: ([Tensor]) throws -> [Tensor]
) rethrows -> (values: [Tensor], pullback: ([Tensor]) -> [Tensor]) {
  let recorder = Recorder.current
  let location = SourceLocation(fileID, line)
  // Recorded as a region: it keeps its history however much later the function is called.
  let recorded = try recorder.recordRegion("vjp", inputs: x.map(\.type), body)
  let operands = x + recorded.outerOperands
  let outputs = recorder.inline(recorded.region.graph, operands, at: location)
  let values = recorded.finish(outputs)
  return (
    values,
    { cotangents in
      let recorder = Recorder.current
      let arguments = operands.map { $0.renamed(at: location) }
      let gradients = recorder.scoped(.gradient) {
        recorder.inline(recorded.region.graph, arguments, at: location)
      } use: { again, scope in
        recorder.pullback(
          from: Array(again.prefix(values.count)), cotangents: cotangents, to: Array(arguments.prefix(x.count)),
          after: scope.start, at: location)
      }
      return zip(x, gradients).map { $1 ?? Tensor(zerosLike: $0.type, at: location) }
    }
  )
}

/// The values of `body` at `x`, and how they change when `x` moves along `tangents`.
public func jvp(
  at x: [Tensor], along tangents: [Tensor], fileID: StaticString = #fileID, line: UInt = #line,
  _ body: ([Tensor]) throws -> [Tensor]
) rethrows -> (values: [Tensor], tangents: [Tensor]) {
  let recorder = Recorder.current
  let location = SourceLocation(fileID, line)
  let arguments = x.map { $0.renamed(at: location) }
  let (values, results) = try recorder.scoped(.gradient) {
    try body(arguments)
  } use: { values, scope in
    let results = recorder.pushforward(
      of: values, from: arguments, tangents: tangents, after: scope.start, at: location)
    return (values, results)
  }
  return (values, zip(values, results).map { $1 ?? Tensor(zerosLike: $0.type, at: location) })
}

/// The product of the Hessian of `body` at `x` with `vector`, at the cost of a few gradients.
public func hessianVectorProduct(
  at x: Tensor, _ vector: Tensor, fileID: StaticString = #fileID, line: UInt = #line, _ body: (Tensor) -> Tensor
) -> Tensor {
  jvp(at: [x], along: [vector], fileID: fileID, line: line) { inputs in
    [gradient(at: inputs[0], fileID: fileID, line: line, body)]
  }.tangents[0]
}

/// The same values, seen by derivatives of any order as constants.
public func stopGradient(_ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .record(Identity(.stopGradient), x, at: SourceLocation(fileID, line))
}

extension Tensor {
  /// A node of its own for the same value.
  func renamed(at location: SourceLocation) -> Tensor { .record(Reshape(to: shape), self, at: location) }

  init(zerosLike type: TensorType, at location: SourceLocation) {
    let zero = ScalarValue(Literal(0.0, type.dtype))
    let scalar = Tensor.record(zero, at: location)
    self = type.rank == 0 ? scalar : Tensor.record(Broadcast(to: type.shape), scalar, at: location)
  }
}
