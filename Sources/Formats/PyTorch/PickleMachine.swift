/// Reads the pickles that `torch.save` writes, without executing anything.
///
/// The machine knows some fifty opcodes of protocols 2 to 4 and a closed list of names; whatever else a pickle wants is an
/// error that says so. A reduction is never a call: the few that are known build a tensor's description or a container.
/// Containers lie in one array and refer to each other by position, so that no nesting, however deep, needs recursion.
struct PickleMachine {
  /// The most values and containers that are kept; a weight takes about fourteen values and five containers.
  static let maximumValues = 1_500_000
  static let maximumContainers = 400_000

  private(set) var containers: [PickleContainer] = []
  private(set) var storages: [TorchStorage] = []
  private(set) var tensors: [TorchTensor] = []

  let file: String
  let bytes: SharedBytes
  private var reader: ByteReader
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [PickleValue] = []
  private var storageIndices: [String: Int] = [:]
  private var valueCount = 0

  init(_ bytes: SharedBytes, file: String) {
    self.bytes = bytes
    self.file = file
    reader = ByteReader(bytes, file: file)
  }

  /// The position of the storage called `key`, or nil if no tensor uses it.
  func storage(_ key: String) -> Int? { storageIndices[key] }

  /// Where the next pickle begins.
  var position: Int { reader.offset }

  /// Runs one pickle to its end.
  mutating func run() throws(FormatError) -> PickleValue {
    guard bytes.count < UInt32.max else { throw error(.limit, "pickle is larger than 4 GiB") }
    (stack, marks, memo) = ([], [], [])
    while true {
      let start = reader.offset
      let opcode = try reader.little(UInt8.self, "pickle opcode")
      if opcode == 0x2E {
        guard stack.count == 1, marks.isEmpty else { throw error(.malformed, "pickle ends with a stack in disorder") }
        return stack[0]
      }
      try step(opcode, at: start)
    }
  }

  func error(_ kind: FormatError.Kind, _ message: String, at offset: Int? = nil) -> FormatError {
    FormatError(kind, file: file, message, offset: offset ?? reader.offset)
  }

  private mutating func step(_ opcode: UInt8, at start: Int) throws(FormatError) {
    switch opcode {
    case 0x80:
      let version = try reader.little(UInt8.self, "pickle protocol")
      guard (1...5).contains(version) else { throw error(.unsupported, "pickle of protocol \(version)", at: start) }
    case 0x95: _ = try reader.take(8, "pickle frame")
    case 0x28: marks.append(stack.count)
    case 0x30: _ = try pop()
    case 0x31: _ = try popToMark()
    case 0x32: try push(try top())
    case 0x4E: try push(.none)
    case 0x88, 0x89: try push(.bool(opcode == 0x88))
    case 0x4B: try push(.int(Int(try reader.little(UInt8.self, "pickle integer"))))
    case 0x4D: try push(.int(Int(try reader.little(UInt16.self, "pickle integer"))))
    case 0x4A: try push(.int(Int(try reader.little(Int32.self, "pickle integer"))))
    case 0x8A: try pushLong(Int(try reader.little(UInt8.self, "pickle integer")))
    case 0x8B: try pushLong(Int(try reader.little(UInt32.self, "pickle integer")))
    case 0x47: try push(.double(Double(bitPattern: try reader.big(UInt64.self, "pickle number"))))
    case 0x8C, 0x58, 0x8D, 0x55, 0x54, 0x42, 0x43, 0x8E: try pushString(opcode)
    case 0x71, 0x72, 0x94, 0x68, 0x6A: try memoize(opcode, at: start)
    case 0x5D, 0x29, 0x7D, 0x8F: try push(.container(try container(PickleMachine.emptyKinds[opcode]!)))
    case 0x74, 0x85, 0x86, 0x87, 0x91: try pushTuple(opcode)
    case 0x61, 0x65, 0x73, 0x75, 0x90: try addItems(opcode, at: start)
    case 0x63, 0x93: try pushName(opcode, at: start)
    case 0x52, 0x81: try reduce(at: start)
    case 0x62: try build(at: start)
    case 0x51: try pushStorage(at: start)
    default:
      throw error(.unsupported, "pickle has opcode \(opcode), which files of weights do not need", at: start)
    }
  }

  private static let emptyKinds: [UInt8: PickleContainer.Kind] = [
    0x5D: .list, 0x29: .tuple, 0x7D: .dictionary, 0x8F: .set,
  ]
}

