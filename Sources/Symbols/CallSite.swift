/// A line of a program and the function that it is in.
package struct CallSite: Sendable, Hashable {
  /// As the runtime prints it for people: `Net.callAsFunction(_:)`.
  package var function: String
  /// The path as the debug information writes it, made absolute by the directory of compilation.
  package var file: String
  /// 0 where nothing is known, and for instructions that the compiler made without a line.
  package var line: Int
  package var column: Int

  package init(function: String, file: String, line: Int, column: Int) {
    self.function = function
    self.file = file
    self.line = line
    self.column = column
  }
}
