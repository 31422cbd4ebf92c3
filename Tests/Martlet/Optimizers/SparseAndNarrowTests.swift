import Martlet
import MartletGraph
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct SparseAndNarrowTests {
  @Test func `two optimizers on one gradient leave the gradient of a table as rows`() throws {
    let table = Embedding(50, 4, seed: 3)
    let head = Dense(4, 2, seed: 1)
    let gradients = valueAndGradient { head(table(Tensor([3, 0, 3, 1]))).sum() }.gradients
    SGD(head.parameters, learningRate: 0.1).update(with: gradients)
    guard case .rows(let rows) = gradients.derivatives.first(where: { $0.parameter === table.weight })?.derivative
    else {
      Issue.record("the gradient of the table is whole")
      return
    }
    #expect(rows.updates.shape == [4, 4])
    let before = table.weight.tensor.scalars(as: Float.self)
    let whole = try #require(gradients[table.weight]).scalars(as: Float.self)
    SGD(table.parameters, learningRate: 0.5).update(with: gradients)
    let after = table.weight.tensor.scalars(as: Float.self)
    for index in after.indices { #expect(abs(after[index] - (before[index] - 0.5 * whole[index])) < 1e-6) }
  }

  @Test func `clipping and scaling keep rows, and the norm adds up rows that occur twice`() throws {
    let table = Embedding(50, 4, dtype: .float64, seed: 3)
    let gradients = valueAndGradient { exp(table(Tensor([[3, -1], [3, 1]]))).sum() }.gradients
    let whole = try #require(gradients[table.weight])
    #expect(abs(gradients.norm.scalar - whole.norm().scalar) < 1e-6 * whole.norm().scalar)
    let clipped = gradients.clipped(toNorm: 0.5)
    guard case .rows = clipped.derivatives[0].derivative else {
      Issue.record("clipping made the gradient whole")
      return
    }
    let scaled = try #require(clipped[table.weight]).norm().scalar
    #expect(abs(scaled - 0.5) < 1e-5)
  }

  @Test(arguments: [MartletGraph.DType.bfloat16, .float16])
  func `parameters of 16 bits take steps that are too small for them`(dtype: MartletGraph.DType) {
    let parameter = Parameter(.ones([3], dtype: dtype))
    let optimizer = Adam([parameter], learningRate: 1e-4)
    let ones = Gradients([(parameter, Tensor.ones([3], dtype: dtype))])
    for _ in 0..<100 { optimizer.update(with: ones) }
    // A hundred steps of 1e-4, each of which rounds away in the parameter itself.
    let spacing = dtype == .bfloat16 ? 0.004 : 0.0005
    #expect(abs(parameter.tensor.cast(to: .float64).max().scalar - 0.99) <= spacing)
    #expect(optimizer.states.filter { $0.shape == [3] }.allSatisfy { $0.type.dtype == .float32 })
    #expect(optimizer.states.contains { $0.name == "adam.wide.0" })
    // A value put there by somebody else counts.
    parameter.tensor = .full([3], value: 8, dtype: dtype)
    optimizer.update(with: ones)
    #expect(parameter.tensor.cast(to: .float64).max().scalar == 8)
  }

  @Test func `Muon refuses vectors with a sentence`() {
    let error = #expect(throws: ProgramError.self) {
      try checked { _ = Muon([Parameter(.ones([3]))], learningRate: 0.1) }
    }
    #expect(error?.message.contains("no matrix") == true)
  }
}
