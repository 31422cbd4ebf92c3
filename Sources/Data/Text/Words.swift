/// Calls `body` with the range of each word of a UTF-8 text; together the ranges are the whole text.
///
/// A word is a run of letters, of digits or of other signs, with one space before it if there is one; a run of white space
/// is a word by itself, but for the last space before another word. Bytes above 127 count as letters, so a character is
/// never cut.
func forEachWord(in bytes: [UInt8], _ body: (Range<Int>) -> Void) {
  var start = 0
  while start < bytes.count {
    let end = endOfWord(bytes, from: start)
    body(start..<end)
    start = end
  }
}

private enum ByteClass {
  case space, letter, digit, other

  init(_ byte: UInt8) {
    switch byte {
    case 0x20, 0x09...0x0D: self = .space
    case 0x30...0x39: self = .digit
    case 0x41...0x5A, 0x61...0x7A, 0x80...: self = .letter
    default: self = .other
    }
  }
}

private func endOfWord(_ bytes: [UInt8], from start: Int) -> Int {
  func endOfRun(_ first: Int) -> Int {
    let kind = ByteClass(bytes[first])
    return bytes[first...].firstIndex { ByteClass($0) != kind } ?? bytes.count
  }
  let end = endOfRun(start)
  guard ByteClass(bytes[start]) == .space, end < bytes.count, bytes[end - 1] == 0x20 else { return end }
  // The last space goes with the word behind it.
  return end - 1 > start ? end - 1 : endOfRun(end)
}
