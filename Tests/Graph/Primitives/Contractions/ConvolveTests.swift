import MartletGraph
import MartletTestSupport
import Testing

@Suite struct ConvolveTests {
  private struct Case: CustomTestStringConvertible {
    var image, filter: Shape
    var convolve: Convolve
    var testDescription: String { "\(image) * \(filter) \(convolve.strides) \(convolve.groups)" }

    init(
      _ image: Shape, _ filter: Shape, strides: Shape? = nil, dilations: Shape? = nil, low: Shape? = nil,
      high: Shape? = nil, groups: Int = 1
    ) {
      let ones = Shape(repeating: 1, rank: image.rank - 2)
      let zeros = Shape(repeating: 0, rank: image.rank - 2)
      self.image = image
      self.filter = filter
      convolve = Convolve(
        strides: strides ?? ones, dilations: dilations ?? ones, paddingLow: low ?? zeros, paddingHigh: high ?? zeros,
        groups: groups)
    }
  }

  private static let cases: [Case] = [
    Case([2, 5, 2], [3, 2, 2]),
    Case([1, 6, 1], [2, 1, 2], strides: [3]),
    Case([2, 6, 2], [3, 2, 1], strides: [2], dilations: [2], low: [1], high: [2]),
    Case([1, 5, 2], [2, 2, 2], low: [-1], high: [1]),
    Case([1, 5, 4], [2, 2, 4], strides: [2], low: [1], high: [0], groups: 2),
    Case([1, 4, 3], [3, 1, 6], low: [1], high: [1], groups: 3),
    Case([1, 3, 4, 2], [2, 3, 2, 1], strides: [1, 2], low: [1, 1], high: [0, 1]),
    Case([1, 2, 3, 2, 2], [1, 2, 2, 1, 2], groups: 2),
    Case([0, 4, 2], [2, 2, 1]),
    Case([1, 1, 1], [1, 1, 1]),
  ]

  @Test(arguments: cases, Convolve.Form.allCases)
  private func `states only what holds, in each form`(instance: Case, form: Convolve.Form) throws {
    let image = TensorType(.float64, instance.image)
    let filter = TensorType(.float64, instance.filter)
    let output = try instance.convolve.resultType([image, filter])
    var convolve = instance.convolve
    convolve.form = form
    let types: [TensorType]
    switch form {
    case .forward: types = [image, filter]
    case .inputGradient:
      types = [output, filter]
      convolve.resultSizes = Shape(image.shape.dropFirst().dropLast())
    case .filterGradient:
      types = [image, output]
      convolve.resultSizes = Shape(filter.shape.dropLast(2))
    }
    let operands = types.enumerated().map { ReferenceTensor.random($1, seed: $0 + 1) }
    #expect(RuleChecks(convolve, operands).failures() == [])
  }

  @Test func `slides the filter without turning it`() throws {
    let convolve = Convolve(strides: [1], dilations: [1], paddingLow: [0], paddingHigh: [0])
    let image = tensor([1, 2, 3, 4], [1, 4, 1])
    #expect(try evaluate(convolve, image, tensor([10, 1], [2, 1, 1])).doubles == [12, 23, 34])
    let whole = integers([100, 100], [1, 2, 1], .int8)
    #expect(try evaluate(convolve, whole, integers([1, 1], [2, 1, 1], .int8)).integers == [-56])
  }

  @Test func `honors strides, dilations, padding and groups`() throws {
    let convolve = Convolve(strides: [2], dilations: [2], paddingLow: [1], paddingHigh: [1], groups: 2)
    let image = tensor((0..<8).flatMap { [Double($0), Double($0 + 8)] }, [1, 8, 2])
    let filter = tensor([1, 2, 11, 12], [2, 1, 2])
    // The definition, written out: output t of a group is f0 x[2t - 1] + f1 x[2t + 1].
    let expected = (0..<4).flatMap { t -> [Double] in
      let low = 2 * t - 1
      let first = (low < 0 ? 0 : Double(low)) * 1 + Double(low + 2) * 11
      let second = (low < 0 ? 0 : Double(low + 8)) * 2 + Double(low + 10) * 12
      return [first, second]
    }
    #expect(try evaluate(convolve, image, filter).doubles == expected)
  }

  @Test func `numbers that would overflow are refused, not multiplied`() {
    let types = [TensorType(.float32, [1, 4, 1]), TensorType(.float32, [2, 1, 1])]
    let huge = Int.max / 2
    for (stride, dilation, padding) in [(1, huge, 0), (1, 1, Int.max), (1, 1, Int.min), (huge, huge, huge)] {
      let convolve = Convolve(strides: [stride], dilations: [dilation], paddingLow: [padding], paddingHigh: [padding])
      #expect(throws: GraphError.self) { try convolve.resultType(types[...]) }
      let window = Window(
        sizes: [2], strides: [stride], dilations: [dilation], paddingLow: [padding], paddingHigh: [padding])
      #expect(throws: GraphError.self) {
        try ReduceWindow(.sum, window: window).resultType([TensorType(.float32, [4])])
      }
    }
    let grouped = Convolve(
      .inputGradient, strides: [1], dilations: [1], paddingLow: [0], paddingHigh: [0], groups: huge, resultSizes: [4])
    let filter = TensorType(.float32, [2, huge, 0])
    #expect(throws: GraphError.self) { try grouped.resultType([TensorType(.float32, [1, 3, 0]), filter]) }
  }
}
