import MartletCPU
import MartletGraph
import Testing

@Suite struct OperationTests {
  @Test(arguments: [DType.float32, .float64, .float16, .bfloat16, .int32, .uint8])
  func `contractions of any layout agree with the reference`(dtype: DType) throws {
    func check(_ a: Shape, _ b: Shape, _ contract: Contract) throws {
      var sketch = Sketch()
      let x = sketch.input(dtype, a)
      let y = sketch.input(dtype, b)
      let z = try sketch.builder.add(contract, Operands(x, y))
      try expectAgreement(sketch, [z], scale: 10, "\(a) \(b)")
    }
    func form(_ lb: AxisList, _ rb: AxisList, _ lc: AxisList, _ rc: AxisList) -> Contract {
      Contract(leftBatch: lb, rightBatch: rb, leftContracted: lc, rightContracted: rc)
    }
    try check([7, 5], [5, 9], form([], [], [1], [0]))
    try check([5, 7], [9, 5], form([], [], [0], [1]))
    try check([2, 3, 7, 5], [2, 3, 5, 4], form([0, 1], [0, 1], [3], [2]))
    try check([2, 7, 3, 5], [2, 6, 3, 5], form([0, 2], [0, 2], [3], [3]))
    try check([4, 3, 5], [5, 4, 6], form([], [], [0, 2], [1, 0]))
    try check([3, 4, 5, 2], [4, 6, 2], form([], [], [1, 3], [0, 2]))
    try check([6], [6], form([], [], [0], [0]))
    try check([6], [4], form([], [], [], []))
    try check([2, 3, 4], [3, 2, 4, 5], form([1, 0], [0, 1], [2], [2]))
    try check([3, 0], [0, 4], form([], [], [1], [0]))
  }

  @Test(arguments: [DType.float32, .float64, .bfloat16])
  func `convolutions and both transposes agree with the reference`(dtype: DType) throws {
    for (strides, dilations, groups) in [([1, 1], [1, 1], 1), ([2, 1], [1, 2], 2), ([2, 2], [1, 1], 4)]
      as [(Shape, Shape, Int)]
    {
      var sketch = Sketch()
      let image = sketch.input(dtype, [2, 9, 8, 4])
      let filter = sketch.input(dtype, [3, 2, 4 / groups, 8])
      let forward = Convolve(
        .forward, strides: strides, dilations: dilations, paddingLow: [1, 0], paddingHigh: [1, 2], groups: groups)
      let y = try sketch.builder.add(forward, Operands(image, filter))
      let bias = sketch.input(dtype, [8])
      let active = try sketch.builder.unary(.tanh, sketch.builder.add(y, bias))
      var back = forward
      back.form = .inputGradient
      back.resultSizes = [9, 8]
      let dx = try sketch.builder.add(back, Operands(y, filter))
      back.form = .filterGradient
      back.resultSizes = [3, 2]
      let df = try sketch.builder.add(back, Operands(image, y))
      try expectAgreement(sketch, [y, active, dx, df], scale: 100)
    }
  }

  @Test(arguments: DType.allCases)
  func `operations that move elements agree with the reference`(dtype: DType) throws {
    var sketch = Sketch()
    let x = sketch.input(dtype, [4, 5, 6])
    let zero = try sketch.builder.reshape(sketch.input(dtype, [1]), to: [])
    let turned = try sketch.builder.transpose(x, [1, 0, 2])
    var outputs = [
      try sketch.builder.add(Pad(low: [1, -2, 0], high: [0, 3, -1], interior: [1, 0, 2]), Operands(x, zero))
    ]
    outputs.append(try sketch.builder.add(Pad(low: [-1, 2, 1], high: [-2, -3, 2]), Operands(turned, zero)))
    outputs.append(
      try sketch.builder.add(Concatenate(axis: 1), Operands([x, x, sketch.builder.reverse(x, axes: [1])])))
    let start = sketch.input(ReferenceTensor(TensorType(.int64, [3]), wrapping: [1, 2, 3]))
    let block = try sketch.builder.add(DynamicSlice(sizes: [2, 2, 3]), Operands(x, start))
    outputs.append(block)
    outputs.append(try sketch.builder.add(DynamicUpdate(), Operands(x, block, start)))
    try expectAgreement(sketch, outputs)
  }

  @Test(arguments: DType.allCases)
  func `gathers and scatters agree with the reference`(dtype: DType) throws {
    var sketch = Sketch()
    let x = sketch.input(dtype, [4, 5, 3])
    let rows = sketch.input(ReferenceTensor(TensorType(.int32, [2, 2]), wrapping: [1, -1, 4, 1]))
    let elements = sketch.input(ReferenceTensor(TensorType(.int64, [4, 2, 3]), wrapping: (0..<24).map { $0 % 5 }))
    let points = sketch.input(ReferenceTensor(TensorType(.int16, [4, 2, 1]), wrapping: [0, 1, 2, 2, -1, 4, 3, 3]))
    var outputs: [Value] = []
    for (form, indices) in [(.axis(1), rows), (.elements(axis: 1), elements), (.points(batch: 1), points)]
      as [(IndexForm, Value)]
    {
      let taken = try sketch.builder.add(Gather(form), Operands(x, indices))
      outputs.append(taken)
      for combination in Scatter.Combination.allCases {
        if let y = try? sketch.builder.add(Scatter(form, combination), Operands(x, indices, taken)) {
          outputs.append(y)
        }
      }
    }
    try expectAgreement(sketch, outputs, scale: 4)
  }

  @Test(arguments: DType.allCases)
  func `orders, extremes, running sums and windows agree with the reference`(dtype: DType) throws {
    var sketch = Sketch()
    let x = sketch.input(dtype, [3, 8, 4])
    var outputs: [Value] = []
    for axis in 0..<3 {
      outputs.append(try sketch.builder.add(ArgReduce(.max, axis: axis), Operands(x)))
      outputs.append(try sketch.builder.add(ArgReduce(.min, axis: axis), Operands(x)))
      outputs.append(try sketch.builder.add(ArgSort(axis: axis, isDescending: axis == 1), Operands(x)))
    }
    if dtype != .bool {
      for kind in Cumulative.Kind.allCases where kind != .logSumExp || dtype.isFloatingPoint {
        outputs.append(try sketch.builder.add(Cumulative(kind, axis: 1, isReversed: kind == .sum), Operands(x)))
      }
      let window = Window(
        sizes: [1, 3, 2], strides: [1, 2, 1], dilations: [1, 1, 2], paddingLow: [0, 1, 0], paddingHigh: [0, 2, 1])
      for kind in ReduceWindow.Kind.allCases {
        let pooled = try sketch.builder.add(ReduceWindow(kind, window: window), Operands(x))
        outputs.append(pooled)
        if kind == .sum { continue }
        let side: ArgReduce.Kind = kind == .max ? .max : .min
        outputs.append(try sketch.builder.add(WindowSelect(.scatter, side, window: window), Operands(x, pooled)))
        outputs.append(try sketch.builder.add(WindowSelect(.gather, side, window: window), Operands(x, x)))
      }
    }
    try expectAgreement(sketch, outputs, scale: 10)
  }

  @Test func `random bits are those of the reference`() throws {
    var sketch = Sketch()
    let key = sketch.input(ReferenceTensor(TensorType(.uint64, [2]), wrapping: [77, 5]))
    let a = try sketch.builder.add(RandomBits(TensorType(.uint32, [3, 7])), Operands(key))
    let b = try sketch.builder.add(RandomBits(TensorType(.uint64, [5])), Operands(key))
    try expectAgreement(sketch, [a, b])
  }
}
