/// A text that was changed, and for each of its bytes the part of the original text that it came from.
///
/// - Note: The rules for which part a new character belongs to are those of the library *tokenizers*, so that offsets
///   agree with it.
struct AlignedText {
  /// A character of the new text: 0 if it replaces the next old one, 1 if it is added behind the one before, and −n if
  /// it replaces the next and the n after that go.
  typealias Change = (scalar: UInt32, change: Int)

  /// The text as it is now, in UTF-8.
  private(set) var bytes: [UInt8]
  /// For each byte where its part of the original begins and ends; both empty as long as nothing has changed.
  private var starts: [Int32] = []
  private var ends: [Int32] = []
  /// Where the first byte is in the original, as long as nothing has changed.
  private let origin: Int
  /// The most bytes that it may become; rules of a file could make it grow without end.
  let limit: Int
  /// Whether a change was left out because it would have made more.
  private(set) var hasOutgrown = false

  /// A part of the original text that begins at `origin`.
  init(_ bytes: [UInt8], origin: Int, limit: Int? = nil) {
    self.bytes = bytes
    self.origin = origin
    self.limit = limit ?? AlignedText.limit(bytes.count)
  }

  /// The most bytes that a text of so many may become: far more than any rule of Unicode makes of it.
  static func limit(_ count: Int) -> Int { 64 * count + 4096 }

  var count: Int { bytes.count }

  private var isUnchanged: Bool { starts.isEmpty }

  /// Whether all bytes are ASCII.
  var isASCII: Bool { bytes.allSatisfy { $0 < 0x80 } }

  /// Where the part of the original begins that a byte came from.
  @inline(__always)
  func start(of position: Int) -> Int {
    if !isUnchanged { return Int(starts[position]) }
    var first = position
    while bytes[first] & 0xC0 == 0x80 { first -= 1 }
    return origin + first
  }

  /// Where it ends.
  @inline(__always)
  func end(of position: Int) -> Int {
    if !isUnchanged { return Int(ends[position]) }
    var next = position + 1
    while next < bytes.count, bytes[next] & 0xC0 == 0x80 { next += 1 }
    return origin + next
  }

  /// The part of the original that a range came from.
  func original(_ range: Range<Int>) -> (start: Int, end: Int) {
    guard !range.isEmpty else {
      let place = range.lowerBound < bytes.count ? start(of: range.lowerBound) : originalEnd
      return (place, place)
    }
    return (start(of: range.lowerBound), end(of: range.upperBound - 1))
  }

  private var originalEnd: Int { bytes.isEmpty ? origin : end(of: bytes.count - 1) }

  /// A part as a text of its own.
  func slice(_ range: Range<Int>) -> AlignedText {
    var result = AlignedText(
      Array(bytes[range]), origin: isUnchanged ? origin + range.lowerBound : origin, limit: limit)
    if !isUnchanged {
      result.starts = Array(starts[range])
      result.ends = Array(ends[range])
    }
    return result
  }

  /// A text under way that will take the place of another.
  struct Replacement {
    private(set) var bytes: [UInt8] = []
    fileprivate var starts: [Int32] = []
    fileprivate var ends: [Int32] = []

    init(capacity: Int) {
      bytes.reserveCapacity(capacity)
      starts.reserveCapacity(capacity)
      ends.reserveCapacity(capacity)
    }

    /// Where the part of the original ends that the last byte came from; nil if there is none.
    var end: Int? { ends.last.map { Int($0) } }

    /// Appends a byte that came from the given part of the original.
    @inline(__always)
    mutating func append(_ byte: UInt8, start: Int, end: Int) {
      bytes.append(byte)
      starts.append(Int32(truncatingIfNeeded: start))
      ends.append(Int32(truncatingIfNeeded: end))
    }

    /// Appends bytes that came from the given part of the original.
    mutating func append(_ more: [UInt8], start: Int, end: Int) {
      for byte in more { append(byte, start: start, end: end) }
    }

    /// Removes a text from the end as often as it is there, but nothing before `floor`.
    mutating func removeLast(_ text: [UInt8], downTo floor: Int) {
      while bytes.count - text.count >= floor, bytes.suffix(text.count).elementsEqual(text) {
        bytes.removeLast(text.count)
        starts.removeLast(text.count)
        ends.removeLast(text.count)
      }
    }
  }

  /// The text with all of it replaced; what counts as too long stays as it was.
  func replaced(by replacement: Replacement) -> AlignedText {
    var result = self
    (result.bytes, result.starts, result.ends) = (replacement.bytes, replacement.starts, replacement.ends)
    return result
  }

  private mutating func noteAlignments() {
    guard isUnchanged, !bytes.isEmpty else { return }
    var (starts, ends) = ([Int32](), [Int32]())
    starts.reserveCapacity(bytes.count)
    ends.reserveCapacity(bytes.count)
    var i = 0
    while i < bytes.count {
      let length = ValidUTF8.length(bytes[i])
      for _ in 0..<length {
        starts.append(Int32(origin + i))
        ends.append(Int32(origin + i + length))
      }
      i += length
    }
    (self.starts, self.ends) = (starts, ends)
  }
}

extension AlignedText {
  /// Throws if rules made more of the text than any sound ones do.
  func checkGrowth() throws(DataError) {
    if hasOutgrown || bytes.count > limit { throw AlignedText.outgrown(limit) }
  }

  /// The error of rules that make more than so many bytes of a text.
  static func outgrown(_ limit: Int) -> DataError {
    DataError("the tokenizer's rules make more than \(limit) bytes of a text, which is given up")
  }

