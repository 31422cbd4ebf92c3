/// Checks of text that comes from files.
package enum UTF8Validation {
  /// Where the first byte sequence that is not UTF-8 begins; nil if the whole is.
  package static func firstInvalidOffset(_ bytes: Span<UInt8>) -> Int? {
    do throws(UTF8.ValidationError) {
      _ = try UTF8Span(validating: bytes)
      return nil
    } catch { return error.byteOffsets.lowerBound }
  }

  /// The bytes as a string.
  ///
  /// - Throws: `FormatError` with the position of the first byte sequence that is not UTF-8.
  package static func string(_ bytes: SharedBytes, file: String) throws(FormatError) -> String {
    try bytes.withSpan { (span) throws(FormatError) in
      if let offset = firstInvalidOffset(span) {
        throw FormatError(.malformed, file: file, "text is not UTF-8", offset: offset)
      }
      return span.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
  }
}
