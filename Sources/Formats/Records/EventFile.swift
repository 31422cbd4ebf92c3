#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reads a TensorBoard event file.
public enum EventFile {
  /// The records of the file at `path`, in order.
  ///
  /// - Parameter allowsOpenEnd: Whether a last record that is cut short, as in the file of a run that still writes, ends
  ///   reading without an error.
  /// - Throws: `FormatError` if it cannot be read, or a record is damaged.
  public static func read(path: String, allowsOpenEnd: Bool = true) throws(FormatError) -> [EventRecord] {
    try read(MappedFile(path: path).bytes, file: path, allowsOpenEnd: allowsOpenEnd)
  }

  /// The records of a file that is in memory.
  public static func read(
    _ bytes: SharedBytes, file: String = "event data", allowsOpenEnd: Bool = true
  ) throws(FormatError) -> [EventRecord] {
    var records = try TFRecordFile(bytes: bytes, file: file).records()
    var result: [EventRecord] = []
    while true {
      let record: SharedBytes?
      do throws(FormatError) {
        record = try records.next()
      } catch {
        if allowsOpenEnd, error.kind == .truncated, !result.isEmpty { return result }
        throw error
      }
      guard let record else { return result }
      result.append(try EventRecord(record, file: file))
    }
  }
}

/// Writes a TensorBoard event file while a run goes on.
///
/// Records are appended to the file at once, so that a reader sees them while the run goes on; what a crash leaves is
/// readable up to its last whole record.
///
/// - Note: One writer is used by one thread at a time.
public struct EventWriter: ~Copyable {
  /// The path of the file.
  public let path: String

  private let descriptor: Int32

  /// Starts a file in `folder`, which is created if it is not there; its name holds time, host and process.
  ///
  /// - Throws: `FormatError` of kind `system` if the file cannot be created.
  public init(folder: String) throws(FormatError) { (path, descriptor) = try EventWriter.start(in: folder) }

  private static func start(in folder: String) throws(FormatError) -> (path: String, descriptor: Int32) {
    try FileSystem.createDirectory(folder)
    let now = EventWriter.now
    var number = 0
    var (path, descriptor) = ("", Int32(-1))
    repeat {
      path = "\(folder)/events.out.tfevents.\(Int(now)).\(EventWriter.hostName).\(getpid()).\(number)"
      descriptor = FileSystem.retrying { open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o666) }
      number += 1
    } while descriptor < 0 && errno == EEXIST && number < 1000
    guard descriptor >= 0 else { throw FileSystem.failure("cannot create", path) }
    do throws(FormatError) {
      try write(EventRecord(wallTime: now, step: 0, fileVersion: "brain.Event:2"), to: descriptor, path)
    } catch {
      close(descriptor)
      throw error
    }
    return (path, descriptor)
  }

  deinit { close(descriptor) }

  /// Appends a record.
  ///
  /// - Throws: `FormatError` of kind `system`, for instance when the disk is full.
  public func append(_ record: EventRecord) throws(FormatError) {
    try EventWriter.write(record, to: descriptor, path)
  }

  private static func write(_ record: EventRecord, to descriptor: Int32, _ path: String) throws(FormatError) {
    let bytes = TFRecordWriter.framed(record.encoded())
    var done = 0
    while done < bytes.count {
      let written = bytes.withUnsafeBytes { buffer in
        FileSystem.retrying { Platform.write(descriptor, buffer.baseAddress! + done, buffer.count - done) }
      }
      guard written > 0 else { throw FileSystem.failure("cannot write", path) }
      done += written
    }
  }

  /// Notes a number.
  public func scalar(_ tag: String, _ value: Float, step: Int) throws(FormatError) {
    try append(tag, .scalar(value), step: step)
  }

  /// Notes how values are spread.
  public func histogram(_ tag: String, _ values: some Sequence<Float>, step: Int) throws(FormatError) {
    try append(tag, .histogram(EventHistogram(of: values)), step: step)
  }

  /// Notes a text, which TensorBoard shows as Markdown.
  public func text(_ tag: String, _ text: String, step: Int) throws(FormatError) {
    try append(tag, .text(text), step: step)
  }

  /// Notes a picture.
  public func image(_ tag: String, _ image: Image, step: Int) throws(FormatError) {
    let png = try PNG.encode(image)
    try append(tag, .image(height: image.height, width: image.width, png: png), step: step)
  }

  private func append(_ tag: String, _ value: EventRecord.Value, step: Int) throws(FormatError) {
    try append(EventRecord(wallTime: EventWriter.now, step: step, values: [.init(tag: tag, value: value)]))
  }

  private static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// The machine's name, with only such characters as file names may have everywhere.
  private static var hostName: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    let characters = name.prefix { $0 != 0 }.map { Character(UnicodeScalar(UInt8(bitPattern: $0))) }
    let plain = characters.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    return plain.isEmpty ? "localhost" : String(plain)
  }
}
