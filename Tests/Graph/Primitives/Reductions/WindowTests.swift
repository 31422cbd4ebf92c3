import MartletGraph
import MartletTestSupport
import Testing

@Suite struct WindowTests {
  private static let cases: [(Shape, Window)] = [
    ([5], Window(sizes: [2], strides: [1])),
    ([6], Window(sizes: [3], strides: [2], paddingLow: [1], paddingHigh: [2])),
    ([7], Window(sizes: [2], strides: [3])),
    ([7], Window(sizes: [3], strides: [2], dilations: [2], paddingLow: [2], paddingHigh: [1])),
    ([2, 4, 5], Window(sizes: [1, 2, 3], strides: [1, 2, 1], paddingLow: [0, 1, 0], paddingHigh: [0, 0, 2])),
    ([2, 3, 2], Window(sizes: [1, 2, 1], strides: [1, 1, 2])),
    ([0, 4], Window(sizes: [1, 2], strides: [1, 2])),
    ([1], Window(sizes: [2], strides: [1], dilations: [3], paddingLow: [3], paddingHigh: [3])),
  ]

  @Test(arguments: ReduceWindow.Kind.allCases, cases)
  func `a window's sum, maximum or minimum states only what holds`(
    kind: ReduceWindow.Kind, instance: (Shape, Window)
  ) {
    // A window that covers padding alone has an infinite maximum, which no difference can be taken of.
    if kind != .sum && instance.0 == [1] { return }
    let x = ReferenceTensor.distinct(TensorType(.float64, instance.0), seed: 9)
    #expect(RuleChecks(ReduceWindow(kind, window: instance.1), [x]).failures() == [])
  }

  @Test(arguments: [ArgReduce.Kind.max, .min], cases)
  func `selection in either direction states only what holds`(
    kind: ArgReduce.Kind, instance: (Shape, Window)
  ) throws {
    let x = ReferenceTensor.distinct(TensorType(.float64, instance.0), seed: 9)
    let positions = try ReduceWindow(.sum, window: instance.1).resultType([x.type]).shape
    let scattered = ReferenceTensor.random(TensorType(.float64, positions), seed: 2)
    let gathered = ReferenceTensor.random(x.type, seed: 3)
    #expect(RuleChecks(WindowSelect(.scatter, kind, window: instance.1), [x, scattered]).failures() == [])
    #expect(RuleChecks(WindowSelect(.gather, kind, window: instance.1), [x, gathered]).failures() == [])
  }

  @Test func `padding adds nothing and never wins`() throws {
    let window = Window(sizes: [3], strides: [2], paddingLow: [1], paddingHigh: [1])
    let x = tensor([-1, -2, -3, -4, -5])
    #expect(try evaluate(ReduceWindow(.sum, window: window), x).doubles == [-3, -9, -9])
    #expect(try evaluate(ReduceWindow(.max, window: window), x).doubles == [-1, -2, -4])
    #expect(try evaluate(ReduceWindow(.min, window: window), x).doubles == [-2, -4, -5])
    let whole = integers([-1, -2, -3, -4, -5], nil, .int8)
    #expect(try evaluate(ReduceWindow(.max, window: window), whole).integers == [-1, -2, -4])
  }

  @Test func `the first of equal elements and NaN before all are selected`() throws {
    let window = Window(sizes: [2, 2], strides: [1, 1])
    let x = tensor([1, 1, 1, 1], [2, 2])
    #expect(
      try evaluate(WindowSelect(.scatter, .max, window: window), x, tensor([5], [1, 1])).doubles == [5, 0, 0, 0])
    let odd = tensor([1, 2, .nan, 1], [2, 2])
    let values = tensor([1, 2, 3, 4], [2, 2])
    #expect(try evaluate(WindowSelect(.gather, .min, window: window), odd, values).doubles == [3])
    #expect(try evaluate(ReduceWindow(.min, window: window), odd).doubles[0].isNaN)
  }

  @Test func `overlapping windows add up at a common selection`() throws {
    let window = Window(sizes: [2], strides: [1])
    let x = tensor([1, 9, 2])
    #expect(try evaluate(WindowSelect(.scatter, .max, window: window), x, tensor([10, 1])).doubles == [0, 11, 0])
  }
}
