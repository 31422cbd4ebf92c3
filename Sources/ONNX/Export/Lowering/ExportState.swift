import Martlet
import MartletFormats
import MartletGraph

/// What the graphs of one exported model share: names, constants, sizes and problems.
final class ExportState {
  /// The batch sizes at which the function was recorded; one where sizes are fixed.
  let batches: [Int]
  /// The name of the input whose first dimension is the batch.
  let batchInput: String
  /// Constants in the order of their first use.
  private(set) var constants: [ExportedTensor] = []
  /// Nodes that go before all others: sizes computed from the batch.
  private(set) var prologue: [ONNXNodeProto] = []
  private(set) var problems: [ONNXExportError.Problem] = []

  private var count = 0
  private var taken: Set<String> = []
  private var literals: [Literal: String] = [:]
  private var vectors: [[Int]: String] = [:]
  private var sizeVectors: [[Size]: String] = [:]
  private var constantIndices: [String: Int] = [:]
  private var permuted: [String: String] = [:]
  /// Constants that are others with their axes in another order: those, by their own names.
  private(set) var originals: [String: String] = [:]

  init(batches: [Int], batchInput: String) { (self.batches, self.batchInput) = (batches, batchInput) }

  /// A name that nothing else has.
  func unique(_ hint: String) -> String {
    while true {
      count += 1
      let name = "\(hint)_\(count)"
      if taken.insert(name).inserted { return name }
    }
  }

  /// Takes a name that somebody else decided.
  func reserve(_ name: String) -> String { taken.insert(name).inserted ? name : unique(name) }

  /// Notes something that cannot be expressed.
  func report(_ node: Node, _ message: String) {
    let place = node.location.description
    problems.append(
      ONNXExportError.Problem(operation: node.primitive.rules.name, message: message, place: place))
  }
}

// MARK: - Constants

extension ExportState {
  /// Adds a constant under a name.
  func add(_ name: String, _ tensor: StoredTensor) {
    constantIndices[name] = constants.count
    constants.append(ExportedTensor(name: name, tensor: tensor))
  }

  /// A number of no dimensions.
  func scalar(_ literal: Literal) -> String {
    if let known = literals[literal] { return known }
    let name = unique("scalar")
    var bits = literal.bits
    let bytes = withUnsafeBytes(of: &bits) { Array($0.prefix(literal.dtype.sizeInBytes)) }
    add(name, StoredTensor(dtype: literal.dtype, shape: Shape(), bytes: SharedBytes(bytes)))
    literals[literal] = name
    return name
  }

  func scalar(_ value: Double, _ dtype: DType) -> String { scalar(Literal(value, dtype)) }

  /// Whole numbers of 64 bits in one dimension.
  func vector(_ values: [Int]) -> String {
    if let known = vectors[values] { return known }
    let name = unique("numbers")
    add(name, StoredTensor(values, shape: [values.count]))
    vectors[values] = name
    return name
  }

  /// The constant called `name` with its axes in another order, as a constant; nil if it is none.
  func permuted(_ name: String, _ axes: [Int]) -> String? {
    guard let index = constantIndices[name] else { return nil }
    if axes == axes.sorted() { return name }
    let key = "\(name) \(axes)"
    if let known = permuted[key] { return known }
    let result = unique(name + ".transposed")
    add(result, constants[index].tensor.permuted(axes))
    permuted[key] = result
    originals[result] = name
    return result
  }

  /// The constants that nodes refer to, and the names they get: one that only its reordered form is left of passes its name
  /// on, so that a filter is called by its path.
  func constants(usedBy names: Set<String>) -> (constants: [ExportedTensor], renamed: [String: String]) {
    var renamed: [String: String] = [:]
    var given = names
    let used = constants.filter { names.contains($0.name) }.map { constant -> ExportedTensor in
      guard let original = originals[constant.name], given.insert(original).inserted else { return constant }
      renamed[constant.name] = original
      return ExportedTensor(name: original, tensor: constant.tensor)
    }
    return (used, renamed)
  }
}

// MARK: - Sizes

extension ExportState {
  /// The size that is one of these at each batch size; nil if it is no straight line.
  func size(_ sizes: [Int]) -> Size? { Size(sizes, at: batches) }

  /// Sizes as whole numbers of 64 bits in one dimension.
  func vector(_ sizes: [Size]) -> String {
    let fixed = sizes.compactMap(\.fixed)
    if fixed.count == sizes.count { return vector(fixed) }
    if let known = sizeVectors[sizes] { return known }
    let parts = sizes.map { $0.fixed.map { vector([$0]) } ?? computed($0) }
    let name = parts.count == 1 ? parts[0] : prepend("Concat", parts, [.int("axis", 0)])
    sizeVectors[sizes] = name
    return name
  }

  /// A size that depends on the batch, in one dimension.
  private func computed(_ size: Size) -> String {
    if let known = sizeVectors[[size]] { return known }
    var name: String
    if size.multiplier == 1, size.constant == 0 {
      name = prepend("Shape", [batchInput], [.int("start", 0), .int("end", 1)])
    } else {
      name = computed(Size(multiplier: 1, constant: 0))
      if size.multiplier != 1 { name = prepend("Mul", [name, vector([size.multiplier])]) }
      if size.constant != 0 { name = prepend("Add", [name, vector([size.constant])]) }
    }
    sizeVectors[[size]] = name
    return name
  }

  private func prepend(_ operation: String, _ inputs: [String], _ attributes: [ONNXAttributeProto] = []) -> String {
    let name = unique("size")
    prologue.append(ONNXNodeProto(operation, inputs, [name], attributes, name: unique(operation)))
    return name
  }
}

extension Size {
  init(multiplier: Int, constant: Int) { (self.multiplier, self.constant) = (multiplier, constant) }
}

extension ONNXNodeProto {
  init(
    _ operation: String, _ inputs: [String], _ outputs: [String], _ attributes: [ONNXAttributeProto], name: String
  ) {
    self.init()
    opType = operation
    (input, output, attribute) = (inputs, outputs, attributes)
    self.name = name
  }
}