/// Stack and memory.
extension PickleMachine {
  private mutating func push(_ value: PickleValue) throws(FormatError) {
    valueCount += 1
    guard valueCount <= PickleMachine.maximumValues else {
      throw error(.limit, "pickle has more than \(PickleMachine.maximumValues) values")
    }
    stack.append(value)
  }

  private mutating func pop() throws(FormatError) -> PickleValue {
    guard stack.count > marks.last ?? 0 else { throw error(.malformed, "pickle takes from an empty stack") }
    return stack.removeLast()
  }

  private func top() throws(FormatError) -> PickleValue {
    guard let value = stack.last else { throw error(.malformed, "pickle takes from an empty stack") }
    return value
  }

  private mutating func popToMark() throws(FormatError) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw error(.malformed, "pickle lacks a mark") }
    let items = Array(stack[mark...])
    stack.removeLast(items.count)
    return items
  }

  private mutating func container(
    _ kind: PickleContainer.Kind, _ items: [PickleValue] = []
  ) throws(FormatError) -> Int {
    guard containers.count < PickleMachine.maximumContainers else {
      throw error(.limit, "pickle has more than \(PickleMachine.maximumContainers) containers")
    }
    containers.append(PickleContainer(kind: kind, items: items))
    return containers.count - 1
  }

  private mutating func memoize(_ opcode: UInt8, at start: Int) throws(FormatError) {
    switch opcode {
    case 0x71: try keep(Int(try reader.little(UInt8.self, "pickle memo")), at: start)
    case 0x72: try keep(Int(try reader.little(UInt32.self, "pickle memo")), at: start)
    case 0x94: try keep(memo.count, at: start)
    default:
      let index =
        opcode == 0x68
        ? Int(try reader.little(UInt8.self, "pickle memo")) : Int(try reader.little(UInt32.self, "pickle memo"))
      guard index < memo.count else { throw error(.malformed, "pickle recalls what it never kept", at: start) }
      try push(memo[index])
    }
  }

  /// Keeps the top of the stack under a number; writers count upwards, so that no number is skipped.
  private mutating func keep(_ index: Int, at start: Int) throws(FormatError) {
    let value = try top()
    guard index <= memo.count else { throw error(.malformed, "pickle keeps values out of order", at: start) }
    guard memo.count < PickleMachine.maximumValues / 2 else { throw error(.limit, "pickle keeps too many values") }
    if index == memo.count { memo.append(value) } else { memo[index] = value }
  }
}

/// Literals and containers.
extension PickleMachine {
  private mutating func pushLong(_ count: Int) throws(FormatError) {
    let start = reader.offset
    let piece = try reader.take(count, "pickle integer")
    guard count <= 8 else { return try push(.bytes(start: UInt32(start), count: UInt32(count))) }
    var value = 0
    let digits = piece.array
    for (i, byte) in digits.enumerated() { value |= Int(byte) << (8 * i) }
    if let last = digits.last, last >= 0x80, count < 8 { value -= 1 << (8 * count) }
    try push(.int(value))
  }

  private mutating func pushString(_ opcode: UInt8) throws(FormatError) {
    let length: UInt64
    switch opcode {
    case 0x8C, 0x55, 0x43: length = UInt64(try reader.little(UInt8.self, "pickle text"))
    case 0x8D, 0x8E: length = try reader.little(UInt64.self, "pickle text")
    default: length = UInt64(try reader.little(UInt32.self, "pickle text"))
    }
    guard length <= UInt64(reader.remaining) else {
      throw error(.truncated, "pickle text of \(length) bytes is longer than the file")
    }
    let start = reader.offset
    let piece = try reader.take(Int(length), "pickle text")
    if opcode == 0x42 || opcode == 0x43 || opcode == 0x8E {
      return try push(.bytes(start: UInt32(start), count: UInt32(length)))
    }
    guard piece.withSpan({ UTF8Validation.firstInvalidOffset($0) }) == nil else {
      throw error(.malformed, "pickle text is not UTF-8", at: start)
    }
    try push(.text(start: UInt32(start), count: UInt32(length)))
  }

