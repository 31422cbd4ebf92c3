import MartletGraph

/// The memory of one run, as steps see it.
struct Frame {
  /// The address of every value with memory of its own, by node.
  let addresses: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  /// The bits of all scalars.
  let scalars: UnsafePointer<UInt64>
  let engine: CPUEngine
  /// For the body of a loop: the right operands of products that were packed before its first turn.
  let packed: UnsafePointer<UnsafeRawPointer?>?
  /// Where to note how long each step takes, if somebody wants to know.
  let times: KernelTimes?

  /// The address of dense elements.
  func address(_ placed: Placed) -> UnsafeMutableRawPointer {
    addresses[Int(placed.base)].unsafelyUnwrapped + placed.byteOffset
  }

  func address(_ base: Int32) -> UnsafeMutableRawPointer { addresses[Int(base)].unsafelyUnwrapped }
}

/// Where in the user's program a step comes from.
struct Site: Sendable {
  let node: Int
  let location: SourceLocation

  func error(_ message: String) -> ExecutionError {
    ExecutionError(node: node, message: message, location: location)
  }

  /// The error of memory that could not be had, in an operation's own working space.
  func outOfMemory(_ operation: String, _ engine: CPUEngine) -> ExecutionError {
    error("\(operation): out of memory; \(engine.pool.statistics)")
  }
}

/// Something that a plan does, in order, on the memory of a run.
protocol Step: Sendable {
  func run(_ frame: Frame) throws(ExecutionError)
  /// One line for a reader of the plan.
  var summary: String { get }
  /// The regions that it runs.
  var bodies: [PlannedRegion] { get }
}

extension Step {
  var bodies: [PlannedRegion] { [] }
}
