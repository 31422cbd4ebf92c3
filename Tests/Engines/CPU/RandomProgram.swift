import MartletCPU
import MartletGraph

/// A program of operations drawn at random, from every primitive there is.
///
/// A value drawn later may use any drawn before. Domains are kept where a function is defined, most of the time: a
/// program of nothing but NaN would prove little.
struct RandomProgram {
  var sketch: Sketch
  /// The floating-point type of most values.
  let dtype: DType
  var values: [Value] = []
  /// The primitives that have been drawn, by name.
  var names: Set<String> = []

  init(seed: UInt64) {
    sketch = Sketch(seed: seed)
    dtype = sketch.random.pick([.float32, .float32, .float32, .float64, .float16, .bfloat16])
    let shape: Shape = sketch.random.pick([
      [4, 6], [2, 3, 8], [1, 40], [7, 1, 5], [16], [3, 3], [2, 9, 7], [300], [5, 67],
    ])
    values = [input(dtype, shape), input(dtype, shape), input(dtype, Shape(shape.suffix(1)))]
    values.append(input(sketch.random.pick([.int32, .int64, .int8, .uint16]), shape))
    values.append(input(.bool, shape))
    for _ in 0..<(3 + random(10)) { draw() }
  }

  /// What the program gives: what was drawn last, and one more.
  var outputs: [Value] { Array(values.suffix(3)) + [values[values.count / 2]] }

  mutating func random(_ bound: Int) -> Int { sketch.random.below(bound) }

  /// One more operation; nothing when the dice chose one that does not fit.
  private mutating func draw() {
    let kinds = RandomProgram.kinds
    let kind = kinds[random(kinds.count)]
    let count = sketch.builder.nodes.count
    guard let results = try? kind(&self) else { return sketch.builder.truncate(to: max(count, inputEnd)) }
    for result in results where sketch.builder.type(result).elementCount <= 4000 { values.append(result) }
  }

  /// Nodes up to the last input stay, for the data of inputs is kept beside them.
  private var inputEnd: Int { (sketch.inputs.last?.position ?? -1) + 1 }

  typealias Kind = @Sendable (inout RandomProgram) throws -> [Value]

  private static let kinds: [Kind] = elementKinds + reductionKinds + shapeKinds + indexKinds + matrixKinds + regionKinds
}

// MARK: Choosing and adding

extension RandomProgram {
  mutating func input(_ dtype: DType, _ shape: Shape) -> Value { sketch.input(dtype, shape) }

  mutating func input(_ dtype: DType, _ shape: Shape, integersBelow bound: Int) -> Value {
    let type = TensorType(dtype, shape)
    let numbers = (0..<type.elementCount).map { _ in Int64(random(max(bound, 1))) }
    return sketch.input(ReferenceTensor(type, wrapping: numbers))
  }

  func type(_ value: Value) -> TensorType { sketch.builder.type(value) }
  func shape(_ value: Value) -> Shape { sketch.builder.shape(value) }

  struct NothingFits: Error {}

  mutating func pick(where isFit: (TensorType) -> Bool = { _ in true }) throws -> Value {
    let fitting = values.filter { isFit(type($0)) }
    if fitting.isEmpty { throw NothingFits() }
    return fitting[random(fitting.count)]
  }

  /// A floating-point value with at least so many dimensions, none of them empty.
  mutating func real(rank: Int = 0) throws -> Value {
    try pick { $0.dtype.isFloatingPoint && $0.rank >= rank && $0.elementCount > 0 }
  }

  mutating func integer() throws -> Value { try pick { $0.dtype.isInteger } }

  mutating func axis(of value: Value) -> Int { random(max(shape(value).rank, 1)) }

  mutating func add(_ operation: some PrimitiveRules, _ operands: Value...) throws -> [Value] {
    let node = try sketch.builder.add(operation, Operands(operands))
    names.insert(operation.name)
    guard let types = operation.resultTypes else { return [node] }
    return try types.enumerated().map { try sketch.builder.add(Element($0.offset, type: $0.element), Operands(node)) }
  }

  mutating func add(_ operation: some PrimitiveRules, list operands: [Value]) throws -> [Value] {
    let node = try sketch.builder.add(operation, Operands(operands))
    names.insert(operation.name)
    guard let types = operation.resultTypes else { return [node] }
    return try types.enumerated().map { try sketch.builder.add(Element($0.offset, type: $0.element), Operands(node)) }
  }

  /// The same magnitudes as before, at most 1, so that nothing grows out of bounds.
  mutating func bounded(_ x: Value) throws -> Value { try sketch.builder.unary(.tanh, x) }

