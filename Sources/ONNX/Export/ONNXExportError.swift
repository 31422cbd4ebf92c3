import MartletGraph

/// Why a function has no ONNX form.
public struct ONNXExportError: Error, Sendable, CustomStringConvertible {
  /// One operation that cannot be expressed.
  public struct Problem: Sendable, Hashable {
    /// The operation's name.
    public let operation: String
    /// What is wrong with it.
    public let message: String
    /// Where it was written, `file:line`, if that is known.
    public let place: String?
  }

  /// Every problem, in the order of the program.
  public let problems: [Problem]

  /// One line for each problem.
  public var description: String {
    problems.map { problem in
      "\(problem.operation): \(problem.message)" + (problem.place.map { " at \($0)" } ?? "")
    }.joined(separator: "\n")
  }
}
