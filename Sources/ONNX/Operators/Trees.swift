import Martlet

extension OperatorTable {
  /// Operators of `ai.onnx.ml`: tables and trees.
  static let trees: [Operator] = [
    Operator("ArrayFeatureExtractor", domain: "ai.onnx.ml") { call in
      let shape = try call.shapeOfInput(0)
      let places = try call.tensor(1)
      let flat = places.reshaped(to: [places.elementCount])
      return [
        try call.value(0).moved { x in
          let rows = shape.rank == 1 ? x.expandingDimensions(at: 0) : x
          return rows.gathered(at: flat, axis: -1)
        }
      ]
    },
    .unaryWithAttributes("Binarizer", domain: "ai.onnx.ml") { x, call in
      (x .> (try call.float("threshold", default: 0))).cast(to: x.dtype)
    },
    Operator("LabelEncoder", domain: "ai.onnx.ml") { call in [try LabelTable(call).encoded(call)] },
    .one("TreeEnsemble", domain: "ai.onnx.ml") { call in try TreeEnsemble(call).predictions(call) },
  ]
}

/// The table of `LabelEncoder`: keys and values, each numbers or texts.
private struct LabelTable {
  private enum Key: Hashable {
    case text(String)
    /// The bits of a number, so that NaN is found as well.
    case number(UInt64)

    init(_ value: Double) { self = .number((value == 0 ? 0 : value.isNaN ? .nan : value).bitPattern) }
  }

  private let places: [Key: Int]
  /// The values, and behind them the one for keys that are not there.
  private let values: ONNXValue

  init(_ call: Call) throws {
    let keys = try LabelTable.keys(call)
    places = Dictionary(zip(keys, keys.indices)) { _, last in last }
    values = try LabelTable.values(call)
    guard values.shape?.first == keys.count + 1 else {
      throw ONNXError(.mismatch, "\(keys.count) keys have another number of values")
    }
  }

  private static func keys(_ call: Call) throws -> [Key] {
    if let texts = try call.optionalStrings("keys_strings") { return texts.map { .text($0) } }
    if let numbers = try call.optionalInts("keys_int64s") { return numbers.map { Key(Double($0)) } }
    if let numbers = try call.optionalFloats("keys_floats") { return numbers.map { Key($0) } }
    guard let table = try call.optionalValue("keys_tensor") else { throw ONNXError(.missing, "there are no keys") }
    return try keys(of: table, call)
  }

  private static func keys(of value: ONNXValue, _ call: Call) throws -> [Key] {
    if let strings = value.strings { return strings.elements.map { .text($0) } }
    guard let numbers = value.numbers else { throw ONNXError(.mismatch, "keys are \(value.kind)") }
    return try call.reals(of: numbers).map { Key($0) }
  }

  private static func values(_ call: Call) throws -> ONNXValue {
    if let texts = try call.optionalStrings("values_strings") {
      let all = texts + [try call.string("default_string", default: "_Unused")]
      return .strings(ONNXStrings(all, shape: [all.count]))
    }
    if let numbers = try call.optionalInts("values_int64s") {
      return ONNXValue(Tensor(numbers + [try call.int("default_int64", default: -1)]))
    }
    if let numbers = try call.optionalFloats("values_floats") {
      return ONNXValue(Tensor((numbers + [try call.float("default_float", default: -0.0)]).map { Float($0) }))
    }
    guard let table = try call.optionalValue("values_tensor"), let rest = try call.optionalValue("default_tensor")
    else {
      throw ONNXError(.missing, "there are no values, or no default")
    }
    return try OperatorTable.concatenated(
      [table, rest].map { try $0.moved { $0.reshaped(to: [$0.elementCount]) } }, axis: 0)
  }

  func encoded(_ call: Call) throws -> ONNXValue {
    let shape = try call.shapeOfInput(0)
    let keys = try LabelTable.keys(of: call.value(0), call)
    // Behind all values stands the default.
    let rest = (values.shape?.first ?? 1) - 1
    let found = Tensor(keys.map { places[$0] ?? rest }, shape: shape)
    return try values.moved { $0.gathered(at: found) }
  }
}

/// Decision trees whose leaves add up to predictions.
private struct TreeEnsemble {
  private struct Node {
    let feature: Int
    let mode: Int
    let split: Double
    let members: Set<UInt64>
    let missingIsTrue: Bool
    let next: (yes: Int, no: Int)
    let isLeaf: (yes: Bool, no: Bool)
  }

  private let nodes: [Node]
  private let roots: [Int]
  private let leaves: [(target: Int, weight: Double)]
  private let targetCount, aggregation: Int

