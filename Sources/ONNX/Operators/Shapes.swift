import Martlet

extension OperatorTable {
  /// Other forms of the same elements, and the sizes of dimensions.
  static let shapes: [Operator] = [
    Operator("Shape") { call in
      let shape = try call.shapeOfInput(0)
      let start = try clamped(call.int("start", default: 0), shape.rank)
      let end = try clamped(call.int("end", default: shape.rank), shape.rank)
      return [ONNXValue(Tensor(Array(shape[start..<max(start, end)]))).marked(isConstant: true)]
    },
    Operator("Size") { call in
      [ONNXValue(Tensor(try call.shapeOfInput(0).elementCount)).marked(isConstant: true)]
    },
    moving("Reshape", fixed: [1]) { call in
      let shape = try call.shapeOfInput(0)
      let sizes = try call.optionalInts("shape") ?? call.integers(1)
      let target = try reshaped(shape, to: sizes, keepsZeros: call.flag("allowzero"), call)
      return { $0.reshaped(to: target) }
    },
    moving("Flatten") { call in
      let shape = try call.shapeOfInput(0)
      var axis = try call.int("axis", default: 1)
      if axis < 0 { axis += shape.rank }
      guard axis >= 0, axis <= shape.rank else { throw ONNXError(.mismatch, "axis \(axis) is outside \(shape)") }
      let target: Shape = [shape[..<axis].reduce(1, *), shape[axis...].reduce(1, *)]
      return { $0.reshaped(to: target) }
    },
    moving("Squeeze", fixed: [1]) { call in
      let shape = try call.shapeOfInput(0)
      guard let listed = try call.optionalInts("axes") ?? call.optionalIntegers(1) else { return { $0.squeezed() } }
      let axes = try call.axes(listed, rank: shape.rank)
      return { $0.squeezed(axes: Axes(axes)) }
    },
    moving("Unsqueeze", fixed: [1]) { call in
      let shape = try call.shapeOfInput(0)
      let listed = try call.optionalInts("axes") ?? call.integers(1)
      let axes = try call.axes(listed, rank: shape.rank + listed.count)
      return { $0.expandingDimensions(at: Axes(axes)) }
    },
    moving("Transpose") { call in
      let rank = try call.shapeOfInput(0).rank
      let order = try call.optionalInts("perm") ?? Array((0..<rank).reversed())
      guard order.sorted() == Array(0..<rank) else {
        throw ONNXError(.mismatch, "\(order) is not an order of \(rank) dimensions")
      }
      return { $0.transposed(order) }
    },
    moving("Expand", fixed: [1]) { call in
      let shape = try call.shapeOfInput(0)
      let target = try broadcast(shape, call.shape(call.integers(1)), call)
      return { $0.broadcast(to: target) }
    },
    moving("Tile", fixed: [1]) { call in
      let shape = try call.shapeOfInput(0)
      let counts = try call.integers(1)
      guard counts.count == shape.rank else {
        throw ONNXError(.mismatch, "\(counts.count) counts for the \(shape.rank) dimensions of \(shape)")
      }
      _ = try call.shape(zip(shape, counts).map { try product($0, $1) })
      return { $0.tiled(counts) }
    },
    moving("DepthToSpace") { call in
      let shape = try call.imageShape(0)
      let (block, mode) = (try call.blockSize(), try call.string("mode", default: "DCR"))
      guard shape[1] % (block * block) == 0 else { throw ONNXError(.mismatch, "\(shape) has no blocks of \(block)") }
      let depth = shape[1] / (block * block)
      let isDepthFirst = mode == "DCR"
      if !isDepthFirst && mode != "CRD" { throw call.unknown("mode", mode) }
      let parts = isDepthFirst ? [block, block, depth] : [depth, block, block]
      let order = isDepthFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3]
      return { x in
        x.reshaped(to: Shape([shape[0]] + parts + [shape[2], shape[3]])).transposed(order)
          .reshaped(to: [shape[0], depth, shape[2] * block, shape[3] * block])
      }
    },
    moving("SpaceToDepth") { call in
      let shape = try call.imageShape(0)
      let block = try call.blockSize()
      let (rows, columns) = (shape[2] / block, shape[3] / block)
      guard rows * block == shape[2], columns * block == shape[3] else {
        throw ONNXError(.mismatch, "\(shape) does not divide into blocks of \(block)")
      }
      return { x in
        x.reshaped(to: [shape[0], shape[1], rows, block, columns, block]).transposed([0, 3, 5, 1, 2, 4])
          .reshaped(to: [shape[0], shape[1] * block * block, rows, columns])
      }
    },
  ]

  /// An operator that only moves elements, and so serves every element type, texts included.
  static func moving(
    _ name: String, versions: ClosedRange<Int> = Operator.allVersions, fixed fixedInputs: Set<Int> = [],
    _ prepare: @escaping @Sendable (inout Call) throws -> @Sendable (Tensor) -> Tensor
  ) -> Operator {
    Operator(name, versions: versions, fixed: fixedInputs) { call in
      let move = try prepare(&call)
      return [try call.value(0).moved(move)]
    }
  }

  private static func clamped(_ axis: Int, _ rank: Int) -> Int { min(max(axis < 0 ? axis + rank : axis, 0), rank) }

  private static func product(_ size: Int, _ count: Int) throws -> Int {
    let (product, overflow) = size.multipliedReportingOverflow(by: count)
    guard !overflow, count >= 0 else { throw ONNXError(.mismatch, "\(size) elements \(count) times is no size") }
    return product
  }

  /// The sizes that `Reshape` names: -1 is inferred, 0 keeps the size unless zeros are meant.
  static func reshaped(_ shape: Shape, to sizes: [Int], keepsZeros: Bool, _ call: Call) throws -> Shape {
    var result = sizes
    for (place, size) in sizes.enumerated() where size == 0 && !keepsZeros {
      guard place < shape.rank else { throw ONNXError(.mismatch, "\(shape) has no size \(place) to keep") }
      result[place] = shape[place]
    }
    if let open = result.firstIndex(of: -1) {
      result[open] = 1
      let rest = try call.shape(result).elementCount
      guard rest > 0, shape.elementCount % rest == 0 else {
        throw ONNXError(.mismatch, "the elements of \(shape) do not divide into \(sizes)")
      }
      result[open] = shape.elementCount / rest
    }
    let target = try call.shape(result)
    guard target.elementCount == shape.elementCount else {
      throw ONNXError(.mismatch, "\(shape) has not as many elements as \(sizes)")
    }
    return target
  }

  /// The shape of a tensor of one shape and a tensor of another, broadcast together.
  static func broadcast(_ a: Shape, _ b: Shape, _ call: Call) throws -> Shape {
    let rank = max(a.rank, b.rank)
    let x = Array(repeating: 1, count: rank - a.rank) + Array(a)
    let y = Array(repeating: 1, count: rank - b.rank) + Array(b)
    return try call.shape(
      zip(x, y).map { (first: Int, second: Int) throws -> Int in
        guard first == second || first == 1 || second == 1 else {
          throw ONNXError(.mismatch, "\(a) and \(b) do not broadcast")
        }
        return first == 1 ? second : first
      })
  }
}

