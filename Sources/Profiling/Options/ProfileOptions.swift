/// What a view counts, shows and where it goes: the options of tfprof, with its defaults.
///
/// Nodes are filtered in this order. First ``accountedTypes`` picks the nodes that count, and only these are added up
/// into their parents. Then ``startNames``, ``showNames``, ``hideNames``, ``trimNames``, the minima and ``maximumDepth``
/// decide what is shown: a node that is not shown still counts in its parents, unless ``accountsDisplayedOnly``.
public struct ProfileOptions: Sendable, Hashable {
  /// How many levels of a tree, hops of the graph (both with the root), or rows of the op view are shown.
  public var maximumDepth = 10
  /// Nodes that asked for fewer bytes are not shown.
  public var minimumBytes = 0
  /// Nodes that held fewer bytes at once are not shown.
  public var minimumPeakBytes = 0
  /// Nodes that left fewer bytes behind are not shown.
  public var minimumResidualBytes = 0
  /// Nodes with smaller results are not shown.
  public var minimumOutputBytes = 0
  /// Nodes that took fewer microseconds are not shown.
  public var minimumMicroseconds = 0
  /// Nodes that took fewer microseconds on accelerators are not shown.
  public var minimumAcceleratorMicroseconds = 0
  /// Nodes that took fewer microseconds on processors are not shown.
  public var minimumCPUMicroseconds = 0
  /// Nodes with fewer parameters of their own (code and op view: altogether) are not shown.
  public var minimumParameters = 0
  /// Nodes with fewer floating-point operations of their own (code and op view: altogether) are not shown.
  public var minimumFloatOperations = 0
  /// Nodes that ran less often (code and op view: that are fewer) are not shown.
  public var minimumOccurrence = 0
  /// The number of the step to show; -1 is the average of all.
  public var step = -1
  /// What siblings are sorted by.
  public var order = ProfileOrder.name
  /// Expressions of which one must match a type of a node as a whole, for the node to be counted.
  public var accountedTypes = [".*"]
  /// Expressions for the names at which the view begins.
  public var startNames = [".*"]
  /// Expressions for the names below which nothing is shown.
  public var trimNames: [String] = []
  /// Expressions for the names that are shown.
  public var showNames = [".*"]
  /// Expressions for the names that are not shown.
  public var hideNames: [String] = []
  /// Whether only shown nodes are added up.
  public var accountsDisplayedOnly = false
  /// What is shown of each node.
  public var columns: Set<ProfileColumn> = [.micros]
  /// Where the report goes.
  public var output = ProfileOutput.standardOutput

  /// The defaults of the command line.
  public init() {}
}
