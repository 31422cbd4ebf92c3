import MartletFormats

/// The records of a TFRecord file as samples, each read from the mapped file when it is asked for.
public struct TFRecordDataset: Dataset {
  private let file: TFRecordFile
  private let offsets: [Range<Int>]

  /// Opens the file at `path` and finds its records by their lengths.
  ///
  /// - Throws: `FormatError` if it cannot be read or a length is broken. A record whose data are damaged is a bad record,
  ///   found when somebody asks for it.
  public init(path: String) throws {
    file = try TFRecordFile(path: path)
    offsets = try file.offsets()
  }

  public var count: Int { offsets.count }

  public func element(at index: Int) throws -> SharedBytes { try file.record(at: offsets[index]) }

  /// The records as `tf.train.Example`.
  public var examples: MappedDataset<TFRecordDataset, TFExample> { map { try TFExample($0) } }
}

/// The values of a JSON Lines file as samples, each parsed when it is asked for.
public struct JSONLinesDataset: Dataset {
  private let lines: JSONLines

  /// Opens the file at `path`; gzip is undone.
  public init(path: String) throws { lines = try JSONLines(path: path) }

  public var count: Int { lines.count }

  public func element(at index: Int) throws -> JSON { try lines.value(at: index) }
}
