import MartletFormats
import MartletGraph
import SwiftProtobuf

/// An exported model, ready to be written.
public struct ONNXModelFile: Sendable {
  /// Whether constants lie in a file beside the model.
  public enum WeightPlacement: Sendable, Hashable {
    /// In the model, as long as all of it is below 2 GB, which is the most that the format allows; else beside it.
    case automatic
    /// In the model.
    case inside
    /// Beside it, in a file of the model's name with `.data` behind it; constants of less than 1 kB stay inside.
    case beside
  }

  /// The version of the operators' definitions.
  public static let opset = 20

  private let header: ONNXModelProto
  private let constants: [ExportedTensor]

  /// The bytes of all constants.
  public var weightsSizeInBytes: Int { constants.reduce(0) { $0 + $1.tensor.bytes.count } }

  /// The names of all constants: the paths of parameters and states, and numbers of the program.
  public var constantNames: [String] { constants.map(\.name) }

  /// The operators of the graph in order, those of inner graphs left out.
  public var operators: [String] { header.graph.node.map(\.opType) }

  init(name: String, lowering: GraphLowering, inputs: [String], results: [String], outputs: [String]) {
    let (state, graph) = (lowering.state, lowering.graph)
    var proto = ONNXGraphProto()
    proto.name = name
    proto.input = zip(inputs, graph.inputs).map { name, input in
      ONNXValueInfoProto(name, graph[input].type, lowering.sizes(of: input))
    }
    proto.output = zip(outputs, graph.outputs).map { name, output in
      ONNXValueInfoProto(name, graph[output].type, lowering.sizes(of: output))
    }
    proto.node = state.prologue + lowering.nodes
    proto.node += zip(results, outputs).map { ONNXNodeProto("Identity", [$0], [$1], [], name: "Give_\($1)") }
    var used: Set<String> = []
    proto.collectInputs(&used)
    let (constants, renamed) = state.constants(usedBy: used)
    self.constants = constants
    proto.rename(renamed)
    var model = ONNXModelProto()
    model.irVersion = 9
    model.producerName = "Martlet"
    var operators = ONNXOperatorSetIdProto()
    operators.version = Int64(ONNXModelFile.opset)
    model.opsetImport = [operators]
    model.graph = proto
    header = model
  }

  /// The model as the bytes of a file, constants inside.
  ///
  /// - Throws: `FormatError` of kind `limit` if they are more than 2 GB.
  public func serialized() throws -> [UInt8] {
    guard weightsSizeInBytes < ONNXModelFile.largestModel else {
      throw FormatError(.limit, file: "", "the model has more than 2 GB; write its weights beside it")
    }
    var model = header
    model.graph.initializer = constants.map(\.embedded)
    return try model.serializedBytes()
  }

  /// Writes the model.
  ///
  /// - Throws: `FormatError` if a file cannot be written, or one would be larger than 2 GB.
  public func write(to path: String, weights: WeightPlacement = .automatic) throws {
    let isBeside =
      weights == .beside || (weights == .automatic && weightsSizeInBytes >= ONNXModelFile.largestModel)
    guard isBeside else { return try AtomicFile.write(try serialized(), to: path) }
    var file = try AtomicFile(path: path + ".data")
    var model = header
    var offset = 0
    for constant in constants {
      // Those who infer shapes must see sizes without opening another file.
      if constant.tensor.bytes.count < ONNXModelFile.smallestBeside {
        model.graph.initializer.append(constant.embedded)
        continue
      }
      let padding = (ONNXModelFile.alignment - offset % ONNXModelFile.alignment) % ONNXModelFile.alignment
      try file.write([UInt8](repeating: 0, count: padding))
      offset += padding
      let name = FileSystem.lastComponent(of: path) + ".data"
      model.graph.initializer.append(constant.external(file: name, offset: offset))
      try file.write(constant.tensor.bytes)
      offset += constant.tensor.bytes.count
    }
    try file.commit()
    try AtomicFile.write(try model.serializedBytes() as [UInt8], to: path)
  }

  /// A little below 2³¹ bytes, so that the rest of the model has room.
  private static let largestModel = 2_000_000_000
  /// Constants of fewer bytes always stay inside.
  private static let smallestBeside = 1024
  /// Where constants begin in their file: multiples of a page, so that it can be mapped.
  private static let alignment = 4096
}

extension ONNXGraphProto {
  /// Adds all names that nodes read, inner graphs included.
  fileprivate func collectInputs(_ names: inout Set<String>) {
    for node in node {
      names.formUnion(node.input)
      for attribute in node.attribute where attribute.hasG { attribute.g.collectInputs(&names) }
    }
    // An inner graph may give a constant as it is.
    names.formUnion(output.map(\.name))
  }
}

extension ONNXGraphProto {
  /// Calls what nodes read by other names, inner graphs included.
  fileprivate mutating func rename(_ names: [String: String]) {
    if names.isEmpty { return }
    for index in node.indices {
      node[index].input = node[index].input.map { names[$0] ?? $0 }
      for place in node[index].attribute.indices where node[index].attribute[place].hasG {
        node[index].attribute[place].g.rename(names)
      }
    }
  }
}

extension GraphLowering {
  /// The sizes of a value of the outermost graph.
  func sizes(of value: Value) -> [Size] {
    graph[value].type.shape.indices.map { axis in
      let sizes = variants.map { $0[value].type.shape[axis] }
      return state.size(sizes) ?? Size(sizes[0])
    }
  }
}
