import MartletGraph
import MartletSupport
import Synchronization

/// A program that is about to run: which recorded nodes it consists of, and this step's values.
struct PendingProgram {
  /// The positions of its nodes in the recorder, ascending; a node's place here is its place in the graph.
  var positions: [Int]
  var targets: [Int]
  var hash: UInt64 = 0
  var inputs: [Buffer] = []
  /// The place of each input among `positions`.
  var inputPositions: [Int] = []
  /// The numbers of the inputs whose memory may be overwritten, ascending.
  var donated: [Int] = []
  var scalars: [UInt64] = []
  /// Whether something in it stands for any value, as inside a region.
  var hasStandIn = false

  init(positions: [Int], targets: [Int]) {
    self.positions = positions
    self.targets = targets
  }

  mutating func addInput(_ buffer: Buffer, at local: Int) {
    inputs.append(buffer)
    inputPositions.append(local)
  }

  /// For each input, whether its memory may be overwritten.
  var isDonated: [Bool] {
    var result = [Bool](repeating: false, count: inputs.count)
    for index in donated { result[index] = true }
    return result
  }

  /// The graph, made only when no planned program is found.
  func graph(from nodes: [Node]) -> Graph {
    var renumbered = [Int32](repeating: -1, count: (positions.last ?? -1) + 1)
    var graph = Graph()
    graph.nodes.reserveCapacity(positions.count)
    var nextInput = 0
    for (local, position) in positions.enumerated() {
      var node = nodes[position]
      renumbered[position] = Int32(truncatingIfNeeded: local)
      if nextInput < inputPositions.count && inputPositions[nextInput] == local {
        node = Node(leaf: node.type, location: node.location)
        graph.inputs.append(Value(local))
        nextInput += 1
      } else {
        node.operands = node.operands.renumbered { renumbered[$0.position] }
      }
      graph.nodes.append(node)
    }
    graph.outputs = targets.map { Value(Int(renumbered[$0])) }
    return graph
  }
}

/// A planned program, and how its order differs from that in which it was recorded.
final class CachedProgram: Sendable {
  private let executable: any Executable
  /// For each node of the planned graph, its place in the recorded one; nil if they are the same.
  private let order: [Int]?
  /// For each scalar of the planned graph, its place among those recorded; nil if they are the same.
  private let scalarOrder: [Int]?
  /// How long the last run took; 0 before the first.
  private let lastNanoseconds = Atomic<Int>(0)

  init(_ recorded: Graph, isDonated: [Bool], engine: any Engine) throws(GraphError) {
    guard isDonated.contains(true), let order = recorded.orderWithChecksFirst else {
      (order, scalarOrder) = (nil, nil)
      executable = try engine.compile(Program(graph: recorded, isDonated: isDonated))
      return
    }
    self.order = order
    var places = [Int](repeating: 0, count: recorded.nodes.count)
    for (place, value) in Program(graph: recorded, isDonated: []).scalars.enumerated() {
      places[value.position] = place
    }
    let program = Program(graph: recorded.reordered(order), isDonated: isDonated)
    scalarOrder = program.scalars.map { places[order[$0.position]] }
    executable = try engine.compile(program)
  }

  /// Whether it takes so long that another thread is better woken than waited for.
  var isLong: Bool {
    let known = lastNanoseconds.load(ordering: .relaxed)
    return known == 0 || known > 500_000
  }

  /// Runs it on what was recorded, in the recorded order; an error names the recorded node.
  ///
  /// - Parameter isTimed: Whether ``isLong`` will be asked: somebody may wait for the next run, or not.
  func run(inputs: [Buffer], scalars: [UInt64], isTimed: Bool = true) -> Result<[Buffer], ExecutionError> {
    let start = isTimed ? martlet_nanoseconds() : 0
    do throws(ExecutionError) {
      let outputs = try executable.run(inputs: inputs, scalars: scalarOrder?.map { scalars[$0] } ?? scalars)
      if isTimed { lastNanoseconds.store(max(1, Int(martlet_nanoseconds() - start)), ordering: .relaxed) }
      return .success(outputs)
    } catch {
      var error = error
      // A cached program was perhaps recorded at other lines.
      if let order, let node = error.node, node < order.count { error.node = order[node] }
      return .failure(error)
    }
  }
}

/// Planned programs by the structure of their graphs; the least recently used go when there are too many.
package final class ProgramCache: Sendable {
  package static let shared = ProgramCache(capacity: 1024)

  fileprivate struct Key: Hashable {
    var hash: UInt64
    var nodeCount: Int
    var engine: String

    // The rest differs rarely, and only comparison needs it.
    func hash(into hasher: inout Hasher) { hasher.combine(hash) }
  }
  fileprivate struct Slot {
    var program: CachedProgram
    var lastUse: UInt64
  }
  fileprivate struct State {
    var slots: [Key: Slot] = [:]
    var clock: UInt64 = 0
    var misses = 0
  }

  /// The number of programs kept.
  package let capacity: Int
  private let state = Mutex(State())

  package init(capacity: Int) { self.capacity = capacity }

  /// How many programs are kept, and how many have been planned so far.
  package var counts: (kept: Int, planned: Int) { state.withLock { ($0.slots.count, $0.misses) } }

  /// The planned program, planning it from what `graph` gives if it is not known.
  func program(
    for pending: PendingProgram, engine: any Engine, graph: () -> Graph
  ) throws(GraphError) -> CachedProgram {
    let key = Key(hash: pending.hash, nodeCount: pending.positions.count, engine: engine.name)
    if let known = state.withLock({ $0.use(key) }) { return known }
    let program = try CachedProgram(graph(), isDonated: pending.isDonated, engine: engine)
    state.withLock { $0.insert(program, key, capacity: capacity) }
    return program
  }
}

extension ProgramCache.State {
  fileprivate mutating func use(_ key: ProgramCache.Key) -> CachedProgram? {
    clock += 1
    guard let index = slots.index(forKey: key) else { return nil }
    slots.values[index].lastUse = clock
    return slots.values[index].program
  }

  fileprivate mutating func insert(_ program: CachedProgram, _ key: ProgramCache.Key, capacity: Int) {
    misses += 1
    slots[key] = .init(program: program, lastUse: clock)
    if slots.count <= capacity { return }
    // A quarter goes at once, so that the search for the oldest is rare.
    let oldest = slots.values.map(\.lastUse).sorted()[capacity / 4]
    slots = slots.filter { $0.value.lastUse > oldest }
  }
}
