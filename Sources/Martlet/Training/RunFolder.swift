import MartletFormats
import MartletGraph

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A JSON value: settings and saved states.
public typealias JSON = MartletFormats.JSON

/// The folder of one training run: settings, log, checkpoints, and the weights at the end.
///
/// While this object lives, no other process, and no other object here, can open the folder to train in it.
public final class RunFolder: Sendable {
  /// The folder itself.
  public let path: String
  private let lock: Int32

  /// Opens or creates a run's folder.
  ///
  /// - Parameters:
  ///   - path: The folder; ``defaultPath(name:)`` makes a new one.
  ///   - configuration: The settings of the run, kept in `config.json`.
  /// - Throws: ``CheckpointError`` of kind `locked` if somebody trains there, `FormatError` from the operating system.
  public init(_ path: String, configuration: JSON = [:]) throws {
    try FileSystem.createDirectory(path)
    self.path = path
    lock = try RunFolder.lock(path)
    try AtomicFile.write(configuration.serializedForReading(), to: configurationPath)
  }

  deinit { close(lock) }

  /// The settings of the run.
  public var configurationPath: String { "\(path)/config.json" }
  /// One JSON object a line: losses and metrics.
  public var logPath: String { "\(path)/log.jsonl" }
  /// The folder of the checkpoints.
  public var checkpointsPath: String { "\(path)/checkpoints" }
  /// The weights when training was over.
  public var weightsPath: String { "\(path)/weights.safetensors" }

  /// `runs/NAME-20260131-235959`, by the local time, and with a number behind it if that exists.
  public static func defaultPath(name: String) -> String {
    var now = time(nil)
    var parts = tm()
    localtime_r(&now, &parts)
    func digits(_ number: Int32, _ count: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(count - text.count, 0)) + text
    }
    let day = digits(parts.tm_year + 1900, 4) + digits(parts.tm_mon + 1, 2) + digits(parts.tm_mday, 2)
    let path = "runs/\(name)-\(day)-\(digits(parts.tm_hour, 2))\(digits(parts.tm_min, 2))\(digits(parts.tm_sec, 2))"
    if FileSystem.status(path) == nil { return path }
    return (2...).lazy.map { "\(path)-\($0)" }.first { FileSystem.status($0) == nil }!
  }

  /// Writes the final weights.
  public func saveWeights(_ variables: [String: Variable]) throws {
    try VariableFile.write(variables, to: weightsPath)
  }

  /// The kernel drops the lock when the process ends, however it ends, so none is ever left behind.
  private static func lock(_ folder: String) throws -> Int32 {
    let path = "\(folder)/.lock"
    let descriptor = FileSystem.retrying { open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666) }
    guard descriptor >= 0 else { throw FileSystem.failure("cannot create", path) }
    guard FileSystem.retrying({ flock(descriptor, LOCK_EX | LOCK_NB) }) == 0 else {
      let code = errno
      close(descriptor)
      guard code == EWOULDBLOCK else { throw FileSystem.failure("cannot lock", path, code: code) }
      let owner = (try? FileSystem.read(path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
      let process = owner.isEmpty ? "another process" : "process \(owner)"
      throw CheckpointError(.locked, folder, "\(process) is training in this folder; wait for it or name another one")
    }
    ftruncate(descriptor, 0)
    writeLine(String(getpid()), to: descriptor)
    return descriptor
  }
}