extension Call {
  /// The shape of a tensor of numbers or texts.
  func shapeOfInput(_ input: Int) throws -> Shape {
    let value = try value(input)
    guard let shape = value.shape else { throw ONNXError(.mismatch, "input \(input) is \(value.kind), not a tensor") }
    return shape
  }

  /// The shape of a batch of images.
  fileprivate func imageShape(_ input: Int) throws -> Shape {
    let shape = try shapeOfInput(input)
    guard shape.rank == 4 else { throw ONNXError(.mismatch, "needs 4 dimensions, got \(shape)") }
    return shape
  }

  fileprivate func blockSize() throws -> Int {
    let size = try int("blocksize")
    guard size > 0, size < 1 << 20 else { throw ONNXError(.mismatch, "\(size) is no size of blocks") }
    return size
  }
}

extension ONNXValue {
  /// The elements in other places; for texts and narrow numbers as well.
  func moved(_ move: (Tensor) throws -> Tensor) throws -> ONNXValue {
    if let numbers { return .tensor(try ONNXTensor(computed: move(numbers.tensor), as: numbers.elementType)) }
    guard let strings else { throw ONNXError(.mismatch, "needs a tensor, got \(kind)") }
    let (codes, table) = strings.codes
    let moved = try move(codes)
    try Interpreter.checkMistakes()
    let places = try moved.evaluated().scalars(as: Int64.self)
    return .strings(ONNXStrings(places.map { table[Int($0)] }, shape: moved.shape))
  }
}
