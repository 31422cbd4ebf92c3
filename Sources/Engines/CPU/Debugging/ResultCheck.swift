import MartletGraph

/// Which runs of programs are repeated by the reference interpreter, and their results compared.
///
/// A guard against faults of kernels, plans and machines, not of models: it costs what interpreting costs, so a sample
/// of small programs is what a long job can afford. `MARTLET_CHECK=1` in the environment compares every run of the
/// shared engine, `MARTLET_CHECK=0.01` one in a hundred.
public struct ResultCheck: Sendable, Hashable {
  /// The part of the runs that are compared, from 0 to 1.
  public var probability: Double
  /// Programs that do more elementary operations than this are never compared. The interpreter does some ten million a
  /// second.
  public var operationLimit: Int
  /// Determines which runs are chosen.
  public var seed: UInt64

  /// A check of some runs.
  ///
  /// - Precondition: `probability` is between 0 and 1.
  public init(probability: Double, operationLimit: Int = 20_000_000, seed: UInt64 = 0) {
    precondition((0...1).contains(probability), "ResultCheck: probability \(probability) is outside 0...1")
    (self.probability, self.operationLimit, self.seed) = (probability, operationLimit, seed)
  }

  /// Every run of every program.
  public static let always = ResultCheck(probability: 1, operationLimit: .max)

  /// What `MARTLET_CHECK` asks for: nothing, every run, or a part of them.
  package static func parsed(_ text: String?) -> ResultCheck? {
    guard let text, let probability = Double(text), probability > 0 else { return nil }
    return probability >= 1 ? .always : ResultCheck(probability: probability)
  }

  /// Whether to compare a run, known by a number that no other run of the program has.
  package func chooses(run number: UInt64) -> Bool {
    if probability >= 1 { return true }
    // The finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
    var bits = (number &+ seed &* 0xD134_2543_DE82_EF95) &* 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return Double(bits >> 11) * 0x1p-53 < probability
  }

  /// Whether a program can be repeated at all, and is small enough.
  ///
  /// One with an operation of the user's own is not: a closure may do more than compute.
  package func covers(_ graph: Graph) -> Bool {
    !graph.holdsCustomOperations && graph.interpretedOperations <= operationLimit
  }
}

extension Graph {
  fileprivate var holdsCustomOperations: Bool {
    nodes.contains { node in
      switch node.primitive {
      case .custom: true
      case .call(let call): call.body.graph.holdsCustomOperations
      case .scan(let scan): scan.body.graph.holdsCustomOperations
      case .whileLoop(let loop): loop.condition.graph.holdsCustomOperations || loop.body.graph.holdsCustomOperations
      case .conditional(let choice):
        choice.ifTrue.graph.holdsCustomOperations || choice.ifFalse.graph.holdsCustomOperations
      default: false
      }
    }
  }

  /// About how many steps the interpreter takes: elements made and operations done.
  fileprivate var interpretedOperations: Int {
    nodes.reduce(0) { total, node in
      let types = node.operands.map { self[$0].type }
      let operations = node.primitive.rules.cost(types[...], result: node.type).floatingPointOperations
      return total + node.type.elementCount + operations
    }
  }
}
