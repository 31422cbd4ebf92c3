/// A value on the stack of the pickle machine: plain data, sixteen bytes; everything larger is a position elsewhere.
enum PickleValue {
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  /// A text, as a part of the pickle.
  case text(start: UInt32, count: UInt32)
  /// Bytes, or an integer of more than 64 bits, as a part of the pickle.
  case bytes(start: UInt32, count: UInt32)
  /// A tuple, list, set or dictionary, by its position in the machine.
  case container(Int)
  /// A name out of the closed list.
  case name(PickleName)
  /// A storage, by its position in the machine.
  case storage(Int)
  /// A tensor, by its position in the machine.
  case tensor(Int)
}

/// A tuple, list, set or dictionary; of a dictionary, keys and values take turns.
struct PickleContainer {
  enum Kind {
    case tuple, list, set, dictionary
  }

  var kind: Kind
  var items: [PickleValue] = []
}

/// All names that a pickle may use. None of them is looked up anywhere: each stands for what this reader does itself.
enum PickleName: UInt8, CaseIterable {
  case orderedDictionary, set, size, device
  case rebuildTensor, rebuildTensorV2, rebuildTensorV3, rebuildParameter, rebuildParameterWithState
  case untypedStorage
  case double, float, half, bfloat16, long, int, short, char, byte, bool, complexFloat, complexDouble
  case uint16, uint32, uint64, complexHalf
  case float8E4M3FN, float8E5M2, float8E4M3FNUZ, float8E5M2FNUZ, float8E8M0FNU

  /// The name as `module name`; `__builtin__` is how protocol 2 writes `builtins`.
  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("__builtin__", "set"), ("builtins", "set"), ("__builtin__", "frozenset"), ("builtins", "frozenset"):
      self = .set
    case ("torch", "Size"): self = .size
    case ("torch", "device"): self = .device
    case ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensorV2
    case ("torch._utils", "_rebuild_tensor_v3"): self = .rebuildTensorV3
    case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
    case ("torch._utils", "_rebuild_parameter_with_state"): self = .rebuildParameterWithState
    case ("torch.storage", "UntypedStorage"), ("torch", "UntypedStorage"): self = .untypedStorage
    case ("torch", _), ("torch.storage", _):
      guard let type = PickleName.elementTypes.first(where: { $0.storage == name || $0.dtypes.contains(name) }) else {
        return nil
      }
      self = type.name
    default: return nil
    }
  }
}

extension PickleName {
  /// Element types: the class of their storages, the names of their dtypes, their bytes, and what messages call them.
  private static let elementTypes: [(name: PickleName, storage: String, dtypes: [String], size: Int)] = [
    (.double, "DoubleStorage", ["float64", "double"], 8),
    (.float, "FloatStorage", ["float32", "float"], 4),
    (.half, "HalfStorage", ["float16", "half"], 2),
    (.bfloat16, "BFloat16Storage", ["bfloat16"], 2),
    (.long, "LongStorage", ["int64", "long"], 8),
    (.int, "IntStorage", ["int32", "int"], 4),
    (.short, "ShortStorage", ["int16", "short"], 2),
    (.char, "CharStorage", ["int8"], 1),
    (.byte, "ByteStorage", ["uint8"], 1),
    (.bool, "BoolStorage", ["bool"], 1),
    (.complexHalf, "", ["complex32", "chalf"], 4),
    (.complexFloat, "ComplexFloatStorage", ["complex64", "cfloat"], 8),
    (.complexDouble, "ComplexDoubleStorage", ["complex128", "cdouble"], 16),
    (.uint16, "", ["uint16"], 2),
    (.uint32, "", ["uint32"], 4),
    (.uint64, "", ["uint64"], 8),
    (.float8E4M3FN, "", ["float8_e4m3fn"], 1),
    (.float8E5M2, "", ["float8_e5m2"], 1),
    (.float8E4M3FNUZ, "", ["float8_e4m3fnuz"], 1),
    (.float8E5M2FNUZ, "", ["float8_e5m2fnuz"], 1),
    (.float8E8M0FNU, "", ["float8_e8m0fnu"], 1),
  ]

  /// The bytes of an element and the dtype's name, if this is an element type.
  var element: (size: Int, typeName: String)? {
    PickleName.elementTypes.first { $0.name == self }.map { ($0.size, $0.dtypes[0]) }
  }
}

/// Where the elements of tensors are; several tensors may share one.
struct TorchStorage {
  /// What the archive calls it.
  let key: String
  /// The size that the pickle states.
  let sizeInBytes: Int
  /// The element type; nil for untyped bytes.
  let element: PickleName?
}

/// A tensor as the pickle describes it: a window of a storage.
struct TorchTensor {
  let storage: Int
  let element: PickleName
  /// In elements.
  let offset: Int
  let sizes: [Int]
  let strides: [Int]
}
