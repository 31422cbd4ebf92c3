/// The closed set of operations that a graph is made of.
///
/// Everything else is composed from these. Each case holds a struct that states every fact about it (result types,
/// derivatives, batching, cost, index structure, reference interpretation) in its own file. Engines switch over the
/// set exhaustively, so the compiler names what a new primitive still lacks.
public enum Primitive: Sendable {
  // Values
  case input(Input)
  case scalar(ScalarValue)
  indirect case iota(Iota)
  indirect case randomBits(RandomBits)
  // Element-wise
  case unary(Unary)
  case binary(Binary)
  case compare(Compare)
  case select(Select)
  case cast(Cast)
  case bitCast(BitCast)
  case identity(Identity)
  // Reductions
  case reduce(Reduce)
  case argReduce(ArgReduce)
  case cumulative(Cumulative)
  case argSort(ArgSort)
  indirect case reduceWindow(ReduceWindow)
  indirect case windowSelect(WindowSelect)
  // Contractions
  indirect case contract(Contract)
  indirect case convolve(Convolve)
  // Shape
  indirect case reshape(Reshape)
  case transpose(Transpose)
  indirect case broadcast(Broadcast)
  indirect case slice(Slice)
  indirect case pad(Pad)
  case concatenate(Concatenate)
  case reverse(Reverse)
  indirect case dynamicSlice(DynamicSlice)
  case dynamicUpdate(DynamicUpdate)
  // Indexing
  case gather(Gather)
  case scatter(Scatter)
  case searchSorted(SearchSorted)
  // Dense algebra
  indirect case factorize(Factorize)
  case triangularSolve(TriangularSolve)
  indirect case fourier(Fourier)
  // Regions
  indirect case call(Call)
  indirect case scan(Scan)
  indirect case whileLoop(WhileLoop)
  indirect case conditional(Conditional)
  indirect case element(Element)
  // Escape
  indirect case custom(Custom)
}

extension Primitive {
  /// The facts about the operation.
  public var rules: any PrimitiveRules {
    switch self {
    case .input(let p): p
    case .scalar(let p): p
    case .iota(let p): p
    case .randomBits(let p): p
    case .unary(let p): p
    case .binary(let p): p
    case .compare(let p): p
    case .select(let p): p
    case .cast(let p): p
    case .bitCast(let p): p
    case .identity(let p): p
    case .reduce(let p): p
    case .argReduce(let p): p
    case .cumulative(let p): p
    case .argSort(let p): p
    case .reduceWindow(let p): p
    case .windowSelect(let p): p
    case .contract(let p): p
    case .convolve(let p): p
    case .reshape(let p): p
    case .transpose(let p): p
    case .broadcast(let p): p
    case .slice(let p): p
    case .pad(let p): p
    case .concatenate(let p): p
    case .reverse(let p): p
    case .dynamicSlice(let p): p
    case .dynamicUpdate(let p): p
    case .gather(let p): p
    case .scatter(let p): p
    case .searchSorted(let p): p
    case .factorize(let p): p
    case .triangularSolve(let p): p
    case .fourier(let p): p
    case .call(let p): p
    case .scan(let p): p
    case .whileLoop(let p): p
    case .conditional(let p): p
    case .element(let p): p
    case .custom(let p): p
    }
  }
}

extension Primitive {
  /// A number for the case alone, the start of a node's hash.
  var caseHash: UInt64 {
    let ordinal: UInt64 =
      switch self {
      case .input: 1
      case .scalar: 2
      case .iota: 3
      case .randomBits: 4
      case .unary: 5
      case .binary: 6
      case .compare: 7
      case .select: 8
      case .cast: 9
      case .bitCast: 10
      case .identity: 11
      case .reduce: 12
      case .argReduce: 13
      case .cumulative: 14
      case .argSort: 15
      case .reduceWindow: 16
      case .windowSelect: 17
      case .contract: 18
      case .convolve: 19
      case .reshape: 20
      case .transpose: 21
      case .broadcast: 22
      case .slice: 23
      case .pad: 24
      case .concatenate: 25
      case .reverse: 26
      case .dynamicSlice: 27
      case .dynamicUpdate: 28
      case .gather: 29
      case .scatter: 30
      case .call: 31
      case .scan: 32
      case .whileLoop: 33
      case .conditional: 34
      case .element: 35
      case .custom: 36
      case .searchSorted: 37
      case .factorize: 38
      case .triangularSolve: 39
      case .fourier: 40
      }
    return ordinal &* 0x9E37_79B9_7F4A_7C15
  }
}
