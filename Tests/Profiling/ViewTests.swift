import MartletProfiling
import Testing

@Suite struct ViewTests {
  let profile = SampleProfile.make()

  @Test func `trainable variables read as in tfprof's own test`() throws {
    #expect(
      try profile.view(.scope, .trainableVariables).body == """
        node name | # parameters
        _TFProfRoot (--/451 params)
          DW (3x3x3x6, 162/162 params)
          DW2 (2x2x6x12, 288/288 params)
          ScalarW (1, 1/1 params)

        """)
  }

  @Test func `the scope view adds operations up into the parts of their names`() throws {
    let view = try profile.view(.scope)
    // The mean of both steps: 150 for conv1, 225 + 75 for conv2 with scale, 300 on the accelerator.
    #expect(view.row("conv1").total(.micros) == 450)
    #expect(view.row("conv1").total(.cpuMicros) == 150)
    #expect(view.row("conv1").total(.acceleratorMicros) == 300)
    #expect(view.row("conv2").total(.micros) == 300)
    #expect(view.row("conv2/scale").own(.micros) == 75)
    #expect(view.rows[0].total(.micros) == 150 + 300 + 300 + 50 + 10)
    #expect(!view.row("conv1").isAccounted)
    #expect(view.row("DW").isAccounted && view.row("DW").total(.micros) == 50, "an operation with others below it")
  }

  @Test func `the text of the scope view shows own and total time`() throws {
    let lines = try profile.view(.scope).body.split(separator: "\n")
    #expect(lines[0] == "node name | total execution time | accelerator execution time | cpu execution time")
    #expect(lines[1] == "_TFProfRoot (--/810us, --/300us, --/510us)")
    #expect(lines.contains("  conv2 (--/300us, --/0us, --/300us)"))
    #expect(lines.contains("    conv2/scale (75us/75us, 0us/0us, 75us/75us)"))
  }

  @Test func `the graph view puts operands below those that read them`() throws {
    let view = try profile.view(.graph)
    // Nothing reads the update; what it reads comes below, what is known from there does not come again.
    #expect(
      view.names == [
        "DW/update", "DW", "conv1/Conv2D_gradient", "conv2/scale", "ScalarW", "conv2/Conv2D", "DW2", "conv1/Conv2D",
        "input", "custom",
      ])
    #expect(view.row("conv1/Conv2D").level == 5)
    #expect(view.row("conv2/scale").total(.micros) == 75 + 225 + 150)
    #expect(view.rows[0].total(.micros) == 810)
  }

  @Test func `an operation that does not count gives its operands to its reader in the graph view`() throws {
    let view = try profile.view(.graph, ProfileOptions().withAccountedTypes(["parameter", "subtract"]))
    #expect(view.names == ["DW/update", "DW", "DW2", "ScalarW"])
    #expect(view.row("DW2").level == 2)
  }

  @Test func `the code view keeps derivative and update below their line`() throws {
    let view = try profile.view(.code)
    let line = view.row("Model.swift:10:callAsFunction")
    #expect(line.own(.micros) == 150)
    #expect(line.total(.micros) == 150 + 300 + 50)
    #expect(view.row("Model.swift:10:callAsFunction (gradient)").own(.micros) == 300)
    #expect(view.row("Model.swift:10:callAsFunction (update)").own(.micros) == 50)
    #expect(view.row("main.swift:3:main").total(.micros) == 800)
    #expect(view.row("(no source line)").total(.micros) == 10)
    #expect(view.row("Model.swift:10:callAsFunction (gradient)").level == 3)
  }

  @Test func `a place is called by its file without folders, its line and its function`() {
    #expect(Frame(file: "a/b/C.swift", line: 3, function: "f()").label == "C.swift:3:f()")
    #expect(Frame(file: "C.swift", line: 3).label == "C.swift:3")
    #expect(Frame(file: "", line: 0, function: "main").label == "?:0:main")
    let long = String(repeating: "x", count: 41)
    #expect(Frame(file: "C.swift", line: 3, function: long).label == "C.swift:3:" + long.prefix(37) + "...")
  }

  @Test func `columns of a line are one place in the code view`() throws {
    var profile = profile
    profile.frames.append(Frame(file: "App/Model.swift", line: 11, column: 40, function: "callAsFunction"))
    profile.stacks[2] = [4, 0]
    let view = try profile.view(.code)
    #expect(view.names.filter { $0 == "Model.swift:11:callAsFunction" }.count == 1)
    #expect(view.row("Model.swift:11:callAsFunction").own(.micros) == 225 + 75)
  }

  @Test func `the op view lists kinds with shares of all behind and of the row alone`() throws {
    let view = try profile.view(.op, ProfileOptions().ordered(by: .micros))
    #expect(view.names == ["conv", "multiply", "subtract", "custom", "input", "parameter"])
    let lines = view.body.split(separator: "\n")
    // conv takes 150 + 225 + 300 of 810 microseconds, multiply 75 of the 135 that are left.
    #expect(lines[1].hasPrefix("conv                     "))
    #expect(lines[1].contains("675us (100.00%, 83.33%)"))
    #expect(lines[2].contains("75us (16.67%, 9.26%)"))
    #expect(lines[1].split(separator: ",").count == 6, "three columns with a comma each and two between them")
  }

  @Test func `a profile without steps shows what one run would count`() throws {
    var profile = profile
    profile.steps = []
    let view = try profile.view(.scope, .floatOperations)
    #expect(view.rows[0].total(.floatOps) == 5832 + 4608 + 96 + 11664 + 324)
    #expect(try profile.view(.scope).rows[0].total(.micros) == 0)
  }

  @Test func `a variable that two programs read is counted once`() throws {
    var profile = profile
    profile.programs.append(profile.programs[0])
    #expect(try profile.view(.scope, .trainableVariables).rows[0].total(.params) == 451)
    #expect(try profile.view(.op, .trainableVariables).rows[0].total(.params) == 451)
  }

  @Test func `a report ends with what was not counted and why`() throws {
    let report = try profile.view(.op).report
    #expect(report.contains("90.00% of 10 operations have their floating-point operations counted"))
    #expect(report.contains("Not counted: custom ×1, 1.23% of the time: a custom operation without a rule"))
    #expect(report.contains("kernels account for 100.00% of 810us of running time"))
  }

  @Test func `a chain of a hundred thousand operations needs no deep stack`() throws {
    var profile = Profile()
    let operations = (0..<100_000).map { i in
      OperationRecord(
        name: "op\(i)", type: "add", inputs: i == 0 ? [] : [.init(i - 1)], floatingPointOperations: 1)
    }
    profile.programs = [ProgramRecord(name: "chain", operations: operations)]
    let view = try profile.view(.graph, ProfileOptions().withMaximumDepth(1_000_000).selecting([.floatOps]))
    #expect(view.rows.count == 100_001)
    #expect(view.rows[1].total(.floatOps) == 100_000)
  }
}