  init(_ call: Call) throws {
    func reals(_ name: String) throws -> [Double]? {
      guard let value = try call.optionalValue(name) else { return nil }
      guard let numbers = value.numbers else { throw ONNXError(.mismatch, "\(name) are no numbers") }
      return try call.reals(of: numbers)
    }
    let features = try call.ints("nodes_featureids")
    let modes = try reals("nodes_modes") ?? []
    let splits = try reals("nodes_splits") ?? []
    let (yes, no) = (try call.ints("nodes_truenodeids"), try call.ints("nodes_falsenodeids"))
    let (yesLeaf, noLeaf) = (try call.ints("nodes_trueleafs"), try call.ints("nodes_falseleafs"))
    let missing = try call.optionalInts("nodes_missing_value_tracks_true") ?? features.map { _ in 0 }
    let (targets, weights) = (try call.ints("leaf_targetids"), try reals("leaf_weights") ?? [])
    roots = try call.ints("tree_roots")
    let targetLimit = try call.int("n_targets", default: 1)
    targetCount = targetLimit
    aggregation = try call.int("aggregate_function", default: 1)
    guard try call.int("post_transform", default: 0) == 0 else {
      throw ONNXError(.unsupported, "functions of the sums are not supported")
    }
    let count = features.count
    guard modes.count == count, splits.count == count, yes.count == count, no.count == count, yesLeaf.count == count,
      noLeaf.count == count, missing.count == count, targets.count == weights.count,
      roots.allSatisfy({ $0 >= 0 && $0 < count }), targetLimit > 0, targetLimit < 1 << 31,
      targets.allSatisfy({ $0 >= 0 && $0 < targetLimit }), (0...3).contains(aggregation)
    else { throw ONNXError(.mismatch, "the lists of nodes and leaves do not fit each other") }
    var sets = (try reals("membership_values") ?? []).split(omittingEmptySubsequences: false) { $0.isNaN }[...]
    nodes = try (0..<count).map { place in
      guard let mode = Int(exactly: modes[place]) else { throw ONNXError(.malformed, "a comparison is no number") }
      let members = mode == 6 ? Set((sets.popFirst() ?? []).map { Float($0).bitPattern }.map { UInt64($0) }) : []
      for (isLeaf, target) in [(yesLeaf[place], yes[place]), (noLeaf[place], no[place])] {
        guard target >= 0, target < (isLeaf != 0 ? targets.count : count) else {
          throw ONNXError(.mismatch, "node \(place) goes on at \(target), which is not there")
        }
      }
      return Node(
        feature: features[place], mode: mode, split: splits[place], members: members,
        missingIsTrue: missing[place] != 0, next: (yes[place], no[place]),
        isLeaf: (yesLeaf[place] != 0, noLeaf[place] != 0))
    }
    leaves = zip(targets, weights).map { ($0, $1) }
  }

  func predictions(_ call: Call) throws -> Tensor {
    let x = try call.tensor(0, rank: 2)
    let values = try call.reals(0)
    let width = x.shape[1]
    guard nodes.allSatisfy({ $0.feature >= 0 && $0.feature < width }) else {
      throw ONNXError(.mismatch, "a node looks at a feature that \(x.shape) does not have")
    }
    guard try call.shape([x.shape[0], targetCount]).elementCount <= 1 << 27 else {
      throw ONNXError(.limit, "\(x.shape[0]) rows of \(targetCount) sums are too many")
    }
    let start =
      aggregation == 2
      ? Double(Float.greatestFiniteMagnitude) : aggregation == 3 ? -Double(Float.greatestFiniteMagnitude) : 0
    var sums = [Double](repeating: start, count: x.shape[0] * targetCount)
    for row in 0..<x.shape[0] {
      for root in roots {
        let leaf = leaves[try leaf(from: root, values[(row * width)..<((row + 1) * width)])]
        let place = row * targetCount + leaf.target
        switch aggregation {
        case 0: sums[place] += leaf.weight / Double(roots.count)
        case 1: sums[place] += leaf.weight
        case 2: sums[place] = min(sums[place], leaf.weight)
        default: sums[place] = max(sums[place], leaf.weight)
        }
      }
    }
    return Tensor(sums, shape: [x.shape[0], targetCount]).cast(to: x.dtype)
  }

  private func leaf(from root: Int, _ features: ArraySlice<Double>) throws -> Int {
    var place = root
    // A path longer than there are nodes goes round in a circle.
    for _ in nodes.indices {
      let node = nodes[place]
      let value = features[features.startIndex + node.feature]
      let holds = try holds(node, value)
      place = holds ? node.next.yes : node.next.no
      if holds ? node.isLeaf.yes : node.isLeaf.no { return place }
    }
    throw ONNXError(.malformed, "a tree goes round in a circle")
  }

  private func holds(_ node: Node, _ value: Double) throws -> Bool {
    if value.isNaN && node.missingIsTrue { return true }
    switch node.mode {
    case 0: return value <= node.split
    case 1: return value < node.split
    case 2: return value >= node.split
    case 3: return value > node.split
    case 4: return value == node.split
    case 5: return value != node.split
    case 6: return node.members.contains(UInt64(Float(value).bitPattern))
    default: throw ONNXError(.unsupported, "the comparison \(node.mode) is not known")
    }
  }
}
