import MartletProfiling
import Testing

/// Each option of tfprof, on a record small enough to count by hand.
@Suite struct OptionTests {
  let profile = SampleProfile.make()

  private func names(_ kind: ViewKind = .scope, _ change: (inout ProfileOptions) -> Void) throws -> [String] {
    var options = ProfileOptions()
    change(&options)
    return try profile.view(kind, options).names
  }

  @Test func `defaults are those of tfprof`() {
    #expect(
      ProfileOptions().description.split(separator: "\n").map { $0.split(separator: " ").map(String.init) } == [
        ["-max_depth", "10"], ["-min_bytes", "0"], ["-min_peak_bytes", "0"], ["-min_residual_bytes", "0"],
        ["-min_output_bytes", "0"], ["-min_micros", "0"], ["-min_accelerator_micros", "0"], ["-min_cpu_micros", "0"],
        ["-min_params", "0"], ["-min_float_ops", "0"], ["-min_occurrence", "0"], ["-step", "-1"],
        ["-order_by", "name"], ["-account_type_regexes", ".*"], ["-start_name_regexes", ".*"],
        ["-trim_name_regexes"], ["-show_name_regexes", ".*"], ["-hide_name_regexes"],
        ["-account_displayed_op_only", "false"], ["-select", "micros"], ["-output", "stdout"],
      ])
    #expect(ProfileOptions.names.count == 21)
  }

  @Test func `max_depth is levels of a tree with the root, hops of the graph, rows of the list`() throws {
    #expect(try names { $0.maximumDepth = 1 } == [])
    #expect(try names { $0.maximumDepth = 2 } == ["DW", "DW2", "ScalarW", "conv1", "conv2", "custom", "input"])
    #expect(try names(.graph) { $0.maximumDepth = 3 } == ["DW/update", "DW", "conv1/Conv2D_gradient", "custom"])
    #expect(try names(.op) { $0.maximumDepth = 2 } == ["conv", "custom"])
    let view = try profile.view(.scope, ProfileOptions().withMaximumDepth(2))
    #expect(view.row("conv1").total(.micros) == 450, "what is not shown still counts")
  }

  @Test func `min_bytes`() throws {
    // conv1 asks for 432 bytes and 1,000 of workspace; scale for 384, the gradient for 648.
    #expect(try names { $0.minimumBytes = 649 } == ["conv1", "conv1/Conv2D"])
    #expect(try names { $0.minimumBytes = 2081 } == [])
  }

  @Test func `min_peak_bytes`() throws {
    #expect(try names { $0.minimumPeakBytes = 1432 } == ["conv1", "conv1/Conv2D"])
    #expect(try names { $0.minimumPeakBytes = 1433 } == ["conv1"])
  }

  @Test func `min_residual_bytes`() throws {
    // The gradient's buffer ends with its kernel.
    #expect(try names { $0.minimumResidualBytes = 1 } == ["conv1", "conv1/Conv2D", "conv2", "conv2/scale"])
    #expect(try names { $0.minimumResidualBytes = 385 } == ["conv1", "conv1/Conv2D"])
  }

  @Test func `min_output_bytes`() throws {
    // 2·6·6·3 elements of 4 bytes are 864; the filter of conv2 has 1,152.
    #expect(try names { $0.minimumOutputBytes = 864 } == ["DW", "DW2", "conv1", "input"])
  }

  @Test func `min_micros`() throws {
    #expect(try names { $0.minimumMicroseconds = 225 } == ["conv1", "conv1/Conv2D_gradient", "conv2", "conv2/Conv2D"])
    #expect(try names(.op) { $0.minimumMicroseconds = 75 } == ["conv", "multiply"])
  }

  @Test func `min_accelerator_micros`() throws {
    #expect(try names { $0.minimumAcceleratorMicroseconds = 300 } == ["conv1", "conv1/Conv2D_gradient"])
  }

  @Test func `min_cpu_micros`() throws {
    #expect(try names { $0.minimumCPUMicroseconds = 151 } == ["conv2", "conv2/Conv2D"])
  }

  @Test func `min_params`() throws {
    #expect(try names { $0.minimumParameters = 162 } == ["DW", "DW2"])
    #expect(try names(.op) { $0.minimumParameters = 451 } == ["parameter"])
  }

  @Test func `min_float_ops`() throws {
    // In trees of operations it means the operation's own.
    #expect(try names { $0.minimumFloatOperations = 5832 } == ["conv1/Conv2D", "conv1/Conv2D_gradient"])
    #expect(
      try names(.code) { $0.minimumFloatOperations = 17000 } == ["main.swift:3:main", "Model.swift:10:callAsFunction"])
  }

  @Test func `min_occurrence is runs in trees of operations and definitions elsewhere`() throws {
    #expect(try names { $0.minimumOccurrence = 2 } == ["custom"], "it runs three times in a step")
    #expect(try names(.op) { $0.minimumOccurrence = 3 } == ["conv", "parameter"])
    #expect(try names(.code) { $0.minimumOccurrence = 5 } == ["(no source line)", "main.swift:3:main"])
  }

  @Test func `step picks one step, and -1 the average`() throws {
    #expect(try profile.view(.scope, ProfileOptions().withStep(7)).rows[0].total(.micros) == 660)
    #expect(try profile.view(.scope, ProfileOptions().withStep(8)).rows[0].total(.micros) == 960)
    #expect(try profile.view(.scope).rows[0].total(.micros) == 810)
    let error = #expect(throws: ProfileError.self) { try profile.view(.scope, ProfileOptions().withStep(0)) }
    #expect(error?.description == "step: step 0 was not recorded; steps 7-8 were")
  }

  @Test(arguments: [
    (ProfileOrder.name, ["conv", "custom", "input", "multiply", "parameter", "subtract"]),
    (.depth, ["conv", "custom", "input", "multiply", "parameter", "subtract"]),
    (.column(.bytes), ["conv", "multiply", "custom", "input", "parameter", "subtract"]),
    (.column(.peakBytes), ["conv", "multiply", "custom", "input", "parameter", "subtract"]),
    (.column(.residualBytes), ["conv", "multiply", "custom", "input", "parameter", "subtract"]),
    (.column(.outputBytes), ["parameter", "conv", "input", "subtract", "multiply", "custom"]),
    (.column(.micros), ["conv", "multiply", "subtract", "custom", "input", "parameter"]),
    (.column(.acceleratorMicros), ["conv", "custom", "input", "multiply", "parameter", "subtract"]),
    (.column(.cpuMicros), ["conv", "multiply", "subtract", "custom", "input", "parameter"]),
    (.column(.params), ["parameter", "conv", "custom", "input", "multiply", "subtract"]),
    (.column(.floatOps), ["conv", "subtract", "multiply", "custom", "input", "parameter"]),
    (.column(.occurrence), ["custom", "parameter", "conv", "input", "multiply", "subtract"].sorted { $0 < $1 }),
  ])
  func `order_by`(order: ProfileOrder, expected: [String]) throws {
    if order == .column(.occurrence) {
      // Three variables, three convolutions and three runs of the custom operation are equal; names decide.
      #expect(try names(.op) { $0.order = order } == ["conv", "custom", "parameter", "input", "multiply", "subtract"])
    } else {
      #expect(try names(.op) { $0.order = order } == expected)
    }
  }

  @Test func `order_by depth puts nodes first that were higher before others were hidden`() throws {
    // Without the layers, conv1's operations stand beside the variables but come from below.
    let hidden = try names {
      ($0.hideNames, $0.order) = (["conv1", "conv2"], .depth)
    }
    #expect(
      hidden == [
        "DW", "DW/update", "DW2", "ScalarW", "custom", "input", "conv1/Conv2D", "conv1/Conv2D_gradient",
        "conv2/Conv2D", "conv2/scale",
      ])
  }

  @Test func `account_type_regexes picks by kind, device and user type, and only these add up`() throws {
    let view = try profile.view(.scope, ProfileOptions().withAccountedTypes(["gpu.*"]))
    #expect(view.names == ["conv1", "conv1/Conv2D_gradient"])
    #expect(view.rows[0].total(.micros) == 300)
    #expect(try names { $0.accountedTypes = ["_check.*", "custom"] } == ["DW", "DW2", "ScalarW", "custom"])
    #expect(try names { $0.accountedTypes = ["con"] } == [], "an expression must match as a whole")
  }

  @Test func `start_name_regexes begins at the first names that match`() throws {
    let view = try profile.view(.scope, ProfileOptions().withNodeNames(starting: ["conv2.*"]))
    #expect(view.names == ["conv2", "conv2/Conv2D", "conv2/scale"])
    #expect(view.rows[0].total(.micros) == 810, "the root keeps what it counted")
    #expect(try names(.op) { $0.startNames = ["input"] } == ["input", "multiply", "parameter", "subtract"])
  }

  @Test func `trim_name_regexes shows nothing below`() throws {
    let shown = try names { $0.trimNames = ["conv[12]"] }
    #expect(shown == ["DW", "DW/update", "DW2", "ScalarW", "conv1", "conv2", "custom", "input"])
    #expect(try names(.op) { $0.trimNames = ["input"] } == ["conv", "custom"])
  }

  @Test func `show_name_regexes shows only these, at whatever depth`() throws {
    let view = try profile.view(.scope, ProfileOptions().withNodeNames(showing: [".*Conv2D", "DW"]))
    #expect(view.names == ["DW", "conv1/Conv2D", "conv2/Conv2D"])
    #expect(view.row("conv1/Conv2D").level == 1)
  }

  @Test func `hide_name_regexes hides, and what is hidden still counts`() throws {
    let view = try profile.view(.scope, ProfileOptions().withNodeNames(hiding: ["conv2/.*", "DW.*"]))
    #expect(view.names == ["ScalarW", "conv1", "conv1/Conv2D", "conv1/Conv2D_gradient", "conv2", "custom", "input"])
    #expect(view.row("conv2").total(.micros) == 300)
  }

  @Test func `account_displayed_op_only counts only what is shown`() throws {
    let options = ProfileOptions().withNodeNames(hiding: ["conv2/scale"])
    #expect(try profile.view(.scope, options).row("conv2").total(.micros) == 300)
    let view = try profile.view(.scope, options.accountingDisplayedOnly())
    #expect(view.row("conv2").total(.micros) == 225)
    #expect(view.rows[0].total(.micros) == 735)
    let list = ProfileOptions().withNodeNames(hiding: ["conv"]).accountingDisplayedOnly()
    #expect(try profile.view(.op, list).rows[0].total(.micros) == 135)
  }

  @Test func `a bad expression is an error that says so`() throws {
    for expression in ["(", "[a", "*a", "a{2,1}"] {
      let error = #expect(throws: ProfileError.self) { try names { $0.showNames = [expression] } }
      #expect(error?.kind == .badExpression)
      #expect(error?.description.hasPrefix("show_name_regexes: \"\(expression)\" is not a regular expression") == true)
    }
  }
}
