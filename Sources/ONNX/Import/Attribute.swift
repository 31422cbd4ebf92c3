/// The value of a node's attribute.
enum Attribute: Sendable {
  case int(Int)
  case float(Double)
  case string(String)
  case ints([Int])
  case floats([Double])
  case strings([String])
  case value(ONNXValue)
  case graph(GraphPlan)
  case type(ONNXTypeProto)
  /// Present in the file, of a kind that no operator here uses.
  case other

  /// What it is, for messages.
  var kind: String {
    switch self {
    case .int: "an integer"
    case .float: "a number"
    case .string: "a text"
    case .ints: "integers"
    case .floats: "numbers"
    case .strings: "texts"
    case .value: "a tensor"
    case .graph: "a graph"
    case .type: "a type"
    case .other: "of another kind"
    }
  }
}
