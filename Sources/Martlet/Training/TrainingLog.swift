import MartletFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file with a JSON object a line: what happened in a run, step by step.
final class TrainingLog {
  private let path: String
  private let descriptor: Int32

  /// Opens the log of a run that goes on at `step`; what was logged beyond it is cut off, since it will happen again.
  init(path: String, continuingAt step: Int) throws {
    self.path = path
    try TrainingLog.cut(path, after: step)
    descriptor = FileSystem.retrying { open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666) }
    guard descriptor >= 0 else { throw FileSystem.failure("cannot open", path) }
  }

  deinit { close(descriptor) }

  /// Appends an object. A log that cannot be written does not end the training that it describes.
  func append(_ object: JSON) { writeLine(object.serialized() + "\n", to: descriptor) }

  private static func cut(_ path: String, after step: Int) throws {
    guard FileSystem.status(path) != nil else { return }
    let lines = try FileSystem.read(path).split(separator: 0x0A)
    // A line that is no JSON is what a crash left of one.
    let kept = lines.filter { line in
      guard let logged = (try? JSON(parsing: SharedBytes(Array(line))))?["step"]?.intValue else { return false }
      return logged <= step
    }
    if kept.count < lines.count { try AtomicFile.write(kept.flatMap { $0 + [0x0A] }, to: path) }
  }
}
