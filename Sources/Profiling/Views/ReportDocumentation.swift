extension ViewKind {
  /// What a report says about the view.
  var documentation: String {
    switch self {
    case .scope: "layers and operations by the parts of their names, from the model down to single operations."
    case .graph: "operations as they read one another; below each stand those whose results it reads."
    case .code: "the calls that led to each operation; a line's derivative and update stand below the line."
    case .op: "kinds of operations; percentages are of all rows: first with those behind, then the row alone."
    }
  }
}

extension ProfileColumn {
  /// What a report says about the column.
  var documentation: String {
    switch self {
    case .bytes: "all memory that the operation asks for, buffers of results and workspace, over all its runs."
    case .peakBytes:
      "the most it holds at one point; added up over nodes, so not the peak of the program (see the memory report)."
    case .residualBytes: "memory that it leaves to later operations."
    case .outputBytes: "the size of its results, whether or not they have memory of their own."
    case .micros: "time on accelerators and processors together; of a fused kernel, the operation's share."
    case .acceleratorMicros: "time on devices other than processors."
    case .cpuMicros: "time on processors, from the start of the kernel to its end."
    case .params: "elements of parameters."
    case .floatOps: "floating-point operations over all runs; a multiplication with an addition is two."
    case .occurrence: "how often it runs in a step, and how many operations there are."
    case .tensorValue: "the first elements of a variable."
    case .device: "where it runs."
    case .opTypes: "kind, device and types given by the user; account_type_regexes picks by them."
    case .inputShapes: "operands and their shapes."
    case .multiplyAdds: "multiplications with an addition over all runs; each is two floating-point operations."
    case .forwardMicros: "time of the forward pass."
    case .backwardMicros: "time of derivatives, at the line of the forward operation."
    case .updateMicros: "time of updates of parameters."
    case .forwardFloatOps: "floating-point operations of the forward pass."
    case .backwardFloatOps: "floating-point operations of derivatives, by exact rules."
    case .updateFloatOps: "floating-point operations of updates of parameters."
    }
  }
}

extension ProfileView {
  /// The lines that precede a report: what the view shows and what each column means.
  var documentation: String {
    var text = "Doc:\n\(kind.rawValue): \(kind.documentation)\n"
    let columns =
      ProfileColumn.shown(kind, options.columns) + (options.columns.contains(.tensorValue) ? [.tensorValue] : [])
    for column in columns { text += "\(column.heading(kind)): \(column.documentation)\n" }
    return text
  }
}
