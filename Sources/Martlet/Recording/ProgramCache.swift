import MartletGraph
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
  var isDonated: [Bool] = []
  var scalars: [UInt64] = []

  init(positions: [Int], targets: [Int]) {
    self.positions = positions
    self.targets = targets
  }

  mutating func addInput(_ buffer: Buffer, at local: Int) {
    inputs.append(buffer)
    inputPositions.append(local)
    isDonated.append(false)
  }

  /// The graph, made only when no planned program is found.
  func program(from nodes: [Node]) -> Program {
    var renumbered: [Int: Int] = [:]
    var graph = Graph()
    var nextInput = 0
    for (local, position) in positions.enumerated() {
      var node = nodes[position]
      renumbered[position] = local
      if nextInput < inputPositions.count && inputPositions[nextInput] == local {
        node = Node(leaf: node.type, location: node.location)
        graph.inputs.append(Value(local))
        nextInput += 1
      } else {
        node.operands = Operands(node.operands.map { Value(renumbered[$0.position]!) })
      }
      graph.nodes.append(node)
    }
    graph.outputs = targets.map { Value(renumbered[$0]!) }
    return Program(graph: graph, isDonated: isDonated)
  }
}

/// Planned programs by the structure of their graphs; the least recently used go when there are too many.
package final class ProgramCache: Sendable {
  package static let shared = ProgramCache(capacity: 1024)

  fileprivate struct Key: Hashable {
    var hash: UInt64
    var nodeCount: Int
    var engine: String
  }
  fileprivate struct Slot {
    var executable: any Executable
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

  init(capacity: Int) { self.capacity = capacity }

  /// How many programs are kept, and how many have been planned so far.
  package var counts: (kept: Int, planned: Int) { state.withLock { ($0.slots.count, $0.misses) } }

  /// The planned program, planning it from `program` if it is not known.
  func executable(
    for pending: PendingProgram, engine: any Engine, program: () -> Program
  ) throws(GraphError) -> any Executable {
    let key = Key(hash: pending.hash, nodeCount: pending.positions.count, engine: engine.name)
    if let known = state.withLock({ $0.use(key) }) { return known }
    let executable = try engine.compile(program())
    state.withLock { $0.insert(executable, key, capacity: capacity) }
    return executable
  }
}

extension ProgramCache.State {
  fileprivate mutating func use(_ key: ProgramCache.Key) -> (any Executable)? {
    clock += 1
    slots[key]?.lastUse = clock
    return slots[key]?.executable
  }

  fileprivate mutating func insert(_ executable: any Executable, _ key: ProgramCache.Key, capacity: Int) {
    misses += 1
    slots[key] = .init(executable: executable, lastUse: clock)
    if slots.count <= capacity { return }
    // A quarter goes at once, so that the search for the oldest is rare.
    let oldest = slots.values.map(\.lastUse).sorted()[capacity / 4]
    slots = slots.filter { $0.value.lastUse > oldest }
  }
}
