import MartletGraph

/// A node of a view that is shown.
public struct ProfileRow: Sendable {
  /// An operation of a program.
  public struct Operation: Sendable, Hashable {
    /// The index of the program in ``Profile/programs``.
    public var program: Int
    /// The index of the operation in the program.
    public var index: Int
  }

  /// Its name: a path, a line of a program, or a kind of operation.
  public let name: String
  /// How many rows are above it; the root's is 0.
  public let level: Int
  /// The index of the row above it.
  public let parent: Int?
  /// Whether something of it is counted; only then it has values of its own.
  public let isAccounted: Bool
  /// The operations that belong to it itself.
  public let operations: [Operation]
  /// Its index in ``Profile/frames``, in the code view.
  public let frame: Int?
  let own: Measures
  let total: Measures

  /// The value of its own in a column of numbers; 0 in others. Times are microseconds.
  public func own(_ column: ProfileColumn) -> Double { column.value(own) }

  /// The value of the column with all that was added up into it.
  ///
  /// In the op view, with all rows behind it.
  public func total(_ column: ProfileColumn) -> Double { column.value(total) }

  /// How many operations it stands for itself.
  public var definitions: Int { Int(own[.definitions]) }

  /// How many operations it stands for with all that was added up into it.
  public var totalDefinitions: Int { Int(total[.definitions]) }
}

extension ProfileColumn {
  /// The number that the column shows; 0 for columns of text.
  func value(_ measures: Measures) -> Double {
    switch self {
    case .bytes: measures[.requestedBytes]
    case .peakBytes: measures[.peakBytes]
    case .residualBytes: measures[.residualBytes]
    case .outputBytes: measures[.outputBytes]
    case .micros: measures.nanoseconds / 1000
    case .acceleratorMicros: measures[.acceleratorNanoseconds] / 1000
    case .cpuMicros: measures[.cpuNanoseconds] / 1000
    case .params: measures[.parameters]
    case .floatOps: measures[.floatOperations]
    case .multiplyAdds: measures[.multiplyAdds]
    case .occurrence: measures[.runs]
    case .forwardMicros: measures[.forwardNanoseconds] / 1000
    case .backwardMicros: measures[.backwardNanoseconds] / 1000
    case .updateMicros: measures[.updateNanoseconds] / 1000
    case .forwardFloatOps: measures[.forwardOperations]
    case .backwardFloatOps: measures[.backwardOperations]
    case .updateFloatOps: measures[.updateOperations]
    case .tensorValue, .device, .opTypes, .inputShapes: 0
    }
  }
}
