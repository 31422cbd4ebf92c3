import MartletGraph

/// Writes a GGUF file, tensor by tensor, so that only one need be in memory at a time.
///
/// The same metadata and tensors in the same order give the bytes that the Python package *gguf* writes.
public struct GGUFWriter: ~Copyable {
  /// A tensor that will be written.
  public struct Plan: Sendable {
    public var name: String
    public var type: GGUFTensorType
    public var shape: Shape

    /// A tensor called `name`; a scalar is written as one element.
    public init(name: String, type: GGUFTensorType, shape: Shape) {
      self.name = name
      self.type = type
      self.shape = shape
    }
  }

  /// The types that tensors can be quantized to.
  public static let quantizedTypes: [GGUFTensorType] = [.q8_0, .q4_0, .q4_K]

  /// The tensors in the order in which `append` wants them.
  public let plans: [Plan]

  private var file: AtomicFile
  private let alignment: Int
  private var next = 0

  /// Starts a file with the given metadata and tensors.
  ///
  /// - Parameters:
  ///   - metadata: Keys and values in the order in which they are written. Readers want `general.architecture` first; a
  ///     `general.alignment` (a `uint32` power of two in 8...65536) is honored.
  /// - Throws: `FormatError` if a name or key occurs twice or is too long, a shape does not suit its type, a type is not
  ///   written here, or the file cannot be created.
  public init(
    path: String, metadata: [(key: String, value: GGUFValue)], tensors plans: [Plan]
  ) throws(FormatError) {
    var keys: Set<String> = []
    var bytes = GGUFHeader.magic
    bytes.appendLittle(UInt32(3))
    bytes.appendLittle(UInt64(plans.count))
    bytes.appendLittle(UInt64(metadata.count))
    var alignment = GGUFHeader.defaultAlignment
    for (key, value) in metadata {
      guard keys.insert(key).inserted else {
        throw FormatError(.duplicate, file: path, "metadata \(FormatError.quoted(key)) is given twice")
      }
      try GGUFWriter.checkText(key, "metadata key", path)
      if case .string(let text) = value { try GGUFWriter.checkText(text, "metadata text", path) }
      if key == "general.alignment" { alignment = try GGUFWriter.alignment(value, path) }
      bytes.appendGGUF(key)
      bytes.appendLittle(value.type.rawValue)
      value.append(to: &bytes)
    }
    try GGUFWriter.appendTensors(plans, alignment: alignment, path, to: &bytes)
    bytes += repeatElement(0, count: GGUFWriter.padding(bytes.count, alignment))
    var file = try AtomicFile(path: path)
    try file.write(bytes)
    self.plans = plans
    self.alignment = alignment
    self.file = file
  }

  /// Appends the next tensor of `plans`, converted to its type.
  ///
  /// - Throws: `FormatError` of kind `mismatch` if the shape is not as planned, or an element to be quantized is not
  ///   finite.
  public mutating func append(_ tensor: StoredTensor) throws(FormatError) {
    guard next < plans.count else {
      throw FormatError(.mismatch, file: file.path, "all \(plans.count) tensors are written already")
    }
    let plan = plans[next]
    guard tensor.shape == plan.shape else {
      throw FormatError(
        .mismatch, file: file.path, "is planned as \(plan.shape) and given as \(tensor.shape)", tensor: plan.name)
    }
    let bytes: SharedBytes
    do {
      bytes = try GGUFWriter.encoded(tensor, as: plan.type)
    } catch {
      throw FormatError(error.kind, file: file.path, error.message, tensor: plan.name)
    }
    try file.write(bytes)
    try file.write([UInt8](repeating: 0, count: GGUFWriter.padding(bytes.count, alignment)))
    next += 1
  }

  /// Puts the file in place.
  ///
  /// - Throws: `FormatError` of kind `missing` if not all tensors were appended; an older file then stays.
  public consuming func finish() throws(FormatError) {
    guard next == plans.count else {
      throw FormatError(.missing, file: file.path, "was not written", tensor: plans[next].name)
    }
    try file.commit()
  }

  /// The bytes of a tensor's elements as the given type stores them.
  static func encoded(_ tensor: StoredTensor, as type: GGUFTensorType) throws(FormatError) -> SharedBytes {
    if let dtype = type.dtype { return try tensor.converted(to: dtype).bytes }
    guard let encoder = Quantization.encoder(of: type) else {
      throw FormatError(.unsupported, file: "", "cannot be written as \(type)")
    }
    let floats: [Float] = try tensor.converted(to: .float32).values()
    guard floats.allSatisfy(\.isFinite) else {
      throw FormatError(.mismatch, file: "", "has elements that are not finite, which \(type) cannot store")
    }
    return SharedBytes(floats.withUnsafeBufferPointer { Quantization.encode($0, as: type, encoder) })
  }

  private static func appendTensors(
    _ plans: [Plan], alignment: Int, _ path: String, to bytes: inout [UInt8]
  ) throws(FormatError) {
    var names: Set<String> = []
    var offset = 0
    for plan in plans {
      guard names.insert(plan.name).inserted else {
        throw FormatError(.duplicate, file: path, "is given twice", tensor: plan.name)
      }
      try checkText(plan.name, "tensor name", path)
      let dimensions = plan.shape.rank == 0 ? [1] : Array(plan.shape)
      guard dimensions.count <= 4, !dimensions.contains(0) else {
        throw FormatError(
          .unsupported, file: path, "has shape \(plan.shape); GGUF has one to four dimensions and no empty tensors",
          tensor: plan.name)
      }
      guard plan.type.dtype != nil || Quantization.encoder(of: plan.type) != nil else {
        throw FormatError(.unsupported, file: path, "cannot be written as \(plan.type)", tensor: plan.name)
      }
      guard let size = plan.type.sizeInBytes(dimensions), size <= Int.max - offset - 65536 else {
        throw FormatError(
          .mismatch, file: path,
          "of shape \(plan.shape) cannot be \(plan.type): rows must be multiples of \(plan.type.block.elements)",
          tensor: plan.name)
      }
      bytes.appendGGUF(plan.name)
      bytes.appendLittle(UInt32(dimensions.count))
      for size in dimensions.reversed() { bytes.appendLittle(UInt64(size)) }
      bytes.appendLittle(plan.type.rawValue)
      bytes.appendLittle(UInt64(offset))
      offset += size + padding(size, alignment)
    }
  }

  private static func padding(_ count: Int, _ alignment: Int) -> Int { (alignment - count % alignment) % alignment }

  private static func alignment(_ value: GGUFValue, _ path: String) throws(FormatError) -> Int {
    guard case .uint32(let number) = value, number >= 8, number <= 65536, number & (number - 1) == 0 else {
      throw FormatError(.mismatch, file: path, "general.alignment must be a uint32 power of two in 8...65536")
    }
    return Int(number)
  }

  private static func checkText(_ text: String, _ what: String, _ path: String) throws(FormatError) {
    guard text.utf8.count <= GGUFReader.maximumText else {
      throw FormatError(.limit, file: path, "\(what) is longer than \(GGUFReader.maximumText) bytes")
    }
  }
}

extension GGUFWriter {
  /// Writes all tensors at once, in their order.
  public static func write(
    _ tensors: [(plan: Plan, tensor: StoredTensor)], metadata: [(key: String, value: GGUFValue)], to path: String
  ) throws(FormatError) {
    var writer = try GGUFWriter(path: path, metadata: metadata, tensors: tensors.map(\.plan))
    for item in tensors { try writer.append(item.tensor) }
    try writer.finish()
  }
}
