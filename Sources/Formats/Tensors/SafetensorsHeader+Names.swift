// Finding tensors by name, and the metadata: neither makes a string of what the text says before somebody asks.

extension SafetensorsHeader {
  /// Seeded anew in every process, so that nobody can choose names that all collide.
  static func hash(_ name: UnsafeBufferPointer<UInt8>) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: UnsafeRawBufferPointer(name))
    return hasher.finalize()
  }

  /// The place of the tensor with a name, or nil if there is none.
  func index(of name: String, _ text: Span<UInt8>) -> Int? {
    var name = name
    return name.withUTF8 { bytes in find(bytes, hash: SafetensorsHeader.hash(bytes), text) }
  }

  /// The place of the tensor with the name that stands at a place of the text.
  func index(of name: JSONText, hash: Int, _ text: Span<UInt8>) -> Int? {
    if slots.isEmpty { return nil }
    if name.hasEscapes { return index(of: JSONScanner.string(name, text), text) }
    return text.extracting(name.range).withUnsafeBufferPointer { find($0, hash: hash, text) }
  }

  private func find(_ name: UnsafeBufferPointer<UInt8>, hash: Int, _ text: Span<UInt8>) -> Int? {
    if slots.isEmpty { return nil }
    var slot = hash & (slots.count - 1)
    while slots[slot] != 0 {
      let index = Int(slots[slot]) - 1
      if isName(name, records[index].name, text) { return index }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  private func isName(_ name: UnsafeBufferPointer<UInt8>, _ place: JSONText, _ text: Span<UInt8>) -> Bool {
    if place.hasEscapes { return JSONScanner.withBytes(of: place, text) { $0.elementsEqual(name) } }
    guard place.range.count == name.count else { return false }
    let start = place.range.lowerBound
    for i in name.indices where text[start + i] != name[i] { return false }
    return true
  }

  /// Enters a tensor; there is always room.
  mutating func insert(_ index: Int, hash: Int) {
    var slot = hash & (slots.count - 1)
    while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = UInt32(index + 1)
  }
}

extension SafetensorsHeader {
  /// The strings of the metadata.
  func metadata(_ text: Span<UInt8>) -> [String: String] {
    guard let metadataStart else { return [:] }
    var scanner = scanner
    scanner.position = metadataStart + 1
    var result: [String: String] = [:]
    if scanner.take(.closeBrace, text) { return result }
    repeat {
      // It was read before, so it fails only if somebody has changed the file since.
      guard let (key, value) = try? SafetensorsHeader.readPair(&scanner, text) else { break }
      result[JSONScanner.string(key, text)] = JSONScanner.string(value, text)
    } while scanner.take(.comma, text)
    return result
  }

  mutating func readMetadata(_ text: Span<UInt8>) throws(FormatError) {
    scanner.skipSpace(text)
    let start = scanner.position
    metadataStart = start
    try scanner.expect(.openBrace, text)
    if scanner.take(.closeBrace, text) { return }
    var count = 0
    repeat {
      _ = try SafetensorsHeader.readPair(&scanner, text)
      count += 1
    } while scanner.take(.comma, text)
    try scanner.expect(.closeBrace, text)
    try checkKeys(text, from: start + 1, count: count)
  }

  private static func readPair(
    _ scanner: inout JSONScanner, _ text: Span<UInt8>
  ) throws(FormatError) -> (key: JSONText, value: JSONText) {
    let key = try scanner.stringText(text)
    try scanner.expect(.colon, text)
    return (key, try scanner.stringText(text))
  }

  /// Refuses a key that occurs twice.
  private func checkKeys(_ text: Span<UInt8>, from start: Int, count: Int) throws(FormatError) {
    if count < 2 { return }
    // Sorted places take half the memory of the smallest pairs there can be; a set of strings would take many times.
    var places: [UInt32] = []
    places.reserveCapacity(count)
    var scanner = scanner
    scanner.position = start
    repeat {
      scanner.skipSpace(text)
      places.append(UInt32(scanner.position))
      _ = try SafetensorsHeader.readPair(&scanner, text)
    } while scanner.take(.comma, text)
    let duplicate = text.withUnsafeBufferPointer { bytes in
      places.sort { (SafetensorsHeader.compare($0, $1, bytes), $0) < (0, $1) }
      return zip(places, places.dropFirst()).first { SafetensorsHeader.compare($0, $1, bytes) == 0 }?.1
    }
    guard let duplicate else { return }
    scanner.position = Int(duplicate)
    let key = JSONScanner.string(try scanner.stringText(text), text)
    throw scanner.error(.duplicate, "metadata names \(FormatError.quoted(key)) twice", at: Int(duplicate))
  }

  /// Below, at or above zero as the string at the first place is smaller than, the same as or larger than the second.
  private static func compare(_ a: UInt32, _ b: UInt32, _ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var scanner = JSONScanner(file: "")
    func text(_ place: UInt32) -> JSONText? {
      scanner.position = Int(place)
      return try? scanner.stringText(bytes.span)
    }
    guard let first = text(a), let second = text(b) else { return 0 }
    return JSONScanner.withBytes(of: first, bytes.span) { first in
      JSONScanner.withBytes(of: second, bytes.span) { second in
        if first.elementsEqual(second) { return 0 }
        return first.lexicographicallyPrecedes(second) ? -1 : 1
      }
    }
  }
}
