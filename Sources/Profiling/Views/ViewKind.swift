/// The four ways to look at a profile.
public enum ViewKind: String, Sendable, Hashable, CaseIterable {
  /// A tree of layers and operations by their names.
  case scope
  /// Operations, each above those that it reads.
  case graph
  /// A tree of calls, down to the line that an operation was written on.
  case code
  /// Kinds of operations in a list.
  case op

  /// Whether a node of the view stands for several operations at one place of a program's text or of one kind.
  var groupsOperations: Bool { self == .code || self == .op }
}
