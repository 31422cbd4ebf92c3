import MartletGraph

/// Writes a safetensors file, tensor by tensor, so that only one need be in memory at a time.
///
/// The order of tensors in the file is fixed by their types and names: widest elements first, so that each starts at a
/// multiple of its element size, then by name. Without metadata the bytes are those that the reference library writes.
public struct SafetensorsWriter: ~Copyable {
  /// A tensor that will be written.
  public struct Plan: Sendable {
    public var name: String
    public var dtype: DType
    public var shape: Shape

    /// A tensor called `name`.
    public init(name: String, dtype: DType, shape: Shape) {
      self.name = name
      self.dtype = dtype
      self.shape = shape
    }
  }

  /// The tensors in the order in which `append` wants them.
  public let order: [Plan]

  private var file: AtomicFile
  private var next = 0

  /// Starts a file with the given tensors.
  ///
  /// - Throws: `FormatError` if two have the same name, one is called `__metadata__`, the header is larger than readers
  ///   accept, or the file cannot be created.
  public init(path: String, tensors: [Plan], metadata: [String: String] = [:]) throws(FormatError) {
    let order = tensors.sorted(by: SafetensorsWriter.isBefore)
    let header = try SafetensorsWriter.header(order, metadata, path)
    var file = try AtomicFile(path: path)
    try file.write(header)
    self.order = order
    self.file = file
  }

  /// Appends the elements of the next tensor of `order`.
  ///
  /// - Throws: `FormatError` of kind `mismatch` if type or shape are not as planned.
  public mutating func append(_ tensor: StoredTensor) throws(FormatError) {
    guard next < order.count else {
      throw FormatError(.mismatch, file: file.path, "all \(order.count) tensors are written already")
    }
    let plan = order[next]
    guard tensor.dtype == plan.dtype, tensor.shape == plan.shape else {
      throw FormatError(
        .mismatch, file: file.path,
        "is planned as \(plan.dtype) \(plan.shape) and given as \(tensor.dtype) \(tensor.shape)", tensor: plan.name)
    }
    try file.write(tensor.bytes)
    next += 1
  }

  /// Puts the file in place.
  ///
  /// - Throws: `FormatError` of kind `missing` if not all tensors were appended; an older file then stays.
  public consuming func finish() throws(FormatError) {
    guard next == order.count else {
      throw FormatError(.missing, file: file.path, "was not written", tensor: order[next].name)
    }
    try file.commit()
  }

  private static func isBefore(_ a: Plan, _ b: Plan) -> Bool {
    let (first, second) = (SafetensorsType.rank(of: a.dtype), SafetensorsType.rank(of: b.dtype))
    return first == second ? a.name.utf8.lexicographicallyPrecedes(b.name.utf8) : first > second
  }

  private static func header(
    _ order: [Plan], _ metadata: [String: String], _ path: String
  ) throws(FormatError) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      var object = JSONObject()
      let keys = metadata.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      for key in keys { object[key] = .string(metadata[key]!) }
      members.append("\"__metadata__\":" + JSON.object(object).serialized())
    }
    var offset = 0
    var names: Set<String> = []
    for plan in order {
      guard names.insert(plan.name).inserted, plan.name != "__metadata__" else {
        throw FormatError(.duplicate, file: path, "has the name of another part of the file", tensor: plan.name)
      }
      guard let size = StoredTensor.sizeInBytes(dtype: plan.dtype, shape: plan.shape), size <= Int.max - offset else {
        throw FormatError(.limit, file: path, "is larger than 64 bits can count", tensor: plan.name)
      }
      let shape = plan.shape.map(String.init).joined(separator: ",")
      members.append(
        JSON.string(plan.name).serialized()
          + ":{\"dtype\":\"\(SafetensorsType.name(of: plan.dtype))\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(offset + size)]}")
      offset += size
    }
    var text = Array(("{" + members.joined(separator: ",") + "}").utf8)
    text += repeatElement(0x20, count: (8 - text.count % 8) % 8)
    guard text.count <= SafetensorsHeader.maximumSize else {
      throw FormatError(.limit, file: path, "header of \(text.count) bytes is larger than readers accept")
    }
    var result: [UInt8] = []
    result.appendLittle(UInt64(text.count))
    return result + text
  }
}

extension SafetensorsWriter {
  /// Writes all tensors at once.
  public static func write(
    _ tensors: [String: StoredTensor], metadata: [String: String] = [:], to path: String
  ) throws(FormatError) {
    let plans = tensors.map { Plan(name: $0.key, dtype: $0.value.dtype, shape: $0.value.shape) }
    var writer = try SafetensorsWriter(path: path, tensors: plans, metadata: metadata)
    for plan in writer.order { try writer.append(tensors[plan.name]!) }
    try writer.finish()
  }
}
