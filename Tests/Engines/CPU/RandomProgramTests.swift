import MartletCPU
import MartletGraph
import MartletKernels
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Programs drawn at random from the whole set of operations, with their gradients, on every instruction set of the
/// machine.
///
/// The program of a seed is the same everywhere. `MARTLET_PROGRAMS=100000` draws so many, `MARTLET_FIRST_PROGRAM=5000`
/// begins with that seed.
@Suite struct RandomProgramTests {
  private static let blockSize = 100

  @Test(arguments: 0..<((number("MARTLET_PROGRAMS") ?? 10_000) / blockSize))
  func `random programs agree with the reference, values and gradients`(block: Int) {
    let first = (number("MARTLET_FIRST_PROGRAM") ?? 0) + block * RandomProgramTests.blockSize
    var tally = Tally()
    for seed in first..<(first + RandomProgramTests.blockSize) {
      do {
        try tally.check(RandomProgram(seed: UInt64(seed + 1)))
      } catch {
        Issue.record("program \(seed): \(error)")
      }
    }
    #expect(tally.gradients * 10 >= RandomProgramTests.blockSize * 8, "only \(tally.gradients) have gradients")
    #expect(tally.failing * 20 <= RandomProgramTests.blockSize, "\(tally.failing) programs are errors when they run")
  }

  @Test func `every primitive is drawn`() {
    var names: Set<String> = []
    for seed in 0..<1000 { names.formUnion(RandomProgram(seed: UInt64(seed + 1)).names) }
    var expected: [String] = Unary.Kind.allCases.map { Unary($0).name } + Binary.Kind.allCases.map { Binary($0).name }
    expected += Compare.Kind.allCases.map { Compare($0).name } + Reduce.Kind.allCases.map { Reduce($0, axes: []).name }
    expected += Cumulative.Kind.allCases.map { Cumulative($0, axis: 0).name }
    expected += Scatter.Combination.allCases.map { Scatter(.axis(0), $0).name }
    expected += ["select", "cast", "bitCast", "argMax", "argMin", "argSort", "topK", "sumPool", "maxPool", "minPool"]
    expected += ["window scatter", "window gather", "matmul", "conv", "conv inputGradient", "conv filterGradient"]
    expected += ["reshape", "broadcast", "slice", "pad", "concatenate", "reverse", "dynamicSlice", "dynamicUpdate"]
    expected += ["gather", "searchSorted", "randomBits", "cholesky", "lu", "qr", "eigh", "svd", "triangularSolve"]
    expected += ["fft", "ifft", "rfft", "irfft", "checkpoint", "own", "scan", "cond", "while"]
    let missing = expected.filter { !names.contains($0) }
    #expect(missing.isEmpty, "never drawn: \(missing)")
  }
}

/// What some programs came to.
private struct Tally {
  /// Programs that can be differentiated, and those that stop with an error when they run.
  var gradients = 0, failing = 0

  mutating func check(_ program: RandomProgram) throws {
    var program = program
    var outputs = program.outputs
    if let found = try? program.sketch.gradients(of: outputs) {
      outputs += found
      gradients += 1
    }
    let graph = program.sketch.graph(outputs)
    let comparison = ResultComparison(
      graph: graph, inputs: program.sketch.data, scalars: graph.scalarLiterals)
    let expected = try? comparison.expected()
    if expected == nil { failing += 1 }
    for isa in [MARTLET_ISA_SCALAR, MARTLET_ISA_NEON, MARTLET_ISA_AVX2, MARTLET_ISA_AVX512] where martlet_has_isa(isa) {
      let usual = martlet_current_isa()
      martlet_set_isa(isa)
      defer { martlet_set_isa(usual) }
      try check(graph, program.sketch.data, comparison, expected, String(cString: martlet_isa_name(isa)))
    }
  }

  private func check(
    _ graph: Graph, _ data: [ReferenceTensor], _ comparison: ResultComparison, _ expected: [ReferenceTensor]?,
    _ isa: String
  ) throws {
    guard let expected else {
      if (try? run(graph, data, on: CPUEngine.shared)) != nil { throw Finding("\(isa): the reference alone fails") }
      return
    }
    let kept = try run(graph, data, on: CPUEngine.shared)
    if let difference = try comparison.firstDifference(in: kept, from: expected) {
      let fault = try comparison.firstFault(of: CPUEngine.shared)
      throw Finding("\(isa): \(difference.message); \(fault?.message ?? "step by step it is right")\n\(graph.listing)")
    }
    // The same with inputs that may be overwritten: results must not notice.
    let donated = try run(graph, data, on: CPUEngine.shared, donated: data.map { _ in true })
    for (a, b) in zip(donated, kept) where difference(a, b, 0) != nil {
      throw Finding("\(isa): donated inputs change the result\n\(graph.listing)")
    }
  }
}

private struct Finding: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

extension Sketch {
  /// The gradients of the sum of the floating-point outputs by the floating-point inputs.
  fileprivate mutating func gradients(of outputs: [Value]) throws -> [Value] {
    let count = builder.nodes.count
    do {
      let real = outputs.filter { builder.type($0).dtype.isFloatingPoint }
      let cotangents = try real.map { try builder.ones(builder.type($0)) }
      let sources = inputs.filter { builder.type($0).dtype.isFloatingPoint }
      return try builder.pullback(from: real, cotangents: cotangents, to: sources).compactMap { $0 }
    } catch {
      builder.truncate(to: count)
      throw error
    }
  }
}

extension Graph {
  fileprivate var scalarLiterals: [Literal] {
    nodes.compactMap { node in
      if case .scalar(let scalar) = node.primitive { scalar.literal } else { nil }
    }
  }

  /// The operations with their operands, for whoever looks for a fault.
  fileprivate var listing: String {
    nodes.enumerated().map { position, node in
      "  %\(position) = \(node.primitive.rules.name)(\(node.operands.map { "%\($0.position)" }.joined(separator: ", "))) "
        + "\(node.type)"
    }.joined(separator: "\n") + "\n  gives \(outputs.map { "%\($0.position)" }.joined(separator: ", "))"
  }
}

private func number(_ variable: String) -> Int? { getenv(variable).flatMap { Int(String(cString: $0)) } }
