/// Reads TFRecord files: runs of bytes, each with its length and two checksums.
///
/// A length is believed only when its checksum holds. Records share the mapped file. Files that are compressed as a whole
/// (gzip) are decompressed when they are opened.
public struct TFRecordFile: Sendable {
  /// What to do with a record whose data do not match their checksum. (A broken length always ends reading: nobody knows
  /// where the next record begins.)
  public enum DamagePolicy: Sendable, Hashable {
    /// Throw, with the record's offset.
    case fail
    /// Leave it out and count it.
    case skip
  }

  /// The largest record that is read; 256 MiB by default.
  public let largestRecord: Int
  /// What happens with damaged records.
  public let damagePolicy: DamagePolicy
  /// The path, or the name given for data that is in no file.
  public let file: String

  private let bytes: SharedBytes

  /// Opens the file at `path`.
  public init(
    path: String, damagePolicy: DamagePolicy = .fail, largestRecord: Int = 256 << 20
  ) throws(FormatError) {
    try self.init(
      bytes: MappedFile(path: path).bytes, file: path, damagePolicy: damagePolicy, largestRecord: largestRecord)
  }

  /// Opens a file that is in memory.
  ///
  /// - Throws: `FormatError` if it is compressed and cannot be decompressed. Records are checked as they are read.
  public init(
    bytes: SharedBytes, file: String = "TFRecord data", damagePolicy: DamagePolicy = .fail,
    largestRecord: Int = 256 << 20
  ) throws(FormatError) {
    self.bytes = Gzip.recognizes(bytes) ? SharedBytes(try Gzip.decompress(bytes, file: file)) : bytes
    self.file = file
    self.damagePolicy = damagePolicy
    self.largestRecord = largestRecord
  }

  /// The records, from the first.
  public func records() -> Records { Records(reader: ByteReader(bytes, file: file), of: self) }

  /// Where each record's data are, found by reading lengths alone; damaged data are noticed by `record(at:)`.
  ///
  /// - Throws: `FormatError` if a length is broken or the file ends inside a record.
  public func offsets() throws(FormatError) -> [Range<Int>] {
    var records = records()
    var result: [Range<Int>] = []
    while let range = try records.nextRange() { result.append(range) }
    return result
  }

  /// The record whose data are at `range`, one of `offsets()`.
  ///
  /// - Throws: `FormatError` of kind `checksum` if its data are damaged, whatever the policy.
  /// - Precondition: The range is one of `offsets()`.
  public func record(at range: Range<Int>) throws(FormatError) -> SharedBytes {
    precondition(range.lowerBound >= 12 && range.upperBound <= bytes.count - 4, "TFRecordFile: no record at \(range)")
    return try checked(range)
  }

  fileprivate func checked(_ range: Range<Int>) throws(FormatError) -> SharedBytes {
    let data = bytes[range]
    let stated = bytes[range.upperBound..<(range.upperBound + 4)].withUnsafeBytes {
      UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self))
    }
    guard data.withSpan({ CRC32C.masked($0) }) == stated else {
      throw FormatError(.checksum, file: file, "record does not match its checksum", offset: range.lowerBound - 12)
    }
    return data
  }

  /// A walk over the records of a file.
  public struct Records {
    private var reader: ByteReader
    private let owner: TFRecordFile

    /// Damaged records that were left out so far.
    public private(set) var skippedCount = 0

    fileprivate init(reader: ByteReader, of owner: TFRecordFile) {
      self.reader = reader
      self.owner = owner
    }

    /// The next record, or nil at the end of the file.
    public mutating func next() throws(FormatError) -> SharedBytes? {
      while let range = try nextRange() {
        do throws(FormatError) {
          return try owner.checked(range)
        } catch {
          if owner.damagePolicy == .fail { throw error }
          skippedCount += 1
        }
      }
      return nil
    }

    fileprivate mutating func nextRange() throws(FormatError) -> Range<Int>? {
      guard reader.remaining > 0 else { return nil }
      let start = reader.offset
      let head = try reader.take(8, "record length")
      let checksum = try reader.little(UInt32.self, "checksum of a record length")
      guard head.withSpan({ CRC32C.masked($0) }) == checksum else {
        throw reader.error(.checksum, "record length does not match its checksum", at: start)
      }
      let length = head.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
      guard length <= UInt64(owner.largestRecord) else {
        throw reader.error(.limit, "record of \(length) bytes is larger than \(owner.largestRecord)", at: start)
      }
      let first = reader.offset
      _ = try reader.take(Int(length), "record")
      _ = try reader.take(4, "checksum of a record")
      return first..<(first + Int(length))
    }
  }
}

/// Writes TFRecord files.
public struct TFRecordWriter: ~Copyable {
  private var file: AtomicFile

  /// Starts a file, which appears under its name when it is finished.
  public init(path: String) throws(FormatError) { file = try AtomicFile(path: path) }

  /// Appends a record.
  public mutating func append(_ record: [UInt8]) throws(FormatError) { try file.write(TFRecordWriter.framed(record)) }

  /// Puts the file in place.
  public consuming func finish() throws(FormatError) { try file.commit() }

  /// A record with its length and checksums.
  static func framed(_ record: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(record.count + 16)
    bytes.appendLittle(UInt64(record.count))
    let checksum = CRC32C.masked(bytes.span)
    bytes.appendLittle(checksum)
    bytes += record
    bytes.appendLittle(CRC32C.masked(record.span))
    return bytes
  }
}
