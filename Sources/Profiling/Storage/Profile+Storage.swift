import MartletFormats

extension Profile {
  /// The profile as a file: JSON, compressed by gzip. The same profile always gives the same bytes.
  public func serialized() -> [UInt8] {
    let writer = ProfileWriter()
    let text = writer.json(of: self).serialized()
    return Gzip.compress(SharedBytes(Array(text.utf8)))
  }

  /// Writes the profile to a file, which appears there whole or not at all.
  public func save(to path: String) throws(FormatError) { try AtomicFile.write(serialized(), to: path) }

  /// Reads a profile from memory.
  ///
  /// - Parameters:
  ///   - bytes: What ``serialized()`` gave, compressed or not.
  ///   - file: The name for error messages.
  /// - Throws: `FormatError` if the bytes are no profile, or any index or number in it cannot be.
  public init(bytes: SharedBytes, file: String = "profile") throws(FormatError) {
    var text = bytes
    if Gzip.recognizes(bytes) {
      // Real profiles shrink to a tenth; more than a hundredth is no profile but an attempt to fill memory.
      let limit = min(Profile.largestText, max(1 << 24, bytes.count.multipliedReportingOverflow(by: 100).partialValue))
      text = SharedBytes(try Gzip.decompress(bytes, limit: limit, file: file))
    }
    guard text.count <= Profile.largestText else {
      throw FormatError(.limit, file: file, "is longer than \(Profile.largestText) bytes")
    }
    self = try ProfileReader(try JSON(parsing: text, file: file), file: file).profile()
  }

  /// Reads the profile at `path`.
  public init(path: String) throws(FormatError) {
    try self.init(bytes: SharedBytes(try FileSystem.read(path)), file: path)
  }

  /// The most bytes of JSON that are read: parsed they take ten times the room.
  private static let largestText = 1 << 28
}
