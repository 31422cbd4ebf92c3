import MartletGraph

/// A closure that was recorded as a graph of its own.
package struct RecordedRegion {
  /// Inputs: the arguments, the variables, the captures. Outputs: the results, then the variables' last values.
  package var region: Region
  /// Variables that the closure read or replaced, and what they held before.
  package var variables: [Variable]
  /// Values from outside that the closure used.
  package var captures: [Tensor]
  package var resultCount: Int

  /// What to pass for the inputs after the arguments.
  package var outerOperands: [Tensor] { variables.map(\.tensor) + captures }

  /// Stores the last values of the variables, and returns the results.
  package func finish(_ outputs: [Tensor]) -> [Tensor] {
    for (variable, value) in zip(variables, outputs.dropFirst(resultCount)) { variable.tensor = value }
    return Array(outputs.prefix(resultCount))
  }
}

extension Recorder {
  /// Records `body` on stand-ins of the given types.
  package func recordRegion(
    _ name: String, inputs types: [TensorType], _ body: ([Tensor]) throws -> [Tensor]
  ) rethrows -> RecordedRegion {
    var arguments: [Tensor] = []
    return try scoped(.region(name: name)) {
      arguments = types.map { makeInput($0) }
      return try body(arguments)
    } use: { results, scope in
      let lastValues = scope.touched.map { Tensor(storage: scope.values[ObjectIdentifier($0.variable)]!) }
      let outputs = (results + lastValues).map { Value(position(of: $0.storage)) }
      let inputs = (arguments.map { position(of: $0.storage) } + scope.standIns).map { Value($0) }
      let (graph, captured) = locked { builder.extract(outputs: outputs, boundary: inputs, after: scope.start) }
      let captures = captured.map { Tensor(storage: adoptNode($0)) }
      withExtendedLifetime(arguments) {}
      return RecordedRegion(
        region: Region(graph), variables: scope.touched.map(\.variable), captures: captures,
        resultCount: results.count)
    }
  }
}
