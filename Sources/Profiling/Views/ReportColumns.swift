extension ProfileColumn {
  /// The order in which trees of operations show their columns.
  static let treeOrder: [ProfileColumn] =
    [.params, .floatOps, .multiplyAdds] + memory + times + phases + [.device, .opTypes, .occurrence, .inputShapes]

  /// The order in which the code and op views do.
  static let groupOrder: [ProfileColumn] =
    memory + times + [.params, .floatOps, .multiplyAdds] + phases + [.device, .opTypes, .occurrence, .inputShapes]

  private static let memory: [ProfileColumn] = [.bytes, .peakBytes, .residualBytes, .outputBytes]
  private static let times: [ProfileColumn] = [.micros, .acceleratorMicros, .cpuMicros]
  private static let phases: [ProfileColumn] = [
    .forwardMicros, .backwardMicros, .updateMicros, .forwardFloatOps, .backwardFloatOps, .updateFloatOps,
  ]

  /// The chosen columns in the order of a view.
  ///
  /// Total time brings both its parts; the elements of variables stand on lines of their own.
  static func shown(_ kind: ViewKind, _ chosen: Set<ProfileColumn>) -> [ProfileColumn] {
    var chosen = chosen
    if chosen.contains(.micros) { chosen.formUnion([.acceleratorMicros, .cpuMicros]) }
    return (kind.groupsOperations ? groupOrder : treeOrder).filter { chosen.contains($0) }
  }

  /// What the head of a report calls it.
  func heading(_ kind: ViewKind) -> String {
    switch self {
    case .bytes: "requested bytes"
    case .peakBytes: "peak bytes"
    case .residualBytes: "residual bytes"
    case .outputBytes: "output bytes"
    case .micros: "total execution time"
    case .acceleratorMicros: "accelerator execution time"
    case .cpuMicros: "cpu execution time"
    case .params: "# parameters"
    case .floatOps: "# float_ops"
    case .multiplyAdds: "# multiply_adds"
    case .occurrence: kind.groupsOperations ? "op occurrence (run|defined)" : "op count (run|defined)"
    case .tensorValue: "tensor value"
    case .device: "assigned devices"
    case .opTypes: "op types"
    case .inputShapes: "input shapes"
    case .forwardMicros: "forward execution time"
    case .backwardMicros: "backward execution time"
    case .updateMicros: "update execution time"
    case .forwardFloatOps: "# forward float_ops"
    case .backwardFloatOps: "# backward float_ops"
    case .updateFloatOps: "# update float_ops"
    }
  }

  /// Whether it is a number that adds up.
  public var isNumber: Bool {
    switch self {
    case .tensorValue, .device, .opTypes, .inputShapes: false
    default: true
    }
  }

  /// A value of the column as text.
  func text(_ measures: Measures) -> String {
    let value = value(measures)
    switch self {
    case .bytes, .peakBytes, .residualBytes, .outputBytes: return Units.bytes(value)
    case .micros, .acceleratorMicros, .cpuMicros, .forwardMicros, .backwardMicros, .updateMicros:
      return Units.time(nanoseconds: value * 1000)
    default: return Units.count(value)
    }
  }

  /// What stands behind a number in a tree; in a list it stands there too.
  func unit(_ kind: ViewKind) -> String {
    switch self {
    case .params: " params"
    case .floatOps: kind == .op ? " float_ops" : " flops"
    case .multiplyAdds: " macs"
    case .forwardFloatOps: " forward flops"
    case .backwardFloatOps: " backward flops"
    case .updateFloatOps: " update flops"
    default: ""
    }
  }
}
