import MartletGraph
import Synchronization

/// What a PyTorch file says about one tensor.
public struct TorchEntry: Sendable {
  /// The path of the tensor: keys of dictionaries and positions in lists, joined with dots.
  public let name: String
  /// The element type as PyTorch calls it: `float32`, `bfloat16`, `float8_e4m3fn`.
  public let typeName: String
  /// The element type, or nil if it is one that this library has no tensors of.
  public let dtype: DType?
  /// The sizes of the dimensions, outermost first.
  public let dimensions: [Int]
  /// Whether the elements lie in order, one behind the other, so that they need not be copied.
  public let isContiguous: Bool

  /// The bytes of one element.
  let elementSize: Int
  let tensor: Int
}

/// A file that `torch.save` wrote (`.pt`, `.pth`, `.bin`), open for reading; nothing in it is ever executed.
///
/// Tensors are found in dictionaries and lists of any nesting and named by their path. Both forms are read: zip archives,
/// and the one stream of PyTorch before 1.6. Parameters, shared storages, views with offsets and strides, and half and
/// 8-bit types are understood; whole models, TorchScript, sparse and quantized tensors and foreign classes are refused
/// by name.
///
/// - Note: The pickle is read by a machine of its own with a closed list of names; see `PickleMachine`. There is no mode
///   that would call anything.
public struct TorchFile: Sendable {
  /// The tensors, in the order of the file.
  public let entries: [TorchEntry]
  /// Numbers, texts and the like, by path, as text.
  public let values: [(key: String, value: String)]
  /// The path, or the name given for data that is in no file.
  public let file: String

  private let tensors: [TorchTensor]
  private let storages: TorchStorages
  private let indices: [String: Int]

  /// Opens the file at `path`.
  ///
  /// - Throws: `FormatError` if it cannot be opened, is no such file, or holds what is not read here.
  public init(path: String, limits: ZipLimits = ZipLimits()) throws(FormatError) {
    try self.init(bytes: MappedFile(path: path).bytes, file: path, limits: limits)
  }

  /// Opens a file that is in memory.
  public init(
    bytes: SharedBytes, file: String = "PyTorch data", limits: ZipLimits = ZipLimits()
  ) throws(FormatError) {
    if TorchLegacy.recognizes(bytes) {
      let legacy = try TorchLegacy(bytes, file: file)
      try self.init(legacy.machine, root: legacy.root, legacy.storages, file)
    } else {
      let archive = try TorchArchive(bytes, file: file, limits: limits)
      try self.init(archive.machine, root: archive.root, archive.storages, file)
    }
  }

  private init(
    _ machine: PickleMachine, root: PickleValue, _ storages: TorchStorages, _ file: String
  ) throws(FormatError) {
    let contents = try TorchContents(machine, root: root)
    self.file = file
    self.storages = storages
    tensors = machine.tensors
    values = contents.values
    entries = contents.tensors.map { name, index in
      let tensor = machine.tensors[index]
      let typeName = tensor.element.element?.typeName ?? ""
      return TorchEntry(
        name: name, typeName: typeName, dtype: DType.allCases.first { $0.description == typeName },
        dimensions: tensor.sizes, isContiguous: tensor.isContiguous,
        elementSize: tensor.element.element?.size ?? 1, tensor: index)
    }
    var indices: [String: Int] = [:]
    for (i, entry) in entries.enumerated() { indices[entry.name] = i }
    self.indices = indices
  }

  /// The names of all tensors, in the order of the file.
  public var names: [String] { entries.map(\.name) }

  /// What the file says about the tensor called `name`, or nil if there is none.
  public subscript(name: String) -> TorchEntry? { indices[name].map { entries[$0] } }

  /// The tensor called `name`, row-major: shared with the file if it lies so there, else gathered.
  ///
  /// - Throws: `FormatError` of kind `missing` if there is none, `unsupported` if its type has no `DType` or its rank is
  ///   above eight, `limit` if a view makes far more of a storage than there is.
  public func tensor(_ name: String) throws(FormatError) -> StoredTensor {
    guard let entry = self[name] else { throw FormatError(.missing, file: file, "is not in the file", tensor: name) }
    guard let dtype = entry.dtype else {
      throw FormatError(
        .unsupported, file: file, "has elements of type \(entry.typeName), which tensors do not have", tensor: name)
    }
    guard entry.dimensions.count <= Shape.maximumRank else {
      throw FormatError(.unsupported, file: file, "has \(entry.dimensions.count) dimensions", tensor: name)
    }
    let shape = Shape(entry.dimensions)
    guard let size = StoredTensor.sizeInBytes(dtype: dtype, shape: shape) else {
      throw FormatError(.limit, file: file, "has sizes whose product does not fit in 64 bits", tensor: name)
    }
    let tensor = tensors[entry.tensor]
    let storage = size == 0 ? SharedBytes([]) : try storages.bytes(tensor.storage, tensor: name)
    guard size - storage.count <= 1 << 24 else {
      throw FormatError(
        .limit, file: file, "repeats the \(storage.count) bytes of its storage until they are \(size)", tensor: name)
    }
    let start = tensor.offset * dtype.sizeInBytes
    if size == 0 { return StoredTensor(dtype: dtype, shape: shape, bytes: SharedBytes([])) }
    if entry.isContiguous { return StoredTensor(dtype: dtype, shape: shape, bytes: storage[start..<(start + size)]) }
    let gathered = TorchFile.gathered(storage, tensor, size: size, width: dtype.sizeInBytes)
    return StoredTensor(dtype: dtype, shape: shape, bytes: SharedBytes(gathered))
  }

  /// The elements of a view in row-major order.
  private static func gathered(_ storage: SharedBytes, _ tensor: TorchTensor, size: Int, width: Int) -> [UInt8] {
    let (sizes, strides) = (tensor.sizes, tensor.strides)
    var index = [Int](repeating: 0, count: sizes.count)
    var source = tensor.offset
    return [UInt8](unsafeUninitializedCapacity: size) { target, initialized in
      storage.withUnsafeBytes { bytes in
        for start in stride(from: 0, to: size, by: width) {
          for k in 0..<width { target.initializeElement(at: start + k, to: bytes[source * width + k]) }
          var axis = sizes.count - 1
          while axis >= 0 {
            index[axis] += 1
            source += strides[axis]
            if index[axis] < sizes[axis] { break }
            source -= strides[axis] * sizes[axis]
            index[axis] = 0
            axis -= 1
          }
        }
      }
      initialized = size
    }
  }
}

/// The storages of a file, each checked when it is first read.
final class TorchStorages: Sendable {
  private enum Place: Sendable {
    case member(ZipFile.Member)
    case part(SharedBytes)
  }

  private let places: [Place]
  private let archive: ZipFile?
  private let verified: Mutex<[Int: SharedBytes]> = Mutex([:])

  /// Storages that are members of an archive.
  init(_ members: [ZipFile.Member], in archive: ZipFile) {
    places = members.map { .member($0) }
    self.archive = archive
  }

  /// Storages that are parts of one stream.
  init(_ parts: [SharedBytes]) {
    places = parts.map { .part($0) }
    archive = nil
  }

  func bytes(_ index: Int, tensor: String) throws(FormatError) -> SharedBytes {
    switch places[index] {
    case .part(let bytes): return bytes
    case .member(let member):
      // Weights that are tied share a storage; its checksum is computed once.
      if let known = verified.withLock({ $0[index] }) { return known }
      let bytes = try archive!.read(member)
      if member.isStored { verified.withLock { $0[index] = bytes } }
      return bytes
    }
  }
}
