import MartletFormats
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A folder in which a checkpoint grows until it gets its name.
struct TemporaryFolder {
  let path: String
  private let parent: String

  /// Names that this process works on now; the same process number may have belonged to one that crashed.
  private static let active = Mutex<Set<String>>([])

  init(in parent: String, for name: String) throws {
    self.parent = parent
    let nonce = String(UInt32.random(in: 0...UInt32.max), radix: 36)
    path = "\(parent)/.tmp-\(name)-\(getpid())-\(nonce)"
    let path = path
    TemporaryFolder.active.withLock { _ = $0.insert(path) }
    try FileSystem.createDirectory(path)
  }

  /// Gives the folder its name, and makes the name durable.
  func becomes(_ checkpoint: Checkpoint) throws -> Checkpoint {
    if let old = try? checkpoint.manifest(), old == (try CheckpointManifest(folder: path)),
      (try? old.verify(folder: checkpoint.path, readingContents: true)) != nil
    {
      // The same bits are there already, as when a resumed run comes to a step again.
      remove()
      return checkpoint
    }
    // A folder cannot be renamed onto one that holds files; between the two renames there is none of this step, and
    // those of other steps stay.
    let trash = "\(parent)/.trash-\(FileSystem.lastComponent(of: path))"
    if FileSystem.status(checkpoint.path) != nil { try FileSystem.rename(checkpoint.path, to: trash) }
    try FileSystem.rename(path, to: checkpoint.path)
    try FileSystem.synchronizeDirectory(parent)
    forget()
    if FileSystem.status(trash) != nil { try? FileSystem.removeTree(trash) }
    return checkpoint
  }

  /// Removes what is there of it.
  func remove() {
    try? FileSystem.removeTree(path)
    forget()
  }

  private func forget() {
    let path = path
    TemporaryFolder.active.withLock { _ = $0.remove(path) }
  }

  /// Removes what processes that are gone have left.
  static func removeStale(in parent: String) {
    for name in (try? FileSystem.contents(of: parent)) ?? [] {
      let path = "\(parent)/\(name)"
      let isTrash = name.hasPrefix(".trash-")
      guard isTrash || name.hasPrefix(".tmp-step-"), !active.withLock({ $0.contains(path) }) else { continue }
      let parts = name.split(separator: "-")
      guard parts.count >= 2, let owner = pid_t(parts[parts.count - 2]) else { continue }
      // Another process that is alive may be writing it; nobody reads what is in the trash.
      let isAlive = owner != getpid() && (kill(owner, 0) == 0 || errno == EPERM)
      if isTrash || !isAlive { try? FileSystem.removeTree(path) }
    }
  }
}

extension Checkpoint {
  /// Removes all checkpoints of a folder but the newest `count` and those to be kept.
  ///
  /// Nothing is removed unless the newest one has a manifest that matches its files' sizes.
  ///
  /// - Parameters:
  ///   - count: How many of the newest stay, at least one.
  ///   - keeping: Steps of others that stay: the best, the one that was resumed from.
  public static func removeOld(in folder: String, keepingLast count: Int, keeping steps: Set<Int> = []) throws {
    let checkpoints = try all(in: folder)
    guard let newest = checkpoints.last else { return }
    try newest.manifest().verify(folder: newest.path, readingContents: false)
    for old in checkpoints.dropLast(max(count, 1)) where !steps.contains(old.step) {
      let nonce = String(UInt32.random(in: 0...UInt32.max), radix: 36)
      let trash = "\(folder)/.trash-\(name(of: old.step))-\(getpid())-\(nonce)"
      try FileSystem.rename(old.path, to: trash)
      try FileSystem.removeTree(trash)
    }
  }
}

/// Writes a line to standard error.
public func printWarning(_ text: String) { writeLine("martlet: \(text)\n", to: STDERR_FILENO) }

/// Writes a text to a descriptor in one call, so that lines of several threads do not mix.
func writeLine(_ text: String, to descriptor: Int32) {
  let bytes = Array(text.utf8)
  _ = write(descriptor, bytes, bytes.count)
}