  /// Numbers of 1/4 and more.
  mutating func positive(_ x: Value) throws -> Value {
    try sketch.builder.add(sketch.builder.unary(.abs, x), number: 0.25)
  }
}

// MARK: Element by element

extension RandomProgram {
  private static let elementKinds: [Kind] = [
    unary, unary, unary, binary, binary, binary, integerUnary, integerBinary, integerBinary, comparison, selection,
    cast,
    bitCast, identity,
  ]

  private static func unary(_ p: inout RandomProgram) throws -> [Value] {
    let kind = p.sketch.random.pick(Unary.Kind.allCases.filter { $0 != .not && $0 != .bitCount })
    var x = try p.real()
    switch kind {
    case .log, .log2, .sqrt, .rsqrt, .logGamma, .digamma, .besselY0, .besselY1, .reciprocal, .cbrt:
      x = try p.positive(x)
    case .log1p, .asin, .acos, .atanh, .exp, .exp2, .expm1, .sinh, .cosh, .tan: x = try p.bounded(x)
    case .acosh: x = try p.sketch.builder.add(p.positive(x), number: 1)
    default: break
    }
    return try p.add(Unary(kind), x)
  }

  private static func binary(_ p: inout RandomProgram) throws -> [Value] {
    let kind = p.sketch.random.pick(
      Binary.Kind.allCases.filter { ![.and, .or, .xor, .shiftLeft, .shiftRight, .gcd].contains($0) })
    var a = try p.real()
    let dtype = p.type(a).dtype
    var b = try p.pick { $0.dtype == dtype }
    switch kind {
    case .divide, .floorDivide, .remainder, .modulo: b = try p.positive(b)
    case .power: (a, b) = (try p.positive(a), try p.bounded(b))
    case .zeta:
      // Without a derivative by its first operand.
      a = try p.sketch.builder.stopGradient(p.sketch.builder.add(p.positive(a), number: 1.5))
      b = try p.positive(b)
    default: break
    }
    return try p.add(Binary(kind), a, b)
  }

  private static func integerUnary(_ p: inout RandomProgram) throws -> [Value] {
    let kinds: [Unary.Kind] = [.negate, .abs, .sign, .not, .bitCount, .round]
    return try p.add(Unary(p.sketch.random.pick(kinds)), p.integer())
  }

  private static func integerBinary(_ p: inout RandomProgram) throws -> [Value] {
    let kinds: [Binary.Kind] = [
      .add, .subtract, .multiply, .divide, .floorDivide, .remainder, .modulo, .power, .maximum, .minimum, .and, .or,
      .xor,
      .shiftLeft, .shiftRight, .gcd,
    ]
    let kind = p.sketch.random.pick(kinds)
    let a = try p.integer()
    let dtype = p.type(a).dtype
    var b = try p.pick { $0.dtype == dtype }
    switch kind {
    case .divide, .floorDivide, .remainder, .modulo:
      b = try p.sketch.builder.binary(.or, b, p.sketch.builder.scalar(1, like: b))
    case .power: b = try p.sketch.builder.binary(.and, b, p.sketch.builder.scalar(3, like: b))
    default: break
    }
    return try p.add(Binary(kind), a, b)
  }

  private static func comparison(_ p: inout RandomProgram) throws -> [Value] {
    let a = try p.pick()
    let dtype = p.type(a).dtype
    let b = try p.pick { $0.dtype == dtype }
    return try p.add(Compare(p.sketch.random.pick(Compare.Kind.allCases)), a, b)
  }

  private static func selection(_ p: inout RandomProgram) throws -> [Value] {
    let condition = try p.pick { $0.dtype == .bool }
    let a = try p.pick()
    let dtype = p.type(a).dtype
    return try p.add(Select(), condition, a, p.pick { $0.dtype == dtype })
  }

  private static func cast(_ p: inout RandomProgram) throws -> [Value] {
    try p.add(Cast(to: p.sketch.random.pick(DType.allCases)), p.pick())
  }

  private static func bitCast(_ p: inout RandomProgram) throws -> [Value] {
    let x = try p.integer()
    let width = p.type(x).dtype.sizeInBytes
    let kinds = DType.allCases.filter { $0.sizeInBytes == width && $0.isInteger }
    return try p.add(BitCast(to: p.sketch.random.pick(kinds)), x)
  }

  private static func identity(_ p: inout RandomProgram) throws -> [Value] {
    [try p.sketch.builder.stopGradient(p.real())]
  }
}
