/// Those who look for something to improve.
public enum AdviceChecker: String, Sendable, Hashable, CaseIterable {
  /// How busy each accelerator is.
  case acceleratorUtilization = "accelerator_utilization"
  /// Operations for which there is a better form.
  case operation
  /// What takes the most time: kinds, layers, lines.
  case expensiveOperation = "expensive_operation"
  /// The process around it: waits for input and other machines, processor time, memory.
  case job
  /// Programs that are compiled again and again.
  case recompilation
  /// Steps that are recorded again and again.
  case recording
  /// Reads that make the program wait.
  case reads
  /// Kernels too short to be worth starting.
  case tinyOperations = "tiny_operations"
  /// Time spent on moving numbers.
  case copies
  /// Contractions in a wider type than they need.
  case elementType = "element_type"
  /// Parameters that are not used or never change.
  case parameters
  /// Work on padding.
  case padding
  /// Waiting for batches.
  case input
  /// More or fewer threads.
  case threads
  /// Larger batches.
  case batchSize = "batch_size"
  /// Memory for time, or time for memory.
  case checkpointing
  /// Kernels that seem faster than the machine.
  case counts

  /// What it looks at, in a line.
  public var documentation: String {
    switch self {
    case .acceleratorUtilization: "how much of the time each accelerator is busy"
    case .operation: "operations for which there is a better form"
    case .expensiveOperation: "the kinds, layers and lines that take the most time"
    case .job: "waits for input and other machines, processor time and memory of the process"
    case .recompilation: "programs that are compiled again and again"
    case .recording: "time spent on recording the same operations at every step"
    case .reads: "reads of values that make the program wait"
    case .tinyOperations: "kernels too short to be worth starting"
    case .copies: "time spent on transposing, copying and casting"
    case .elementType: "contractions in float32 where bfloat16 would be faster"
    case .parameters: "parameters that are never read or never change"
    case .padding: "work on padding"
    case .input: "waiting for batches"
    case .threads: "threads that do not help, or are not used"
    case .batchSize: "batches too small for the machine"
    case .checkpointing: "memory that could be had for time, or time for memory"
    case .counts: "kernels that seem faster than the machine can be"
    }
  }
}

extension Profile {
  /// What the checkers found, in their order.
  ///
  /// - Parameter checkers: Whom to ask; all by default.
  public func advice(_ checkers: [AdviceChecker] = AdviceChecker.allCases) -> [Advice] {
    guard let context = AdviceContext(self) else { return [] }
    return checkers.flatMap { context.advice($0) }
  }

  /// What the checkers found as text; those that found nothing are named too.
  public func adviceReport(_ checkers: [AdviceChecker] = AdviceChecker.allCases) -> String {
    guard let context = AdviceContext(self) else { return "There is no advice without a recorded step.\n" }
    var text = ""
    var silent: [String] = []
    for checker in checkers {
      let found = context.advice(checker)
      if found.isEmpty { silent.append(checker.rawValue) }
      for advice in found { text += advice.description + "\n" }
    }
    if !silent.isEmpty { text += "Nothing found by: \(silent.joined(separator: ", ")).\n" }
    return text + "Advice is a guess until it has been tried.\n"
  }
}

extension Advice: CustomStringConvertible {
  /// Some lines: the matter, the numbers, the places, what to change and what that could save.
  public var description: String {
    var text = "\(checker.rawValue): \(summary)\n"
    for item in evidence { text += "  \(item.name): \(item.text)\n" }
    for place in places.prefix(9) { text += "  at \(place)\n" }
    text += "  Try: \(proposal)"
    if let largestGain { text += "; it saves at most \(Units.percent(largestGain)) of a step" }
    return text + ".\n"
  }
}
