/// A place in a source file.
public struct Frame: Sendable, Hashable {
  /// The path of the file as the compiler knew it; empty if unknown.
  public var file: String
  /// The line, from 1; 0 if unknown.
  public var line: Int
  /// The column, from 1; 0 if unknown.
  public var column: Int
  /// The function that the place is in.
  public var function: String

  /// A place.
  public init(file: String, line: Int, column: Int = 0, function: String = "") {
    (self.file, self.line, self.column, self.function) = (file, line, column, function)
  }
}
