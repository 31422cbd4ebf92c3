import MartletGraph
import Synchronization

/// A program some of whose runs are repeated by the reference interpreter.
package final class CheckedProgram: Executable {
  private let executable: any Executable
  private let program: Program
  private let check: ResultCheck
  /// Plans a program like this one, to look for the operation at fault.
  private let engine: any Engine
  private let hash: UInt64
  private let runCount = Atomic<UInt64>(0)

  /// Compares the results of `executable`, which is what `engine` makes of `program`.
  package init(_ executable: any Executable, _ program: Program, _ check: ResultCheck, engine: any Engine) {
    (self.executable, self.program, self.check, self.engine) = (executable, program, check, engine)
    hash = program.graph.structureHash
  }

  package func run(inputs: [Buffer], scalars: [UInt64]) throws(ExecutionError) -> [Buffer] {
    guard check.chooses(run: runCount.add(1, ordering: .relaxed).oldValue &+ hash) else {
      return try executable.run(inputs: inputs, scalars: scalars)
    }
    // Donated inputs may be overwritten, so they are read first.
    let tensors = zip(inputs, program.graph.inputTypes).map { buffer, type in
      ReferenceTensor(type, reading: UnsafeRawBufferPointer(buffer.bytes))
    }
    let outputs = try executable.run(inputs: inputs, scalars: scalars)
    let literals = zip(program.scalars, scalars).map { value, bits in
      Literal(dtype: program.graph[value].type.dtype, bits: bits)
    }
    let comparison = ResultComparison(graph: program.graph, inputs: tensors, scalars: literals)
    let found = zip(outputs, program.graph.outputTypes).map { buffer, type in
      ReferenceTensor(type, reading: UnsafeRawBufferPointer(buffer.bytes))
    }
    guard var difference = try comparison.firstDifference(in: found) else { return outputs }
    let fault = try comparison.firstFault(of: engine)
    difference.location = fault?.location ?? difference.location
    difference.node = fault?.node ?? difference.node
    difference.message += fault.map { "; the first to differ is \($0.message)" } ?? "; step by step it is right"
    throw difference
  }
}
