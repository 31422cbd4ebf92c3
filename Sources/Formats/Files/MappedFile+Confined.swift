#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension MappedFile {
  /// Maps the file that `location` names in `folder`, which it may not leave.
  ///
  /// For names that come out of files: a relative path of plain components, without `..`, and no link on the way,
  /// whatever is swapped meanwhile.
  ///
  /// - Throws: `FormatError` of kind `malformed` for a path that is not of that form, `system` if it cannot be opened.
  package convenience init(location: String, in folder: String) throws(FormatError) {
    let parts = try MappedFile.components(of: location, folder)
    var descriptor = FileSystem.retrying { open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY) }
    guard descriptor >= 0 else { throw FileSystem.failure("cannot open folder", folder) }
    for (index, part) in parts.enumerated() {
      let kind = index == parts.count - 1 ? O_NONBLOCK : O_DIRECTORY
      let inner = FileSystem.retrying { openat(descriptor, part, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | kind) }
      let code = errno
      close(descriptor)
      guard inner >= 0 else { throw FileSystem.failure("cannot open", "\(folder)/\(location)", code: code) }
      descriptor = inner
    }
    try self.init(opened: descriptor, path: "\(folder)/\(location)")
  }

  /// The components of a relative path that stays where it starts.
  package static func components(of location: String, _ folder: String) throws(FormatError) -> [String] {
    let parts = location.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let isPlain = parts.allSatisfy { part in
      !part.isEmpty && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
        && !part.contains(0) && !part.contains(UInt8(ascii: "\\"))
    }
    guard isPlain else {
      throw FormatError(
        .malformed, file: folder, "the location \(FormatError.quoted(location)) does not stay in the folder")
    }
    return parts.map { String(decoding: $0, as: UTF8.self) }
  }
}