  private mutating func pushTuple(_ opcode: UInt8) throws(FormatError) {
    var items: [PickleValue] = []
    switch opcode {
    case 0x74, 0x91: items = try popToMark()
    default:
      for _ in 0..<(opcode - 0x84) { items.insert(try pop(), at: 0) }
    }
    try push(.container(try container(opcode == 0x91 ? .set : .tuple, items)))
  }

  private mutating func addItems(_ opcode: UInt8, at start: Int) throws(FormatError) {
    var items: [PickleValue] = []
    switch opcode {
    case 0x61: items = [try pop()]
    case 0x73:
      let value = try pop()
      items = [try pop(), value]
    default: items = try popToMark()
    }
    guard case .container(let index) = try top() else {
      throw error(.malformed, "pickle adds to something that holds nothing", at: start)
    }
    let isPairs = opcode == 0x73 || opcode == 0x75
    let kind = containers[index].kind
    guard isPairs ? kind == .dictionary && items.count % 2 == 0 : kind == .list || kind == .set else {
      throw error(.malformed, "pickle adds to a container of another kind", at: start)
    }
    containers[index].items += items
  }
}

/// Names, and what stands for calling them.
extension PickleMachine {
  func text(_ value: PickleValue) -> String? {
    guard case .text(let start, let count) = value else { return nil }
    return bytes[Int(start)..<Int(start + count)].withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  private mutating func pushName(_ opcode: UInt8, at start: Int) throws(FormatError) {
    let (module, name): (String, String)
    if opcode == 0x63 {
      module = try line()
      name = try line()
    } else {
      let (second, first) = (try pop(), try pop())
      guard let a = text(first), let b = text(second) else {
        throw error(.malformed, "pickle has a name that is no text", at: start)
      }
      (module, name) = (a, b)
    }
    guard let known = PickleName(module: module, name: name) else {
      throw error(
        .unsupported,
        "needs \(FormatError.quoted(module + "." + name)); only tensors, numbers, texts and plain containers are read, "
          + "and nothing is executed", at: start)
    }
    try push(.name(known))
  }

  private mutating func line() throws(FormatError) -> String {
    var characters: [UInt8] = []
    while characters.count <= 256 {
      let byte = try reader.little(UInt8.self, "pickle name")
      if byte == 0x0A { return String(decoding: characters, as: UTF8.self) }
      characters.append(byte)
    }
    throw error(.limit, "pickle name is longer than 256 bytes")
  }

  private mutating func reduce(at start: Int) throws(FormatError) {
    let arguments = try pop()
    guard case .name(let name) = try pop(), case .container(let index) = arguments, containers[index].kind == .tuple
    else { throw error(.malformed, "pickle calls something that cannot be called", at: start) }
    let items = containers[index].items
    switch name {
    case .orderedDictionary: try push(.container(try container(.dictionary, try pairs(items, at: start))))
    case .set: try push(.container(try container(.set, try elements(items.first, at: start))))
    case .size: try push(.container(try container(.tuple, try elements(items.first, at: start))))
    case .device:
      guard let first = items.first else { throw error(.malformed, "pickle has a device without a name", at: start) }
      try push(first)
    case .rebuildTensor, .rebuildTensorV2, .rebuildTensorV3: try pushTensor(name, items, at: start)
    case .rebuildParameter, .rebuildParameterWithState:
      guard let first = items.first, case .tensor = first else {
        throw error(.malformed, "pickle has a parameter without a tensor", at: start)
      }
      try push(first)
    default: throw error(.malformed, "pickle calls an element type", at: start)
    }
  }

  /// The elements of a container, or none if there is no container.
  private func elements(_ value: PickleValue?, at start: Int) throws(FormatError) -> [PickleValue] {
    guard let value else { return [] }
    guard case .container(let index) = value, containers[index].kind != .dictionary else {
      throw error(.malformed, "pickle makes a collection of something else", at: start)
    }
    return containers[index].items
  }

  /// Keys and values of what `OrderedDict` is made from: nothing, or pairs.
  private func pairs(_ arguments: [PickleValue], at start: Int) throws(FormatError) -> [PickleValue] {
    var result: [PickleValue] = []
    for pair in try elements(arguments.first, at: start) {
      let items = try elements(pair, at: start)
      guard items.count == 2 else { throw error(.malformed, "pickle has a dictionary item that is no pair", at: start) }
      result += items
    }
    return result
  }

  /// A state is set only on ordered dictionaries, whose attributes (version numbers of layers) say nothing about values,
  /// and on parameters.
  private mutating func build(at start: Int) throws(FormatError) {
    _ = try pop()
    switch try top() {
    case .container(let index) where containers[index].kind == .dictionary: break
    case .tensor: break
    default: throw error(.unsupported, "pickle sets the state of an object", at: start)
    }
  }
}

/// Storages and tensors.
extension PickleMachine {
  private mutating func pushStorage(at start: Int) throws(FormatError) {
    // ("storage", type, key, device, size), and in old files whether it is a view of another.
    guard case .container(let index) = try pop(), containers[index].items.count >= 5,
      text(containers[index].items[0]) == "storage", case .name(let type) = containers[index].items[1],
      let key = text(containers[index].items[2]), case .int(let count) = containers[index].items[4]
    else { throw error(.malformed, "pickle refers to something outside that is no storage", at: start) }
    if containers[index].items.count > 5 {
      guard case .none = containers[index].items[5] else {
        throw error(.unsupported, "pickle has a storage that is a view of another", at: start)
      }
    }
    guard let size = type == .untypedStorage ? 1 : type.element?.size, count >= 0, count <= Int.max / 16 else {
      throw error(.malformed, "pickle has a storage without type or size", at: start)
    }
    let storage = TorchStorage(
      key: key, sizeInBytes: count * size, element: type == .untypedStorage ? nil : type)
    if let known = storageIndices[key] {
      guard storages[known].sizeInBytes == storage.sizeInBytes else {
        throw error(.malformed, "pickle gives storage \(FormatError.quoted(key)) two sizes", at: start)
      }
      return try push(.storage(known))
    }
    storageIndices[key] = storages.count
    storages.append(storage)
    try push(.storage(storages.count - 1))
  }

