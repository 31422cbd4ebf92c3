/// The engine that interprets programs in plain Swift, one primitive at a time: what all others are compared with.
public struct ReferenceEngine: Engine {
  public init() {}

  public var name: String { "reference" }

  /// Checks that every input has its node; nothing is planned.
  public func compile(_ program: Program) throws(GraphError) -> any Executable {
    if program.isDonated.count != program.graph.inputs.count {
      throw GraphError(
        "reference", "\(program.isDonated.count) donation flags for \(program.graph.inputs.count) inputs")
    }
    return ReferenceExecutable(program: program, scalarTypes: program.scalars.map { program.graph[$0].type.dtype })
  }

  public func allocate(byteCount: Int) throws(ExecutionError) -> Buffer { .allocated(byteCount: byteCount) }
}

/// A program as the reference engine runs it.
struct ReferenceExecutable: Executable {
  let program: Program
  let scalarTypes: [DType]

  func run(inputs: [Buffer], scalars: [UInt64]) throws(ExecutionError) -> [Buffer] {
    let types = program.graph.inputTypes
    if inputs.count != types.count || scalars.count != scalarTypes.count {
      throw ExecutionError(
        node: nil,
        message: "the program takes \(types.count) inputs and \(scalarTypes.count) scalars, "
          + "not \(inputs.count) and \(scalars.count)")
    }
    var tensors: [ReferenceTensor] = []
    for (buffer, type) in zip(inputs, types) {
      if buffer.byteCount < type.sizeInBytes {
        throw ExecutionError(node: nil, message: "a buffer of \(buffer.byteCount) bytes is too small for \(type)")
      }
      tensors.append(ReferenceTensor(type, reading: UnsafeRawBufferPointer(buffer.bytes)))
    }
    let literals = zip(scalarTypes, scalars).map { Literal(dtype: $0, bits: $1) }
    var interpreter = Interpreter()
    return try interpreter.run(program.graph, inputs: tensors, scalars: literals).map { tensor in
      let buffer = Buffer.allocated(byteCount: tensor.type.sizeInBytes)
      tensor.write(to: buffer.bytes)
      return buffer
    }
  }
}

extension Buffer {
  /// Memory of this process, freed with the buffer.
  fileprivate static func allocated(byteCount: Int) -> Buffer {
    let address = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
    return Buffer(address: address, byteCount: byteCount) { address, _ in address.deallocate() }
  }
}
