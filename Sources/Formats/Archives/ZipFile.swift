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
    var indices: [String: Int] = [:]
    for (i, member) in members.enumerated() { indices[member.name] = i }
    self.indices = indices
  }

  /// The member called `name`, or nil if there is none.
  public subscript(name: String) -> Member? { indices[name].map { members[$0] } }

  /// The content of a member, its checksum verified; shared with the archive if it is stored.
  public func read(_ member: Member) throws(FormatError) -> SharedBytes {
    let data = bytes[member.data]
    var content = data
    if !member.isStored {
      let file = file
      let (array, end) = try data.withSpan { (input) throws(FormatError) in
        try Inflate.decompress(input, limit: member.size, sizeHint: member.size, file: file)
      }
      guard array.count == member.size, end == data.count else {
        throw error(.malformed, "does not decompress to its stated size", member)
      }
      content = SharedBytes(array)
    }
    guard CRC32.checksum(content) == member.checksum else {
      throw error(.checksum, "does not match its checksum", member)
    }
    return content
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
