import MartletProfiling
import Testing

@Suite struct OptionTextTests {
  @Test(arguments: [
    ["-max_depth", "5", "-select", "micros,bytes", "-order_by", "micros"],
    ["--max-depth=5", "--select=micros,bytes", "--order-by=micros"],
    ["max_depth=5", "select=micros, bytes", "order_by=micros"],
  ])
  func `options are read with one dash, two, or none`(words: [String]) throws {
    var options = ProfileOptions()
    try options.set(from: words)
    #expect(options == ProfileOptions().withMaximumDepth(5).selecting([.micros, .bytes]).ordered(by: .micros))
  }

  @Test func `every option is written so that it reads back`() throws {
    var options = ProfileOptions()
    for (name, value) in [
      ("max_depth", "3"), ("min_bytes", "1"), ("min_peak_bytes", "2"), ("min_residual_bytes", "3"),
      ("min_output_bytes", "4"), ("min_micros", "5"), ("min_accelerator_micros", "6"), ("min_cpu_micros", "7"),
      ("min_params", "8"), ("min_float_ops", "9"), ("min_occurrence", "10"), ("step", "11"), ("order_by", "depth"),
      ("account_type_regexes", "a,b"), ("start_name_regexes", "c"), ("trim_name_regexes", "d{1,2},[,]"),
      ("show_name_regexes", "e"), ("hide_name_regexes", "f"), ("account_displayed_op_only", "true"),
      ("select", "params,device"), ("output", "file:outfile=x"),
    ] {
      try options.set(name, to: value)
      #expect(options.text(of: name) == value)
    }
    #expect(options.trimNames == ["d{1,2}", "[,]"], "a comma inside of braces or brackets belongs to the expression")
    var copy = ProfileOptions()
    try copy.set(from: options.description.split(whereSeparator: \.isWhitespace).map(String.init))
    #expect(copy == options)
  }

  @Test func `the option without a value turns itself on`() throws {
    var options = ProfileOptions()
    try options.set(from: ["-account_displayed_op_only", "-max_depth", "2"])
    #expect(options.accountsDisplayedOnly && options.maximumDepth == 2)
  }

  @Test(arguments: [
    (["max_depth", "ten"], "max_depth: \"ten\" is not a whole number"), (["step", "-2"], "step: -2 is less than -1"),
    (["min_bytes", "-1"], "min_bytes: -1 is less than 0"),
    (["account_displayed_op_only", "maybe"], "account_displayed_op_only: \"maybe\" is neither true nor false"),
    (["select", ","], "select: names no column"),
  ])
  func `bad values name the option`(words: [String], message: String) {
    let error = #expect(throws: ProfileError.self) {
      var options = ProfileOptions()
      try options.set(words[0], to: words[1])
    }
    #expect(error?.description == message)
  }

  @Test func `unknown names say what there is`() {
    for (name, value) in [("max_deep", "1"), ("order_by", "size"), ("select", "micros,weight")] {
      let error = #expect(throws: ProfileError.self) {
        var options = ProfileOptions()
        try options.set(name, to: value)
      }
      #expect(error?.kind == .unknownName)
      #expect(error?.description.contains("there are") == true)
    }
  }

  @Test func `presets are those of tfprof`() {
    let parameters = ProfileOptions.trainableVariables
    #expect(parameters.accountedTypes == ["_trainable_variables"] && parameters.accountsDisplayedOnly)
    #expect(parameters.columns == [.params] && parameters.maximumDepth == 10_000)
    let operations = ProfileOptions.floatOperations
    #expect(
      operations.minimumFloatOperations == 1 && operations.order == .column(.floatOps)
        && operations.accountsDisplayedOnly)
    let time = ProfileOptions.timeAndMemory(microseconds: 3, bytes: 4, peakBytes: 5)
    #expect(time.minimumMicroseconds == 3 && time.minimumBytes == 4 && time.minimumPeakBytes == 5)
    #expect(time.columns == [.micros, .bytes] && time.order == .column(.micros))
  }

  @Test func `each verb of the builder changes its option`() {
    let options = ProfileOptions().withMinimumMemory(bytes: 1, peakBytes: 2, residualBytes: 3, outputBytes: 4)
      .withMinimumExecutionTime(microseconds: 5, acceleratorMicroseconds: 6, cpuMicroseconds: 7)
      .withMinimumParameters(8).withMinimumOccurrence(9).withMinimumFloatOperations(10).withAccountedTypes(["a"])
      .withNodeNames(starting: ["b"], showing: ["c"], hiding: ["d"], trimming: ["e"]).withStep(11)
    let texts = ProfileOptions.names.map { options.text(of: $0) }
    #expect(
      texts == [
        "10", "1", "2", "3", "4", "5", "6", "7", "8", "10", "9", "11", "name", "a", "b", "e", "c", "d", "false",
        "micros", "stdout",
      ])
  }
}
