import Martlet
import MartletGraph
import MartletTestSupport
import Testing

/// An operation without a derivative is an error where a gradient through it is recorded, and never a silent zero.
@Suite(.endsAtZero) struct MissingDerivativeTests {
  struct Missing: Sendable, CustomTestStringConvertible {
    let words: String
    let shape: Shape
    let function: @Sendable (Tensor) -> Tensor
    var testDescription: String { words }

    init(_ words: String, _ shape: Shape = [3], _ function: @escaping @Sendable (Tensor) -> Tensor) {
      (self.words, self.shape, self.function) = (words, shape, function)
    }
  }

  @Test(arguments: [
    Missing("the bits of float16 [3] have no derivative") { $0.cast(to: .float16).bitCast(to: .bfloat16) },
    Missing("zeta: the derivative by the first operand is not known") { zeta($0 + 2, Tensor([1] as [Float])) },
    Missing("own: the operation was made without a pullback") { Tensor.custom(own, [$0]) },
    Missing("while") { x in whileLoop([x], while: { $0[0].sum() .< 10 }, do: { [$0[0] * 2] })[0] },
    Missing("qr: the derivative needs", [3, 2]) { qr($0, isComplete: true).q },
    Missing("lu: the derivative needs", [3, 2]) { luFactors($0).upper },
    Missing("the value is int64 []") { $0.argMax() },
    Missing("the value is bool []") { ($0 .> 0).any() },
  ])
  func `a gradient through it is an error that names it, in both modes`(missing: Missing) {
    let x = Tensor.uniform(missing.shape, in: 1...2, seed: 1)
    expectMistake(missing.words) { valueAndGradient(at: x) { whole(missing.function($0)) }.gradient }
    // A loop has a forward derivative, and what counts or compares moves by nothing.
    if missing.words == "while" || missing.words.hasPrefix("the value") { return }
    expectMistake(missing.words) { jvp(at: [x], along: [x]) { [missing.function($0[0])] }.tangents[0] }
  }

  @Test func `stopping the gradient in front of it, or dropping its result, is no error`() throws {
    let x = Tensor([1, 2, 3] as [Float])
    let stopped = try checked {
      valueAndGradient(at: x) { ($0 + Tensor.custom(own, [stopGradient($0)])).sum() }.gradient
    }
    #expect(stopped.scalars(as: Float.self) == [1, 1, 1])
    let dropped = try checked {
      valueAndGradient(at: x) { x in
        _ = Tensor.custom(own, [x])
        return (x * 2).sum()
      }.gradient
    }
    #expect(dropped.scalars(as: Float.self) == [2, 2, 2])
  }

  private func whole(_ x: Tensor) -> Tensor { x.dtype.isFloatingPoint ? x.sum() : x }

  private func expectMistake(_ words: String, _ body: () -> Tensor) {
    do {
      let found = try checked { try body().evaluated() }
      Issue.record("\(words): nothing said, the result is \(found)")
    } catch {
      #expect("\(error)".contains(words), "\(error)")
    }
  }
}

private let own = CustomOperation(
  name: "own", resultType: { types throws(GraphError) in types[0] },
  compute: { operands, _, result in result.copyMemory(from: operands[0]) })
