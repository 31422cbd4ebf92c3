/// What the pickle of a file holds, flattened: tensors and plain values by their path.
struct TorchContents {
  private(set) var tensors: [(name: String, index: Int)] = []
  private(set) var values: [(key: String, value: String)] = []
  private let machine: PickleMachine
  private var visits: Int
  /// Bytes of names that may still be made: a long key before a long list would multiply to gigabytes.
  private var nameBytes: Int

  /// Walks over what the machine left.
  ///
  /// Paths join the keys of dictionaries and the positions in lists with dots. A container may be reached on several ways,
  /// so depth and number of visits are limited.
  init(_ machine: PickleMachine, root: PickleValue) throws(FormatError) {
    self.machine = machine
    // A value that is written once takes a byte at least; sharing may multiply them a few times, not without end.
    visits = machine.bytes.count * 4 + 1000
    nameBytes = machine.bytes.count + 16 << 20
    try visit(root, path: "", depth: 0)
    var names: Set<String> = []
    for tensor in tensors where !names.insert(tensor.name).inserted {
      throw FormatError(.duplicate, file: machine.file, "is in the file twice", tensor: tensor.name)
    }
  }

  private mutating func visit(_ value: PickleValue, path: String, depth: Int) throws(FormatError) {
    visits -= 1
    nameBytes -= path.utf8.count
    guard visits > 0, nameBytes > 0, depth <= 64, path.utf8.count <= 4096 else {
      throw machine.error(.limit, "pickle is nested too deep, or shares its parts too often")
    }
    switch value {
    case .tensor(let index): tensors.append((path, index))
    case .container(let index):
      let container = machine.containers[index]
      if container.kind == .dictionary {
        for i in stride(from: 0, to: container.items.count - 1, by: 2) {
          try visit(container.items[i + 1], path: joined(path, key(container.items[i])), depth: depth + 1)
        }
      } else {
        for (i, item) in container.items.enumerated() {
          try visit(item, path: joined(path, String(i)), depth: depth + 1)
        }
      }
    default: values.append((path, key(value)))
    }
  }

  private func joined(_ path: String, _ name: String) -> String { path.isEmpty ? name : path + "." + name }

  /// A plain value as text.
  private func key(_ value: PickleValue) -> String {
    switch value {
    case .none: return "None"
    case .bool(let value): return value ? "True" : "False"
    case .int(let value): return String(value)
    case .double(let value): return String(value)
    case .text: return machine.text(value) ?? ""
    case .bytes(_, let count): return "\(count) bytes"
    case .name(let name): return name.element.map { "torch." + $0.typeName } ?? "\(name)"
    case .container: return "container"
    case .storage: return "storage"
    case .tensor: return "tensor"
    }
  }
}
