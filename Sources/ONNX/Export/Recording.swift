import Martlet
import MartletGraph

/// A function as a graph, with the values that it uses beside its arguments.
struct Recording {
  /// Inputs: the arguments, the variables, the captures. Outputs: the results.
  var graph: Graph
  let argumentCount: Int
  let variables: [Variable]
  let captures: [Tensor]

  /// Records a function on arguments of the given types; nothing is computed.
  init(_ function: ([Tensor]) throws -> [Tensor], inputs: [TensorType]) throws {
    let recorded = try Recorder.current.recordRegion("export", inputs: inputs, function)
    graph = recorded.region.graph
    // What the variables become is no part of what is exported.
    graph.outputs = Array(graph.outputs.prefix(recorded.resultCount))
    argumentCount = inputs.count
    (variables, captures) = (recorded.variables, recorded.captures)
  }
}

extension Graph {
  /// For each node whether an output depends on it.
  var liveNodes: [Bool] {
    var live = [Bool](repeating: false, count: nodes.count)
    for output in outputs { live[output.position] = true }
    for (position, node) in nodes.enumerated().reversed() where live[position] {
      for operand in node.operands { live[operand.position] = true }
    }
    return live
  }
}
