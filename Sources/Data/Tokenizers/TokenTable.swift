/// Spellings of tokens by number, and numbers by spelling.
///
/// A hash table over one block of bytes: looking a part of a text up neither allocates nor makes a string. The hash is
/// seeded at random, so that no file can be made whose spellings all collide.
struct TokenTable: Sendable {
  private var storage: [UInt8] = []
  /// For each entry where its spelling begins; one more than entries.
  private var offsets: [Int] = [0]
  private var numbers: [Int32] = []
  /// Entry plus one, or 0.
  private var slots: [Int32] = []
  private let seed: UInt64

  init(capacity: Int = 0) {
    seed = UInt64.random(in: .min ... .max)
    var size = 16
    while size < capacity * 2 { size *= 2 }
    slots = [Int32](repeating: 0, count: size)
  }

  /// The number of entries.
  var count: Int { numbers.count }

  /// The spelling of an entry.
  func spelling(_ entry: Int) -> ArraySlice<UInt8> { storage[offsets[entry]..<offsets[entry + 1]] }

  /// The number of an entry.
  func number(_ entry: Int) -> Int32 { numbers[entry] }

  /// Adds a spelling; false if it is there already.
  @discardableResult
  mutating func insert(_ spelling: some Collection<UInt8>, number: Int32) -> Bool {
    let bytes = Array(spelling)
    return bytes.withUnsafeBufferPointer { insert($0, number: number) }
  }

  /// Adds a spelling; if it is there already, looking it up gives the new number from now on.
  mutating func append(_ spelling: [UInt8], number: Int32) {
    spelling.withUnsafeBufferPointer { _ = insert($0, number: number, replaces: true) }
  }

  private mutating func insert(_ bytes: UnsafeBufferPointer<UInt8>, number: Int32, replaces: Bool = false) -> Bool {
    if (numbers.count + 1) * 2 > slots.count { grow() }
    var slot = Int(truncatingIfNeeded: TokenTable.hash(bytes, seed)) & (slots.count - 1)
    while slots[slot] != 0 {
      if isEqual(Int(slots[slot]) - 1, bytes) {
        guard replaces else { return false }
        break
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    storage.append(contentsOf: bytes)
    offsets.append(storage.count)
    numbers.append(number)
    slots[slot] = Int32(numbers.count)
    return true
  }

  private mutating func grow() {
    slots = [Int32](repeating: 0, count: slots.count * 2)
    // The last first, because what is found first counts.
    for entry in numbers.indices.reversed() {
      let hash = storage.withUnsafeBufferPointer {
        TokenTable.hash(UnsafeBufferPointer(rebasing: $0[offsets[entry]..<offsets[entry + 1]]), seed)
      }
      var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(entry + 1)
    }
  }

  private func isEqual(_ entry: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let start = offsets[entry]
    guard offsets[entry + 1] - start == bytes.count else { return false }
    return storage.withUnsafeBufferPointer { storage in
      for i in 0..<bytes.count where storage[start + i] != bytes[i] { return false }
      return true
    }
  }

  /// The entry of a spelling.
  func entry(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    var slot = Int(truncatingIfNeeded: TokenTable.hash(bytes, seed)) & (slots.count - 1)
    while slots[slot] != 0 {
      if isEqual(Int(slots[slot]) - 1, bytes) { return Int(slots[slot]) - 1 }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// The number of a spelling.
  func number(_ bytes: UnsafeBufferPointer<UInt8>) -> Int32? { entry(bytes).map { numbers[$0] } }

  /// The number of a spelling.
  func number(_ bytes: some Collection<UInt8>) -> Int32? {
    if let found = bytes.withContiguousStorageIfAvailable({ number($0) }) { return found }
    return Array(bytes).withUnsafeBufferPointer { number($0) }
  }

  /// Eight bytes at a time, each multiplied to twice its width and folded.
  @inline(__always)
  static func hash(_ bytes: UnsafeBufferPointer<UInt8>, _ seed: UInt64) -> UInt64 {
    let raw = UnsafeRawBufferPointer(bytes)
    var hash = seed ^ UInt64(truncatingIfNeeded: raw.count)
    var i = 0
    while i + 8 <= raw.count {
      hash = mixed(hash ^ raw.loadUnaligned(fromByteOffset: i, as: UInt64.self))
      i += 8
    }
    var tail: UInt64 = 0
    while i < raw.count {
      tail = tail << 8 | UInt64(raw[i])
      i += 1
    }
    return mixed(hash ^ tail ^ 0xA076_1D64_78BD_642F)
  }

  @inline(__always)
  private static func mixed(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
    return product.high ^ product.low
  }
}

/// Pairs of tokens, their rank and what they become.
struct MergeTable: Sendable {
  private var keys: [UInt64]
  private var values: [UInt64]
  private(set) var count = 0

  private static let empty = UInt64.max

  init(capacity: Int) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    keys = [UInt64](repeating: MergeTable.empty, count: size)
    values = [UInt64](repeating: 0, count: size)
  }

  @inline(__always)
  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always)
  private func slot(_ key: UInt64) -> Int {
    let product = key.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return Int(truncatingIfNeeded: product.high ^ product.low) & (keys.count - 1)
  }

  /// Adds a pair, or gives it another rank; a later rank wins, as in a dictionary.
  mutating func insert(_ left: Int32, _ right: Int32, rank: Int32, result: Int32) {
    if (count + 1) * 2 > keys.count {
      let (oldKeys, oldValues) = (keys, values)
      keys = [UInt64](repeating: MergeTable.empty, count: oldKeys.count * 2)
      values = [UInt64](repeating: 0, count: oldKeys.count * 2)
      count = 0
      for (key, value) in zip(oldKeys, oldValues) where key != MergeTable.empty { place(key, value) }
    }
    place(MergeTable.key(left, right), UInt64(UInt32(bitPattern: rank)) << 32 | UInt64(UInt32(bitPattern: result)))
  }

  private mutating func place(_ key: UInt64, _ value: UInt64) {
    var slot = slot(key)
    while keys[slot] != MergeTable.empty, keys[slot] != key { slot = (slot + 1) & (keys.count - 1) }
    if keys[slot] != key { count += 1 }
    keys[slot] = key
    values[slot] = value
  }

  /// Rank in the upper and result in the lower half; all ones if the pair is not joined.
  @inline(__always)
  subscript(left: Int32, right: Int32) -> UInt64 {
    let key = MergeTable.key(left, right)
    return keys.withUnsafeBufferPointer { keys in
      var slot = slot(key)
      while true {
        let found = keys[slot]
        if found == key { return values[slot] }
        if found == MergeTable.empty { return UInt64.max }
        slot = (slot + 1) & (keys.count - 1)
      }
    }
  }
}