  /// The scalars, in order.
  var scalars: [UInt32] {
    var result: [UInt32] = []
    result.reserveCapacity(bytes.count)
    bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      var i = 0
      while i < buffer.count {
        let (value, length) = ValidUTF8.scalar(base + i)
        result.append(value)
        i += length
      }
    }
    return result
  }

  /// Replaces all characters.
  ///
  /// - Parameters:
  ///   - changes: The new characters.
  ///   - removed: How many old characters at the start have no new one.
  mutating func transform(_ changes: [Change], removingFirst removed: Int = 0) {
    guard changes.count <= limit else { return hasOutgrown = true }
    noteAlignments()
    var newBytes: [UInt8] = []
    var newStarts: [Int32] = []
    var newEnds: [Int32] = []
    newBytes.reserveCapacity(bytes.count)
    newStarts.reserveCapacity(bytes.count)
    newEnds.reserveCapacity(bytes.count)
    var offset = 0
    func skip(_ characters: Int) {
      for _ in 0..<characters where offset < bytes.count { offset += ValidUTF8.length(bytes[offset]) }
    }
    skip(removed)
    for (scalar, change) in changes {
      var start: Int32 = 0
      var end: Int32 = 0
      if change > 0 {
        if offset >= 1 { (start, end) = (starts[offset - 1], ends[offset - 1]) }
      } else {
        if offset < bytes.count { (start, end) = (starts[offset], ends[offset]) }
        skip(1 - change)
      }
      let before = newBytes.count
      ValidUTF8.append(scalar, to: &newBytes)
      for _ in before..<newBytes.count {
        newStarts.append(start)
        newEnds.append(end)
      }
    }
    (bytes, starts, ends) = (newBytes, newStarts, newEnds)
  }

  /// Replaces bytes by as many others, character for character of the same width.
  mutating func mapASCII(_ body: (UInt8) -> UInt8) { for i in bytes.indices { bytes[i] = body(bytes[i]) } }

  /// Keeps the characters that `keeps` wants.
  mutating func filter(_ keeps: (UInt32) -> Bool) {
    let scalars = scalars
    guard !scalars.allSatisfy(keeps) else { return }
    var changes: [Change] = []
    var removed = 0
    var removedFirst = 0
    for scalar in scalars {
      guard keeps(scalar) else {
        removed += 1
        continue
      }
      if changes.isEmpty { removedFirst = removed } else { changes[changes.count - 1].change = -removed }
      changes.append((scalar, 0))
      removed = 0
    }
    if changes.isEmpty { removedFirst = removed } else { changes[changes.count - 1].change = -removed }
    transform(changes, removingFirst: removedFirst)
  }

  /// Replaces each character by one other.
  mutating func map(_ body: (UInt32) -> UInt32) {
    let scalars = scalars
    guard scalars.contains(where: { body($0) != $0 }) else { return }
    transform(scalars.map { (body($0), 0) })
  }

  /// Replaces each character by what `body` gives, the first in its place and the others added.
  mutating func flatMap(_ body: (UInt32, inout [Change]) -> Void) {
    var changes: [Change] = []
    changes.reserveCapacity(bytes.count)
    for scalar in scalars { body(scalar, &changes) }
    transform(changes)
  }

  /// Puts characters before the first; an empty text stays empty.
  mutating func prepend(_ text: [UInt8]) {
    guard !bytes.isEmpty, !text.isEmpty else { return }
    guard bytes.count + text.count <= limit else { return hasOutgrown = true }
    let (start, end) = (Int32(start(of: 0)), Int32(end(of: 0)))
    noteAlignments()
    bytes.insert(contentsOf: text, at: 0)
    starts.insert(contentsOf: repeatElement(start, count: text.count), at: 0)
    ends.insert(contentsOf: repeatElement(end, count: text.count), at: 0)
  }

  /// Replaces ranges, which are in order and apart, by a text that belongs to the last character of each.
  mutating func replace(_ ranges: [Range<Int>], by text: [UInt8]) {
    guard !ranges.isEmpty else { return }
    guard ranges.count * text.count <= limit, bytes.count <= limit else { return hasOutgrown = true }
    noteAlignments()
    var newBytes: [UInt8] = []
    var newStarts: [Int32] = []
    var newEnds: [Int32] = []
    var last = 0
    for range in ranges {
      newBytes += bytes[last..<range.lowerBound]
      newStarts += starts[last..<range.lowerBound]
      newEnds += ends[last..<range.lowerBound]
      let place = range.upperBound - 1
      newBytes += text
      newStarts += repeatElement(place < 0 ? 0 : starts[place], count: text.count)
      newEnds += repeatElement(place < 0 ? 0 : ends[place], count: text.count)
      last = range.upperBound
    }
    newBytes += bytes[last...]
    newStarts += starts[last...]
    newEnds += ends[last...]
    (bytes, starts, ends) = (newBytes, newStarts, newEnds)
  }

  /// Removes white space at the ends.
  mutating func strip(left: Bool, right: Bool) {
    let scalars = scalars
    func isSpace(_ scalar: UInt32) -> Bool { ScalarClasses(scalar).contains(.space) }
    let leading = left ? scalars.prefix(while: isSpace).count : 0
    let trailing = right && leading < scalars.count ? scalars.reversed().prefix(while: isSpace).count : 0
    guard leading > 0 || trailing > 0 else { return }
    var changes: [Change] = scalars[leading..<(scalars.count - trailing)].map { ($0, 0) }
    if !changes.isEmpty { changes[changes.count - 1].change = -trailing }
    transform(changes, removingFirst: leading)
  }
}
