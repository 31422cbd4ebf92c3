import MartletProfiling
import Testing

@Suite struct PromptTests {
  @Test func `an empty line prints the options, set keeps them, a command changes them only for itself`() throws {
    var prompt = ProfilePrompt(SampleProfile.make())
    #expect(prompt.answer("  ") == ProfileOptions().description)
    #expect(prompt.answer("set -max_depth 2 -order_by micros").contains("-order_by                   micros"))
    #expect(prompt.options == ProfileOptions().withMaximumDepth(2).ordered(by: .micros))
    let report = prompt.answer("scope -select params -account_type_regexes '_trainable_variables'")
    #expect(report.contains("  DW (3x3x3x6, 162/162 params)\n"))
    #expect(prompt.options.columns == [.micros])
    _ = prompt.answer("set")
    #expect(prompt.options == ProfileOptions())
  }

  @Test func `every command answers`() throws {
    var prompt = ProfilePrompt(SampleProfile.make())
    for (command, part) in [
      ("scope", "conv2/scale"), ("graph", "DW/update"), ("code", "(gradient)"), ("op", "multiply"),
      ("advise input", "waits for batches"), ("memory", "Peak: 1.43KB"), ("roofline", "Machine: test machine"),
      ("predict", "conv1/Conv2D"), ("steps", "2 steps: median 1.10ms"), ("help", "advise"),
      ("memory -step 8", "in step 8"), ("flame", "main.swift:3:main;Model.swift:10:callAsFunction;conv 150000\n"),
    ] {
      #expect(prompt.answer(command).contains(part), "\(command)")
    }
    #expect(!prompt.isDone)
    _ = prompt.answer("quit")
    #expect(prompt.isDone)
  }

  @Test(arguments: [
    ("scop", "scop: there is no such command"), ("scope -max_depth x", "max_depth: \"x\" is not a whole number"),
    ("scope -step 3", "step: step 3 was not recorded"), ("advise nobody", "advise: there is no checker \"nobody\""),
    ("diff", "diff: needs the path of one file"), ("diff /none", "/none: cannot open"),
    ("op -show_name_regexes (", "show_name_regexes: \"(\" is not a regular expression"),
    ("scope -output pprof:outfile=/x", "output: pprof shows calls"),
  ])
  func `mistakes are answered with a sentence`(line: String, start: String) {
    var prompt = ProfilePrompt(SampleProfile.make())
    #expect(prompt.answer(line).hasPrefix(start))
    #expect(!prompt.isDone)
  }

  @Test(arguments: [
    ("sc", ["scope"]), ("scope -max", ["scope -max_depth"]), ("scope --order", ["scope --order_by"]),
    ("op -order_by acc", ["op -order_by accelerator_micros"]), ("op -order_by=na", ["op -order_by=name"]),
    ("op -select micros,para", ["op -select micros,params"]), ("advise pa", ["advise parameters", "advise padding"]),
    ("op -output time", ["op -output timeline:outfile="]),
    ("op -account_type_regexes mul", ["op -account_type_regexes multiply"]),
    ("nonsense x", []),
  ])
  func `lines are completed`(line: String, completions: [String]) {
    #expect(ProfilePrompt(SampleProfile.make()).completions(of: line) == completions)
  }
}