  private mutating func pushTensor(
    _ name: PickleName, _ items: [PickleValue], at start: Int
  ) throws(FormatError) {
    guard items.count >= 4, case .storage(let index) = items[0], case .int(let offset) = items[1], offset >= 0 else {
      throw error(.malformed, "pickle has a tensor without storage and offset", at: start)
    }
    let (sizes, strides) = (try integers(items[2], at: start), try integers(items[3], at: start))
    guard sizes.count == strides.count, sizes.count <= 64 else {
      throw error(.malformed, "pickle has a tensor of \(sizes.count) sizes and \(strides.count) strides", at: start)
    }
    var element = storages[index].element
    if name == .rebuildTensorV3 {
      guard items.count >= 7, case .name(let type) = items[6] else {
        throw error(.malformed, "pickle has a tensor without element type", at: start)
      }
      element = type
    }
    guard let element, let width = element.element?.size else {
      throw error(.malformed, "pickle has a tensor without element type", at: start)
    }
    let tensor = TorchTensor(storage: index, element: element, offset: offset, sizes: sizes, strides: strides)
    guard let end = tensor.end, end <= storages[index].sizeInBytes / width else {
      throw error(.malformed, "pickle has a tensor that reaches past the end of its storage", at: start)
    }
    tensors.append(tensor)
    try push(.tensor(tensors.count - 1))
  }

  private func integers(_ value: PickleValue, at start: Int) throws(FormatError) -> [Int] {
    var result: [Int] = []
    for item in try elements(value, at: start) {
      guard case .int(let number) = item, number >= 0 else {
        throw error(.malformed, "pickle has a tensor with a size or stride that is no count", at: start)
      }
      result.append(number)
    }
    return result
  }
}

extension TorchTensor {
  /// One more than the position of the last element in the storage; nil if it overflows, or the element count does.
  var end: Int? {
    var last = offset
    var count = 1
    for (size, stride) in zip(sizes, strides) {
      if size == 0 { return sizes.allSatisfy { $0 < 1 << 40 } ? 0 : nil }
      let (reach, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
      let (sum, carry) = last.addingReportingOverflow(reach)
      let (product, isTooLarge) = count.multipliedReportingOverflow(by: size)
      if overflow || carry || isTooLarge || product > Int.max / 16 { return nil }
      (last, count) = (sum, product)
    }
    return last == Int.max ? nil : last + 1
  }

  /// Whether the elements lie one behind the other in row-major order.
  var isContiguous: Bool {
    var expected = 1
    for (size, stride) in zip(sizes, strides).reversed() where size != 1 {
      if size == 0 { return true }
      if stride != expected { return false }
      expected *= size
    }
    return true
  }
}
