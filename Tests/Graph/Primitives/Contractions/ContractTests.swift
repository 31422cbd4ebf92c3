import MartletGraph
import MartletTestSupport
import Testing

@Suite struct ContractTests {
  private struct Case: CustomTestStringConvertible {
    var left, right: Shape
    var contract: Contract
    var testDescription: String { "\(left) × \(right)" }

    init(_ left: Shape, _ right: Shape, _ contracted: [(Int, Int)], batch: [(Int, Int)] = []) {
      self.left = left
      self.right = right
      contract = Contract(
        leftBatch: AxisList(batch.map(\.0)), rightBatch: AxisList(batch.map(\.1)),
        leftContracted: AxisList(contracted.map(\.0)), rightContracted: AxisList(contracted.map(\.1)))
    }
  }

  private static let cases: [Case] = [
    Case([2, 3], [3, 4], [(1, 0)]),
    Case([3, 2], [4, 3], [(0, 1)]),
    Case([3], [3], [(0, 0)]),
    Case([2], [3], []),
    Case([], [2, 2], []),
    Case([2, 2, 3], [2, 3, 2], [(2, 1)], batch: [(0, 0)]),
    Case([2, 3, 2], [3, 2, 2], [(1, 0)], batch: [(2, 1)]),
    Case([2, 3, 2], [2, 2, 3], [(2, 0), (1, 2)]),
    Case([2, 3, 2, 1], [1, 3, 2], [(3, 0)], batch: [(1, 1), (0, 2)]),
    Case([2, 0], [0, 3], [(1, 0)]),
    Case([0, 2], [2, 3], [(1, 0)]),
    Case([1, 1], [1, 1], [(0, 0)]),
  ]

  @Test(arguments: cases)
  private func `states only what holds`(instance: Case) {
    let a = ReferenceTensor.random(TensorType(.float64, instance.left), seed: 1)
    let b = ReferenceTensor.random(TensorType(.float64, instance.right), seed: 2)
    #expect(RuleChecks(instance.contract, [a, b]).failures() == [])
  }

  @Test func `multiplies matrices`() throws {
    let product = Self.cases[0].contract
    let a = tensor([1, 2, 3, 4], [2, 2])
    let b = tensor([5, 6, 7, 8], [2, 2])
    #expect(try evaluate(product, a, b).doubles == [19, 22, 43, 50])
    let (i, j) = (integers([100, 2], [1, 2], .int8), integers([2, 1], [2, 1], .int8))
    #expect(try evaluate(product, i, j).integers == [-54])
  }

  @Test func `an empty inner dimension gives zeros`() throws {
    let product = Self.cases[0].contract
    #expect(try evaluate(product, tensor([] as [Double], [2, 0]), tensor([] as [Double], [0, 1])).doubles == [0, 0])
  }

  @Test func `puts batch axes first, then those of the left operand, then those of the right`() throws {
    let contract = Contract(leftBatch: [2], rightBatch: [0], leftContracted: [0], rightContracted: [2])
    let type = try contract.resultType([TensorType(.float32, [5, 6, 7]), TensorType(.float32, [7, 8, 5])])
    #expect(type == TensorType(.float32, [7, 6, 8]))
  }

  @Test func `names the sizes that differ`() {
    let error = #expect(throws: GraphError.self) {
      try Self.cases[0].contract.resultType([TensorType(.float32, [32, 784]), TensorType(.float32, [512, 10])])
    }
    #expect(error?.description == "matmul: inner dimensions differ: [32, 784] × [512, 10] (784 ≠ 512)")
  }
}
