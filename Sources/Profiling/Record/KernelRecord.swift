/// What the engine runs as one piece: one operation, or several that were fused.
public struct KernelRecord: Sendable, Hashable {
  /// An operation inside, and its part of the cost.
  public struct Part: Sendable, Hashable {
    /// The index in ``ProgramRecord/operations``.
    public var operation: Int
    /// Its share of the kernel's time and workspace; the shares of a kernel add up to 1.
    public var share: Double

    /// A part.
    public init(_ operation: Int, share: Double) { (self.operation, self.share) = (operation, share) }
  }

  /// What the engine calls it.
  public var name: String
  /// The operations it computes.
  public var parts: [Part]
  /// Bytes for its own use while it runs.
  public var workspaceBytes: Int
  /// Bytes it moves to and from memory; nil if the engine does not know better than the operations do.
  public var bytesMoved: Int?

  /// A kernel.
  public init(name: String, parts: [Part], workspaceBytes: Int = 0, bytesMoved: Int? = nil) {
    (self.name, self.parts) = (name, parts)
    (self.workspaceBytes, self.bytesMoved) = (workspaceBytes, bytesMoved)
  }
}
