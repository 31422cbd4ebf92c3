/// An option or command of the profiler that cannot be followed.
///
/// Broken files of profiles throw `FormatError` instead.
public struct ProfileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of trouble it is.
  public enum Kind: String, Sendable, Hashable {
    /// No such option, column, order, command or output.
    case unknownName
    /// The value of an option is not of its kind.
    case badValue
    /// A regular expression that cannot be read.
    case badExpression
    /// A step that was not recorded.
    case noSuchStep
    /// What is asked for does not go with the view.
    case notForThisView
    /// The two profiles of a comparison did different work.
    case differentWork
  }

  /// What kind of trouble it is.
  public var kind: Kind
  /// The option or command it is about.
  public var subject: String
  /// What is wrong.
  public var message: String

  /// An error.
  public init(_ kind: Kind, _ subject: String, _ message: String) {
    (self.kind, self.subject, self.message) = (kind, subject, message)
  }

  /// Reads like `max_depth: "ten" is not a whole number`.
  public var description: String { "\(subject): \(message)" }
}
