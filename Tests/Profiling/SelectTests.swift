import MartletProfiling
import Testing

/// Each column, as trees and the list show it.
@Suite struct SelectTests {
  let profile = SampleProfile.make()

  private func line(_ name: String, _ columns: Set<ProfileColumn>, _ kind: ViewKind = .scope) throws -> String {
    let view = try profile.view(kind, ProfileOptions().selecting(columns))
    let lines = view.body.split(separator: "\n").map { String($0.drop { $0 == " " }) }
    return try #require(lines.first { $0.hasPrefix(name + " ") })
  }

  @Test(arguments: [
    (ProfileColumn.bytes, "conv1 (--/2.08KB)"), (.peakBytes, "conv1 (--/2.08KB)"), (.residualBytes, "conv1 (--/432B)"),
    (.outputBytes, "conv1 (--/1.08KB)"), (.micros, "conv1 (--/450us, --/300us, --/150us)"),
    (.acceleratorMicros, "conv1 (--/300us)"), (.cpuMicros, "conv1 (--/150us)"), (.params, "conv1 (--/0 params)"),
    (.floatOps, "conv1 (--/17.50k flops)"), (.multiplyAdds, "conv1 (--/8.75k macs)"),
    (.occurrence, "conv1 (--/2|--/2)"),
    (.forwardMicros, "conv1 (--/150us)"), (.backwardMicros, "conv1 (--/300us)"), (.updateMicros, "conv1 (--/0us)"),
    (.forwardFloatOps, "conv1 (--/5.83k forward flops)"), (.backwardFloatOps, "conv1 (--/11.66k backward flops)"),
    (.updateFloatOps, "conv1 (--/0 update flops)"),
  ])
  func `a number of a tree`(column: ProfileColumn, expected: String) throws {
    #expect(try line("conv1", [column]) == expected)
  }

  @Test func `columns of text`() throws {
    #expect(try line("conv1/Conv2D", [.device]) == "conv1/Conv2D (cpu:0)")
    #expect(try line("DW", [.opTypes]) == "DW (_checkpoint_variables|_trainable_variables|cpu:0|parameter)")
    #expect(try line("conv1/Conv2D", [.inputShapes]) == "conv1/Conv2D (0:2x6x6x3|1:3x3x3x6)")
    #expect(try line("conv1/Conv2D", [.occurrence]) == "conv1/Conv2D (1/1|1/1)")
    #expect(try line("custom", [.occurrence]) == "custom (3/3|1/1)")
  }

  @Test func `tensor_value shows the first elements on a line of its own`() throws {
    let view = try profile.view(.scope, ProfileOptions().selecting([.tensorValue, .params]))
    #expect(view.body.contains("  DW (3x3x3x6, 162/162 params)\n    [0.500000 -1.250000 ...]\n"))
    #expect(view.body.contains("  ScalarW (1, 1/1 params)\n    [2.000000]\n"))
  }

  @Test func `the op view pads values and repeats input shapes`() throws {
    let text = try profile.view(.op, ProfileOptions().selecting([.params, .floatOps, .occurrence, .inputShapes])).body
    // 24 thousandths of all are conv's: 5,832 + 4,608 + 11,664 of 22,524.
    #expect(text.contains("22.10k float_ops (100.00%, 98.14%)"))
    #expect(text.contains("conv" + String(repeating: " ", count: 21 + 5) + "0 params (100.00%, 0.00%),"))
    #expect(text.contains("input_type: 0:2x6x6x3,\t1:3x3x3x6\t(run*1|defined*1)\texec_time: 150us"))
    #expect(text.hasPrefix("node name | # parameters | # float_ops | op occurrence (run|defined) | input shapes\n"))
  }

  @Test func `columns stand in the order of the view`() throws {
    let all = ProfileOptions().selecting(Set(ProfileColumn.allCases))
    #expect(
      try profile.view(.scope, all).body.prefix { $0 != "\n" } == """
        node name | # parameters | # float_ops | # multiply_adds | requested bytes | peak bytes | residual bytes | \
        output bytes | total execution time | accelerator execution time | cpu execution time | \
        forward execution time | backward execution time | update execution time | # forward float_ops | \
        # backward float_ops | # update float_ops | assigned devices | op types | op count (run|defined) | input shapes
        """)
    #expect(
      try profile.view(.code, all).body.hasPrefix("node name | requested bytes | peak bytes | residual bytes |"))
  }

  @Test func `each chosen column is explained before the report`() throws {
    for kind in ViewKind.allCases {
      let report = try profile.view(kind, ProfileOptions().selecting([.bytes, .tensorValue])).report
      #expect(report.contains("Doc:\n\(kind.rawValue): "))
      #expect(report.contains("\nrequested bytes: ") && report.contains("\ntensor value: "))
      #expect(!report.contains("\npeak bytes: "))
    }
    let views = try ViewKind.allCases.map { try profile.view($0).report.split(separator: "\n")[2] }
    #expect(Set(views).count == 4, "each view has a text of its own")
  }
}
