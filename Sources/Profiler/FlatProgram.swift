import MartletCPU
import MartletGraph

/// The operations of a program and of the bodies inside it, in one list.
struct FlatProgram {
  struct Operation {
    var node: Node
    /// Positions in the list; those of a body's inputs are the operands of the operation that runs it.
    var operands: [Int]
    var isAdded: Bool
    /// How often it is done in one run of the program; nil where only running tells.
    var trips: Int?
    /// The operation whose body it belongs to.
    var parent: Int?
    /// The type of each result.
    var results: [TensorType]
  }

  /// A kernel and what it does.
  struct Kernel {
    var kernel: PlanDescription.Kernel
    /// Its number among all.
    var number: Int
    var operations: [Int]
    var bodies: [[Kernel]]
  }

  private(set) var operations: [Operation] = []
  private(set) var kernels: [Kernel] = []
  /// Positions of the program's own operations, by their place in its description.
  private(set) var topPositions: [Int] = []

  init(_ description: PlanDescription) {
    var number = 0
    (topPositions, kernels) = add(description, operands: nil, parent: nil, trips: 1, &number)
  }

  private mutating func add(
    _ plan: PlanDescription, operands: [Int]?, parent: Int?, trips: Int?, _ number: inout Int
  ) -> (positions: [Int], kernels: [Kernel]) {
    var positions = [Int](repeating: -1, count: plan.operations.count)
    if let operands {
      // A condition's bodies are not given the condition.
      for (input, operand) in zip(plan.inputs, operands.suffix(plan.inputs.count)) { positions[input] = operand }
    }
    let inputs = Set(plan.inputs)
    for index in FlatProgram.order(plan.operations) where positions[index] < 0 {
      let operation = plan.operations[index]
      guard operation.isLive || inputs.contains(index) else { continue }
      // Results other than the first, which planning has given a place of their own, are no operations.
      if case .element = operation.node.primitive, operation.isAdded {
        positions[index] = positions[operation.node.operands[0].position]
        continue
      }
      positions[index] = operations.count
      let type = operation.node.type
      operations.append(
        Operation(
          node: operation.node, operands: operation.node.operands.map { positions[$0.position] },
          isAdded: operation.isAdded, trips: trips, parent: parent,
          results: operation.node.primitive.rules.resultTypes ?? [type]))
    }
    let kernels = plan.kernels.map { kernel in
      let own = number
      number += 1
      let main = kernel.operations.first.map { positions[$0] } ?? -1
      var bodies: [[Kernel]] = []
      for body in kernel.bodies {
        if main < 0 || isCall(main) {
          // A call that has a kernel of its own is one operation; its body is there for what the kernel cannot do.
          number += body.allKernels.count
        } else {
          bodies.append(
            add(body, operands: operations[main].operands, parent: main, trips: bodyTrips(main), &number).kernels)
        }
      }
      return Kernel(
        kernel: kernel, number: own, operations: kernel.operations.map { positions[$0] }.filter { $0 >= 0 },
        bodies: bodies)
    }
    return (positions, kernels)
  }

  /// An order in which operands come first: planning appends copies at the end, behind those that use them.
  private static func order(_ operations: [PlanDescription.Operation]) -> [Int] {
    var order: [Int] = []
    var isPlaced = [Bool](repeating: false, count: operations.count)
    for start in operations.indices where !isPlaced[start] {
      var waiting = [start]
      while let index = waiting.last {
        let missing = operations[index].node.operands.map(\.position).filter { !isPlaced[$0] }
        waiting.append(contentsOf: missing)
        guard missing.isEmpty else { continue }
        waiting.removeLast()
        if !isPlaced[index] { order.append(index) }
        isPlaced[index] = true
      }
    }
    return order
  }

  private func isCall(_ position: Int) -> Bool {
    if case .call = operations[position].node.primitive { true } else { false }
  }

  /// How often the body of a loop runs in one run of the program.
  private func bodyTrips(_ position: Int) -> Int? {
    guard case .scan(let scan) = operations[position].node.primitive else { return nil }
    return operations[position].trips.map { $0 * scan.length }
  }
}
