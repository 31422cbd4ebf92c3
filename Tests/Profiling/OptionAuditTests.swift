import MartletProfiling
import Testing

/// Every option of tfprof's language changes a report in the way it says: none can be forgotten, or mixed up with another.
@Suite struct OptionAuditTests {
  /// For each option a value, a view, and what is then shown that is not with the defaults, or the other way round.
  private static let effects: [String: (value: String, view: ViewKind, shows: [String], hides: [String])] = [
    "max_depth": ("2", .scope, [], ["conv1/Conv2D", "conv2/scale"]),
    "min_bytes": ("649", .scope, [], ["conv1/Conv2D_gradient", "conv2/scale", "DW"]),
    "min_peak_bytes": ("1432", .scope, [], ["conv2/scale", "conv1/Conv2D_gradient"]),
    "min_residual_bytes": ("385", .scope, [], ["conv2/scale", "conv1/Conv2D_gradient"]),
    "min_output_bytes": ("864", .scope, [], ["conv2/Conv2D", "ScalarW"]),
    "min_micros": ("225", .scope, [], ["conv1/Conv2D", "conv2/scale"]),
    "min_accelerator_micros": ("1", .scope, [], ["conv1/Conv2D", "conv2"]),
    "min_cpu_micros": ("151", .scope, [], ["conv1/Conv2D", "conv1/Conv2D_gradient"]),
    "min_params": ("163", .scope, [], ["DW", "ScalarW"]),
    "min_float_ops": ("5000", .scope, [], ["conv2/Conv2D", "conv2/scale"]),
    "min_occurrence": ("2", .scope, [], ["conv1/Conv2D", "DW"]),
    "account_type_regexes": ("gpu.*", .scope, [], ["conv2", "custom"]),
    "start_name_regexes": ("conv2.*", .scope, [], ["conv1", "DW"]),
    "trim_name_regexes": ("conv1", .scope, [], ["conv1/Conv2D"]),
    "show_name_regexes": (".*Conv2D", .scope, [], ["conv2/scale", "DW"]),
    "hide_name_regexes": ("conv2", .scope, [], ["conv2"]),
  ]

  /// Options that change numbers, columns, order or place rather than the names that are shown.
  private static let others: Set = ["step", "order_by", "account_displayed_op_only", "select", "output"]

  private func view(_ words: [String], _ kind: ViewKind = .scope) throws -> ProfileView {
    var options = ProfileOptions()
    try options.set(from: words)
    return try SampleProfile.make().view(kind, options)
  }

  @Test func `every option is here`() {
    #expect(Set(OptionAuditTests.effects.keys).union(OptionAuditTests.others) == Set(ProfileOptions.names))
  }

  @Test(arguments: effects.keys.sorted())
  func `an option changes what is shown`(name: String) throws {
    let effect = OptionAuditTests.effects[name]!
    let before = Set(try view([], effect.view).names)
    let after = Set(try view(["-" + name, effect.value], effect.view).names)
    #expect(after.isStrictSubset(of: before) || !effect.shows.isEmpty)
    for shown in effect.shows { #expect(after.contains(shown) && !before.contains(shown)) }
    for hidden in effect.hides { #expect(before.contains(hidden) && !after.contains(hidden), "\(hidden)") }
  }

  @Test func `no two options do the same`() throws {
    // Were two of them mixed up, as tfprof mixed up two, they would show the same with a value that fits both.
    var seen: [[String]: String] = [:]
    for name in ["min_bytes", "min_output_bytes", "min_micros", "min_params", "min_float_ops"] {
      let names = try view(["-" + name, "200"]).names
      #expect(seen[names] == nil, "\(name) and \(seen[names] ?? "")")
      seen[names] = name
    }
    let lists = ["account_type", "start_name", "trim_name", "show_name", "hide_name"].map { $0 + "_regexes" }
    let shown = try lists.map { try view(["-" + $0, "conv1"]).names }
    #expect(Set(shown).count == lists.count, "\(shown)")
  }

  @Test func `step, order, account_displayed_op_only, select and output do what they say`() throws {
    #expect(try view(["-step", "7"]).rows[0].total(.micros) != view([]).rows[0].total(.micros))
    #expect(try view(["-order_by", "micros"]).names != view([]).names)
    let hiding = ["-hide_name_regexes", "conv2/scale"]
    let all = try view(hiding).rows[0].total(.micros)
    #expect(try view(hiding + ["-account_displayed_op_only", "true"]).rows[0].total(.micros) < all)
    #expect(try view(["-select", "params"]).body != view([]).body)
    #expect(try view(["-output", "none"]).options.output == .none)
  }

  @Test(arguments: ProfileOrder.allCases.map(\.description))
  func `every order is an order`(name: String) throws {
    let view = try view(["-order_by", name], .op)
    #expect(Set(view.names).count == 6)
    guard case .column(let column) = view.options.order else { return }
    let values = view.rows.dropFirst().map { $0.own(column) }
    #expect(values == values.sorted(by: >), "\(name)")
  }

  @Test(arguments: ProfileColumn.allCases)
  func `every column has a heading of its own`(column: ProfileColumn) throws {
    let with = try view(["-select", column.rawValue]).body
    let without = try view(["-select", column == .device ? "params" : "device"]).body
    #expect(with != without)
  }
}
