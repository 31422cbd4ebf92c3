/// The form of PyTorch files before version 1.6: five pickles, and the storages behind them.
struct TorchLegacy {
  let machine: PickleMachine
  let root: PickleValue
  let storages: TorchStorages

  /// A pickle of protocol 2 that holds the format's magic number, `0x1950a86a20f9469cfc6c`.
  private static let signature: [UInt8] = [
    0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
  ]

  static func recognizes(_ bytes: SharedBytes) -> Bool {
    bytes.count >= signature.count && bytes[0..<signature.count].array == signature
  }

  init(_ bytes: SharedBytes, file: String) throws(FormatError) {
    var machine = PickleMachine(bytes, file: file)
    _ = try machine.run()
    guard case .int(1001) = try machine.run() else {
      throw machine.error(.unsupported, "is of another protocol than 1001")
    }
    try TorchLegacy.checkSystem(try machine.run(), machine)
    root = try machine.run()
    let keys = try TorchLegacy.keys(try machine.run(), machine)
    var parts = [SharedBytes?](repeating: nil, count: machine.storages.count)
    var reader = ByteReader(bytes, file: file)
    reader.offset = machine.position
    for key in keys {
      guard let index = machine.storage(key), parts[index] == nil else {
        throw reader.error(.malformed, "has a storage \(FormatError.quoted(key)) that no tensor uses, or twice")
      }
      let storage = machine.storages[index]
      let width = storage.element?.element?.size ?? 1
      let count = try reader.little(Int64.self, "storage size")
      guard count == storage.sizeInBytes / width else {
        throw reader.error(.malformed, "storage \(FormatError.quoted(key)) has another size than its tensors want")
      }
      parts[index] = try reader.take(storage.sizeInBytes, "storage \(FormatError.quoted(key))")
    }
    guard reader.remaining == 0 else { throw reader.error(.malformed, "has bytes behind its last storage") }
    guard !parts.contains(where: { $0 == nil }) else { throw reader.error(.missing, "lacks a storage") }
    self.machine = machine
    storages = TorchStorages(parts.map { $0! })
  }

  private static func checkSystem(_ value: PickleValue, _ machine: PickleMachine) throws(FormatError) {
    guard case .container(let index) = value, machine.containers[index].kind == .dictionary else {
      throw machine.error(.malformed, "does not say on what system it was written")
    }
    let items = machine.containers[index].items
    for i in stride(from: 0, to: items.count - 1, by: 2) where machine.text(items[i]) == "little_endian" {
      if case .bool(true) = items[i + 1] { return }
      throw machine.error(.unsupported, "was written on a big-endian machine; save it again on a little-endian one")
    }
    throw machine.error(.malformed, "does not say on what system it was written")
  }

  private static func keys(_ value: PickleValue, _ machine: PickleMachine) throws(FormatError) -> [String] {
    guard case .container(let index) = value, machine.containers[index].items.count <= machine.storages.count else {
      throw machine.error(.malformed, "has no list of its storages")
    }
    var keys: [String] = []
    for item in machine.containers[index].items {
      guard let key = machine.text(item) else { throw machine.error(.malformed, "has a storage without a name") }
      keys.append(key)
    }
    return keys
  }
}
