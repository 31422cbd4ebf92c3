/// Why a checkpoint cannot be written or used.
public struct CheckpointError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The sort of trouble, for programs that want to react to it.
  public enum Kind: String, Sendable, Hashable {
    /// Not all of it is there, or not as it was written.
    case damaged
    /// It is whole, and belongs to another model, optimizer or version.
    case mismatch
    /// There is none.
    case missing
    /// There is no room for it on the disk.
    case full
    /// Another process trains in this folder.
    case locked
  }

  /// The sort of trouble.
  public var kind: Kind
  /// The file or folder it is about.
  public var path: String
  /// What is wrong.
  public var message: String
  /// Where in the file, in bytes from its start, if that is known.
  public var offset: Int?

  init(_ kind: Kind, _ path: String, _ message: String, offset: Int? = nil) {
    (self.kind, self.path, self.message, self.offset) = (kind, path, message, offset)
  }

  /// One line: `checkpoints/step-00000100/weights.safetensors: has 4000 bytes, was written with 4096 (at byte 4000)`.
  public var description: String { "\(path): \(message)" + (offset.map { " (at byte \($0))" } ?? "") }
}
