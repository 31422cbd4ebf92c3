/// Texts that match a regular expression from their first character to their last.
package enum WholeMatch {
  /// Whether each text matches.
  ///
  /// - Throws: ``DataError`` for a pattern with something that is not known, and for a match that takes too many steps.
  package static func flags(_ texts: [String], pattern: String) throws(DataError) -> [Bool] {
    let expression = try RegularExpression("\\A(?:\(pattern))\\z")
    var scratch = RegexScratch()
    var flags: [Bool] = []
    for text in texts {
      scratch.budget = 2000 + text.utf8.count * 200
      // An empty array has no address to read from, so a zero follows that is not part of the text.
      let bytes = Array(text.utf8) + [0]
      let end = try bytes.withUnsafeBufferPointer { (buffer) throws(DataError) in
        try expression.match(UnsafeBufferPointer(rebasing: buffer.dropLast()), at: 0, &scratch)
      }
      flags.append(end == text.utf8.count)
    }
    return flags
  }
}
