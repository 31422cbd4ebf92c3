/// The verbs of tfprof's builder: each gives a changed copy.
extension ProfileOptions {
  /// With another ``maximumDepth``.
  public func withMaximumDepth(_ depth: Int) -> ProfileOptions { changed { $0.maximumDepth = depth } }

  /// Shows only nodes with at least so much memory.
  public func withMinimumMemory(
    bytes: Int = 0, peakBytes: Int = 0, residualBytes: Int = 0, outputBytes: Int = 0
  ) -> ProfileOptions {
    changed {
      ($0.minimumBytes, $0.minimumPeakBytes) = (bytes, peakBytes)
      ($0.minimumResidualBytes, $0.minimumOutputBytes) = (residualBytes, outputBytes)
    }
  }

  /// Shows only nodes that took at least so many microseconds.
  public func withMinimumExecutionTime(
    microseconds: Int = 0, acceleratorMicroseconds: Int = 0, cpuMicroseconds: Int = 0
  ) -> ProfileOptions {
    changed {
      $0.minimumMicroseconds = microseconds
      $0.minimumAcceleratorMicroseconds = acceleratorMicroseconds
      $0.minimumCPUMicroseconds = cpuMicroseconds
    }
  }

  /// Shows only nodes with at least so many parameters.
  public func withMinimumParameters(_ count: Int) -> ProfileOptions { changed { $0.minimumParameters = count } }

  /// Shows only nodes that occur at least so often.
  public func withMinimumOccurrence(_ count: Int) -> ProfileOptions { changed { $0.minimumOccurrence = count } }

  /// Shows only nodes with at least so many floating-point operations.
  public func withMinimumFloatOperations(_ count: Int) -> ProfileOptions {
    changed { $0.minimumFloatOperations = count }
  }

  /// Counts only nodes of types that match one of the expressions.
  public func withAccountedTypes(_ expressions: [String]) -> ProfileOptions {
    changed { $0.accountedTypes = expressions }
  }

  /// Shows only nodes with names that match.
  ///
  /// - Parameters:
  ///   - starting: Where the view begins.
  ///   - showing: What is shown.
  ///   - hiding: What is not.
  ///   - trimming: Below what nothing is shown.
  public func withNodeNames(
    starting: [String] = [".*"], showing: [String] = [".*"], hiding: [String] = [], trimming: [String] = []
  ) -> ProfileOptions {
    changed { ($0.startNames, $0.showNames, $0.hideNames, $0.trimNames) = (starting, showing, hiding, trimming) }
  }

  /// Whether only shown nodes are added up.
  public func accountingDisplayedOnly(_ isOn: Bool = true) -> ProfileOptions {
    changed { $0.accountsDisplayedOnly = isOn }
  }

  /// Shows one step instead of the average.
  public func withStep(_ step: Int) -> ProfileOptions { changed { $0.step = step } }

  /// With another output: `.none`, `.standardOutput`, `.file(…)`, `.timeline(…)`, `.pprof(…)`.
  public func withOutput(_ output: ProfileOutput) -> ProfileOptions { changed { $0.output = output } }

  /// Sorted by something else.
  public func ordered(by order: ProfileOrder) -> ProfileOptions { changed { $0.order = order } }

  /// Sorted by the numbers of a column, the largest first.
  public func ordered(by column: ProfileColumn) -> ProfileOptions { ordered(by: .column(column)) }

  /// Shows other columns.
  public func selecting(_ columns: Set<ProfileColumn>) -> ProfileOptions { changed { $0.columns = columns } }

  private func changed(_ change: (inout ProfileOptions) -> Void) -> ProfileOptions {
    var copy = self
    change(&copy)
    return copy
  }
}

/// Options for frequent questions.
extension ProfileOptions {
  /// The parameters that an optimiser changes, for the scope view.
  public static let trainableVariables = ProfileOptions().withMaximumDepth(10_000)
    .withAccountedTypes(["_trainable_variables"]).accountingDisplayedOnly().selecting([.params])

  /// Floating-point operations, the most first.
  public static let floatOperations = ProfileOptions().withMaximumDepth(10_000).withMinimumFloatOperations(1)
    .accountingDisplayedOnly().ordered(by: .floatOps).selecting([.floatOps])

  /// Time and memory, the slowest first.
  ///
  /// The parameters are the least that a node must have to be shown.
  public static func timeAndMemory(
    microseconds: Int = 1, bytes: Int = 1, acceleratorMicroseconds: Int = 0, cpuMicroseconds: Int = 0,
    peakBytes: Int = 0, residualBytes: Int = 0, outputBytes: Int = 0
  ) -> ProfileOptions {
    ProfileOptions().withMaximumDepth(10_000)
      .withMinimumExecutionTime(
        microseconds: microseconds, acceleratorMicroseconds: acceleratorMicroseconds, cpuMicroseconds: cpuMicroseconds
      )
      .withMinimumMemory(bytes: bytes, peakBytes: peakBytes, residualBytes: residualBytes, outputBytes: outputBytes)
      .accountingDisplayedOnly().ordered(by: .micros).selecting([.micros, .bytes])
  }
}
