/// A text in a section, which ends at a zero byte; decoded only when someone asks for it.
struct TextReference {
  var section: UnsafeRawBufferPointer
  var offset: UInt64

  /// Whether the text ends where it begins; also where it does not lie in the section.
  var isEmpty: Bool {
    guard let start = Int(exactly: offset), start < section.count else { return true }
    return section[start] == 0
  }

  /// The text, or nil where it does not lie in the section.
  var string: String? {
    guard let start = Int(exactly: offset), start < section.count,
      let end = section[start...].firstIndex(of: 0)
    else { return nil }
    return String(decoding: section[start..<end], as: UTF8.self)
  }
}
