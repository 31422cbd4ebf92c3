import MartletGraph
import MartletTestSupport
import Testing

/// The checks of rules are themselves checked with rules that do not hold.
@Suite struct RuleChecksTests {
  /// A sum along axis 0 of a matrix, of which one fact can be made wrong.
  private struct Liar: PrimitiveRules {
    enum Lie: CaseIterable { case type, cost, freeIndex, reducedIndex, batching, tangent }

    var lie: Lie?
    private var honest: Reduce { Reduce(.sum, axes: [0]) }
    var name: String { "liar" }
    var primitive: Primitive { honest.primitive }

    func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
      var type = try honest.resultType(operands)
      if lie == .type { type.shape.append(1) }
      return type
    }

    func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
      try honest.pullback(context, in: &graph)
    }

    func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
      let tangent = try honest.pushforward(context, in: &graph)[0]!
      return [lie == .tangent ? try graph.negate(tangent) : tangent]
    }

    func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
      let right = try honest.batched(context, in: &graph)
      return lie == .batching ? [try graph.reverse(right[0], axes: [1])] : right
    }

    func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
      honest.cost(operands, result: result) + Cost(floatingPointOperations: lie == .cost ? 1 : 0)
    }

    func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
      switch lie {
      case .freeIndex: IndexStructure(operands: [[1, 0]], result: [1], reduced: [0])
      case .reducedIndex: IndexStructure(operands: [[0, 1]], result: [nil], reduced: [1])
      default: honest.indexing(operands, result: result)
      }
    }

    func evaluate(
      _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
    ) throws(ExecutionError) -> [ReferenceTensor] {
      let type = TensorType(result.dtype, [operands[0].type.shape[1]])
      return try honest.evaluate(operands, result: type, count: &count)
    }
  }

  @Test func `nothing is reported of rules that hold`() {
    #expect(RuleChecks(Liar(), [.random(TensorType(.float64, [3, 3]), seed: 1)]).failures() == [])
  }

  @Test(arguments: Liar.Lie.allCases)
  private func `a fact that does not hold is reported`(lie: Liar.Lie) {
    let failures = RuleChecks(Liar(lie: lie), [.random(TensorType(.float64, [3, 3]), seed: 1)]).failures()
    #expect(!failures.isEmpty)
  }

  @Test func `a missing cotangent and a missing tangent are reported`() {
    let failures = RuleChecks(Identity(.stopGradient), [.random(TensorType(.float64, [2]), seed: 1)]).failures()
    #expect(failures.contains { $0.contains("derivatives: reverse: operand 0") })
    #expect(failures.contains { $0.contains("derivatives: forward: no tangent") })
  }
}
