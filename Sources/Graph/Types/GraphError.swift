/// A program that cannot be: shapes that do not match, an axis out of range, a missing derivative.
public struct GraphError: Error, Sendable, Hashable {
  /// The operation as the caller spells it: `matmul`, `gather`.
  public var operation: String
  /// What is wrong, with the shapes and the expectation.
  public var message: String

  public init(_ operation: String, _ message: String) {
    self.operation = operation
    self.message = message
  }
}

extension GraphError: CustomStringConvertible {
  public var description: String { "\(operation): \(message)" }
}

/// A failure that only the values could show, found while a program ran.
public struct ExecutionError: Error, Sendable {
  /// The node of the program at fault, or nil when none is (out of memory).
  public var node: Int?
  /// The operation and what went wrong: `gather: index 7 at position [2] is outside axis 0 of [5, 3] (valid: 0..<5)`.
  public var message: String
  /// Where the operation was recorded.
  public var location: SourceLocation?

  public init(node: Int?, message: String, location: SourceLocation? = nil) {
    self.node = node
    self.message = message
    self.location = location
  }
}

extension ExecutionError: CustomStringConvertible {
  public var description: String { location.map { "\(message) at \($0)" } ?? message }
}
