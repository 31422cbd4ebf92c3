/// How much a zip archive may make of itself.
public struct ZipLimits: Sendable {
  /// The most bytes that one compressed member may become; 4 GiB by default.
  public var memberBytes = 1 << 32
  /// The most bytes that all compressed members together may become; 4 GiB by default.
  public var totalBytes = 1 << 32
  /// How often larger than its compressed form a member may claim to be; deflate itself reaches 1,032.
  public var ratio = 1100
  /// The most members.
  public var members = 65_535

  /// The default limits.
  public init() {}
}

/// A zip archive open for reading: stored and deflated members, also with 64-bit sizes.
///
/// What the central directory says must agree with what stands before each member, members must not overlap, and names
/// must be unique and stay inside the folder that the archive stands for.
public struct ZipFile: Sendable {
  /// One member of the archive.
  public struct Member: Sendable {
    /// The name, with `/` between folders.
    public let name: String
    /// The bytes of its content.
    public let size: Int
    /// The bytes that it takes in the archive.
    public let compressedSize: Int
    /// Whether it is stored as it is.
    public var isStored: Bool { method == 0 }

    let method: UInt16
    let checksum: UInt32
    let data: Range<Int>
  }

  /// All members, in the order of the central directory.
  public let members: [Member]
  /// The path, or the name given for data that is in no file.
  public let file: String

  private let bytes: SharedBytes
  private let limits: ZipLimits
  private let indices: [String: Int]

  /// Opens the archive at `path`.
  public init(path: String, limits: ZipLimits = ZipLimits()) throws(FormatError) {
    try self.init(bytes: MappedFile(path: path).bytes, file: path, limits: limits)
  }

  /// Opens an archive that is in memory.
  ///
  /// - Throws: `FormatError` if its directory breaks a rule; contents are checked as they are read.
  public init(
    bytes: SharedBytes, file: String = "zip data", limits: ZipLimits = ZipLimits()
  ) throws(FormatError) {
    let directory = try ZipDirectory(bytes, file: file, limits: limits)
    self.bytes = bytes
    self.file = file
    self.limits = limits
    members = directory.members
    indices = directory.indices
  }

  /// The member called `name`, or nil if there is none.
  public subscript(name: String) -> Member? { indices[name].map { members[$0] } }

  /// The content of a member, its checksum verified; shared with the archive if it is stored.
  ///
  /// A member that claims to become larger than the whole archive is decompressed twice: once to see that it is what it
  /// claims, with memory of its own only after that.
  ///
  /// - Throws: `FormatError` if the content is not what the directory says.
  public func read(_ member: Member) throws(FormatError) -> SharedBytes {
    try read(member) { (_: [UInt8]) throws(FormatError) in }
  }

  /// As `read(_:)`, for content whose beginning can tell that the rest is of no use.
  ///
  /// - Parameter check: Is given the first 128 KiB of a member that claims to become larger than the archive.
  func read(
    _ member: Member, checkingBeginning check: ([UInt8]) throws(FormatError) -> Void
  ) throws(FormatError) -> SharedBytes {
    let data = bytes[member.data]
    if member.isStored {
      guard CRC32.checksum(data) == member.checksum else { throw wrongChecksum(member) }
      return data
    }
    let file = file
    if member.size > bytes.count {
      let passed = try data.withSpan { (input) throws(FormatError) in
        try Inflate.examine(input, limit: member.size, file: file)
      }
      guard passed.count == member.size, passed.end == data.count else { throw wrongSize(member) }
      guard passed.checksum.value == member.checksum else { throw wrongChecksum(member) }
      try check(passed.beginning)
    }
    let (content, end) = try data.withSpan { (input) throws(FormatError) in
      try Inflate.decompress(input, limit: member.size, sizeHint: member.size, file: file)
    }
    guard content.count == member.size, end == data.count else { throw wrongSize(member) }
    guard CRC32.checksum(content.span) == member.checksum else { throw wrongChecksum(member) }
    return SharedBytes(content)
  }

  private func wrongSize(_ member: Member) -> FormatError {
    error(.malformed, "does not decompress to its stated size", member)
  }

  private func wrongChecksum(_ member: Member) -> FormatError {
    error(.checksum, "does not match its checksum", member)
  }

  /// The first bytes of a member's content, at most `count`; the checksum, which covers all, is not looked at.
  package func prefix(of member: Member, count: Int) throws(FormatError) -> SharedBytes {
    let data = bytes[member.data]
    if member.isStored { return data[0..<min(count, data.count)] }
    let file = file
    return SharedBytes(
      try data.withSpan { (input) throws(FormatError) in try Inflate.prefix(input, count: count, file: file) })
  }

  private func error(_ kind: FormatError.Kind, _ message: String, _ member: Member) -> FormatError {
    FormatError(kind, file: file, message, offset: member.data.lowerBound, tensor: member.name)
  }
}
