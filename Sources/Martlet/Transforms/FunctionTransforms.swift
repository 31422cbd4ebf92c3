import MartletGraph

/// Runs `body` now, and again when a derivative needs the values inside it, instead of keeping them.
///
/// Costs one more forward pass of `body` and saves the memory of everything in it. Dropout masks and other random
/// values are the same both times; states change once.
public func checkpoint(
  fileID: StaticString = #fileID, line: UInt = #line, _ body: () throws -> Tensor
) rethrows -> Tensor {
  let recorder = Recorder.current
  if recorder.keepsResults { return try body() }
  let recorded = try recorder.recordRegion("checkpoint", inputs: []) { _ in [try body()] }
  let results = Tensor.recordMany(
    Call("checkpoint", body: recorded.region), recorded.outerOperands, at: SourceLocation(fileID, line))
  return recorded.finish(results)[0]
}

/// Runs `body` with each `checkpoint` in it keeping its values, to see what it costs to compute them again.
package func keepingResults<Result>(_ body: () throws -> Result) rethrows -> Result {
  let recorder = Recorder.current
  let outer = recorder.keepsResults
  recorder.keepsResults = true
  defer { recorder.keepsResults = outer }
  return try body()
}

/// Maps `body`, written for one example, over the leading dimension of `x`.
///
/// - Parameters:
///   - x: Tensors `[examples, …]`; `body` sees each without its leading dimension.
///   - body: May use parameters and other tensors, which all examples share. A ``State`` that it changes in a way that
///     depends on the example cannot be shared and stops with a sentence.
/// - Returns: What `body` gives, with a leading dimension.
public func vmap(
  _ x: [Tensor], fileID: StaticString = #fileID, line: UInt = #line, _ body: ([Tensor]) throws -> [Tensor]
) rethrows -> [Tensor] {
  let location = SourceLocation(fileID, line)
  guard let size = x.first?.shape.first, x.allSatisfy({ $0.shape.first == size }) else {
    let message = "the operands need one common leading dimension, not \(x.map(\.shape))"
    return [Tensor(storage: stop(GraphError("vmap", message), at: location))]
  }
  let recorder = Recorder.current
  let types = x.map { TensorType($0.dtype, Shape($0.shape.dropFirst())) }
  let recorded = try recorder.recordRegion("vmap", inputs: types, body)
  let operands = x + recorded.outerOperands
  let flags = operands.indices.map { $0 < x.count }
  let (results, areBatched) = recorder.batched(
    recorded.region.graph, operands, isBatched: flags, size: size, at: location)
  guard results.count == recorded.region.graph.outputs.count else { return results }
  for (variable, isBatched) in zip(recorded.variables, areBatched.dropFirst(recorded.resultCount)) where isBatched {
    let message = "the state \(variable.name) would differ between examples; return it from the closure instead"
    _ = stop(GraphError("vmap", message), at: location)
    return results
  }
  let own = recorded.finish(results)
  return zip(own, areBatched).map { result, isBatched in
    isBatched ? result : .record(Broadcast(to: Shape([size] + Array(result.shape))), result, at: location)
  }
}

/// Maps `body`, written for one example, over the leading dimension of `x`.
public func vmap(
  _ x: Tensor, fileID: StaticString = #fileID, line: UInt = #line, _ body: (Tensor) throws -> Tensor
) rethrows -> Tensor {
  try vmap([x], fileID: fileID, line: line) { [try body($0[0])] }[0]
}

/// Computes `body` at `x`, with a derivative of your own.
///
/// - Parameters:
///   - body: Takes `x`, gives the results.
///   - pullback: Takes `x`, the results and their cotangents, and gives a cotangent for each of `x`. Recorded once,
///     so it may itself be differentiated.
public func withDerivative(
  at x: [Tensor], fileID: StaticString = #fileID, line: UInt = #line, _ body: ([Tensor]) throws -> [Tensor],
  pullback: (_ x: [Tensor], _ results: [Tensor], _ cotangents: [Tensor]) throws -> [Tensor]
) rethrows -> [Tensor] {
  let location = SourceLocation(fileID, line)
  let recorder = Recorder.current
  let forward = try recorder.recordRegion("withDerivative", inputs: x.map(\.type), body)
  let results = Array(forward.region.graph.outputTypes.prefix(forward.resultCount))
  let count = x.count
  let backward = try recorder.recordRegion("withDerivative", inputs: x.map(\.type) + results + results) { inputs in
    try pullback(
      Array(inputs[..<count]), Array(inputs[count..<(count + results.count)]),
      Array(inputs[(count + results.count)...]))
  }
  guard backward.region.graph.outputTypes.prefix(backward.resultCount).elementsEqual(x.map(\.type)) else {
    let message =
      "the pullback gives \(backward.region.graph.outputTypes), not a cotangent for each of \(x.map(\.type))"
    return [Tensor(storage: stop(GraphError("withDerivative", message), at: location))]
  }
  let call = forward.call(derivative: backward, argumentCount: count)
  return forward.finish(Tensor.recordMany(call.operation, call.operands(x), at: location))
}

extension RecordedRegion {
  /// The call of this region with a derivative whose outside values are operands of the call as well.
  fileprivate func call(
    derivative: RecordedRegion, argumentCount: Int
  ) -> (operation: Call, operands: ([Tensor]) -> [Tensor]) {
    let outer = outerOperands
    let more = derivative.outerOperands
    let types = region.graph.inputTypes + more.map(\.type)
    let results = region.graph.outputTypes
    let forward = rewired(types) { operands in Array(operands.prefix(region.graph.inputs.count)) }
    let resultTypes = results + results
    let backward = derivative.rewired(types + resultTypes) { values in
      let tail = values.dropFirst(types.count)
      var taken = Array(values.prefix(argumentCount))
      taken += tail.prefix(resultCount)
      taken += tail.dropFirst(results.count).prefix(resultCount)
      taken += values.dropFirst(region.graph.inputs.count).prefix(more.count)
      return taken
    }
    let completed = backward.completed(argumentCount: argumentCount, operandTypes: types)
    return (
      Call("withDerivative", body: Region(forward), derivative: Region(completed)), { $0 + outer + more }
    )
  }

  /// This region's graph with other inputs, of which `select` picks those it takes.
  private func rewired(_ types: [TensorType], _ select: ([Value]) -> [Value]) -> Graph {
    var builder = GraphBuilder()
    let inputs = types.map { builder.input($0) }
    let outputs = try! builder.inline(region.graph, operands: select(inputs))
    return Graph(nodes: builder.nodes, inputs: inputs, outputs: outputs)
  }
}

extension Graph {
  /// A derivative gives a cotangent for every operand; those beyond the arguments get zeros.
  fileprivate func completed(argumentCount: Int, operandTypes: [TensorType]) -> Graph {
    var builder = GraphBuilder(nodes: nodes)
    var results = Array(outputs.prefix(argumentCount))
    for type in operandTypes.dropFirst(argumentCount) {
      // Every scalar can be repeated to the shape of a type that exists.
      results.append(try! builder.zeros(type))
    }
    return Graph(nodes: builder.nodes, inputs: inputs, outputs: results)
  }
}
