import MartletGraph

// Where tensors meet the transforms of the graph.

extension Recorder {
  /// Lets `body` add nodes to the builder, and makes tensors of those it returns.
  private func transform(
    at location: SourceLocation, _ body: (inout GraphBuilder) throws(GraphError) -> [Value?]
  ) -> [Tensor?] {
    let outcome = locked { () -> Result<[Value?], GraphError> in
      syncEntries()
      builder.location = traced(location)
      defer { syncEntries() }
      do throws(GraphError) {
        return .success(try body(&builder))
      } catch {
        return .failure(error)
      }
    }
    switch outcome {
    case .success(let values): return values.map { $0.map { Tensor(storage: adoptNode($0)) } }
    case .failure(let error):
      _ = stop(error, at: location)
      return []
    }
  }

  private func values(_ tensors: [Tensor]) -> [Value] { tensors.map { Value(position(of: $0.storage)) } }

  func pullback(
    from outputs: [Tensor], cotangents: [Tensor], to sources: [Tensor], after start: Int, at location: SourceLocation
  ) -> [Tensor?] {
    for (output, cotangent) in zip(outputs, cotangents) where output.type != cotangent.type {
      _ = stop(GraphError("vjp", "the cotangent is \(cotangent.type), the value \(output.type)"), at: location)
    }
    let (from, seeds, to) = (values(outputs), values(cotangents), values(sources))
    let results = transform(at: location) { builder throws(GraphError) in
      try builder.pullback(from: from, cotangents: seeds, to: to, after: start)
    }
    return results.isEmpty ? sources.map { _ in nil } : results
  }

  func gradients(of value: Tensor, to sources: [Tensor], after start: Int, at location: SourceLocation) -> [Tensor?] {
    guard value.rank == 0, value.dtype.isFloatingPoint else {
      let message = "the value is \(value.type), not one floating-point number; reduce it first"
      _ = stop(GraphError("gradient", message), at: location)
      return sources.map { _ in nil }
    }
    let one = Tensor(literal: 1, like: value, at: location)
    return pullback(from: [value], cotangents: [one], to: sources, after: start, at: location)
  }

  func pushforward(
    of outputs: [Tensor], from sources: [Tensor], tangents: [Tensor], after start: Int, at location: SourceLocation
  ) -> [Tensor?] {
    for (source, tangent) in zip(sources, tangents) where source.type != tangent.type {
      _ = stop(GraphError("jvp", "the tangent is \(tangent.type), the value \(source.type)"), at: location)
    }
    let (of, from, along) = (values(outputs), values(sources), values(tangents))
    let results = transform(at: location) { builder throws(GraphError) in
      try builder.pushforward(of: of, from: from, tangents: along, after: start)
    }
    return results.isEmpty ? outputs.map { _ in nil } : results
  }

  /// Records a region's nodes again on other operands.
  func inline(_ graph: Graph, _ operands: [Tensor], at location: SourceLocation) -> [Tensor] {
    let inputs = values(operands)
    return transform(at: location) { builder throws(GraphError) in
      try builder.inline(graph, operands: inputs).map(Optional.some)
    }.compactMap { $0 }
  }

  /// Records a region for many examples at once.
  func batched(
    _ graph: Graph, _ operands: [Tensor], isBatched: [Bool], size: Int, at location: SourceLocation
  ) -> (results: [Tensor], isBatched: [Bool]) {
    let inputs = values(operands)
    var flags: [Bool] = []
    let results = transform(at: location) { builder throws(GraphError) in
      let outcome = try builder.batched(graph, operands: inputs, isBatched: isBatched, size: size)
      flags = outcome.isBatched
      return outcome.results.map(Optional.some)
    }
    return (results.compactMap { $0 }, flags)
  }
}
