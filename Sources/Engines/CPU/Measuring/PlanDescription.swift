import MartletGraph

/// What a planned program consists of, for a profiler: its operations as they are run, the kernels that run them, and
/// the pieces of memory.
package struct PlanDescription: Sendable {
  /// An operation after named bodies were inlined and equal operations merged.
  package struct Operation: Sendable {
    package var node: Node
    /// Whether an output depends on it.
    package var isLive: Bool
    /// Whether planning added it: a copy into another layout, or a value computed a second time.
    package var isAdded: Bool
  }

  /// Something that runs in one go.
  package struct Kernel: Sendable {
    /// A line such as `matmul float32 [] 64 × 784 × 128, then rows [64, 128]: add, max`.
    package var summary: String
    /// The operations that it does, the first being what it is mainly for.
    package var operations: [Int]
    /// Bytes that must be read from and written to memory at least once.
    package var bytesRead: Int
    package var bytesWritten: Int
    /// The plans of the bodies that it runs: of a loop, or the two of a condition.
    package var bodies: [PlanDescription]
  }

  /// A piece of memory and the kernels, of ``kernels``, during which it is needed.
  package struct Slot: Sendable {
    package enum Place: Sendable { case input(Int), output(Int), scalar, arena(offset: Int) }
    package var byteCount: Int
    package var place: Place
    /// The operation that it was first for.
    package var operation: Int
    /// From the kernel that writes it to the last that needs it; the whole run for what stays.
    package var lifetime: ClosedRange<Int>
  }

  package init() {}

  package var operations: [Operation] = []
  package var inputs: [Int] = []
  package var outputs: [Int] = []
  package var kernels: [Kernel] = []
  package var slots: [Slot] = []
  package var arenaBytes = 0
}

extension PlanDescription {
  /// All kernels, those of bodies after the one that runs them, in the order in which ``KernelTimes`` numbers them.
  package var allKernels: [Kernel] {
    kernels.flatMap { [$0] + $0.bodies.flatMap(\.allKernels) }
  }
}

extension PlanDescription {
  /// A program that runs as one kernel of which nothing is known.
  package init(unplanned graph: Graph) {
    self.init()
    operations = graph.nodes.map { Operation(node: $0, isLive: true, isAdded: false) }
    inputs = graph.inputs.map(\.position)
    outputs = graph.outputs.map(\.position)
    let computed = graph.nodes.indices.filter { !graph.nodes[$0].operands.isEmpty }
    kernels = [Kernel(summary: "program", operations: computed, bytesRead: 0, bytesWritten: 0, bodies: [])]
  }
}
