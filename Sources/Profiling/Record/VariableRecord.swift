import MartletGraph

/// A parameter, a piece of state that is not trained, or the slot of an optimiser.
public struct VariableRecord: Sendable, Hashable {
  /// The path of names that leads to it, joined by periods or slashes.
  public var name: String
  /// The layer that owns it.
  public var layerPath: String
  /// Element type and shape.
  public var type: TensorType
  /// What it is for: variable, slot of an optimiser, and so on.
  public var kind: MemoryKind
  /// Whether an optimiser is to change it.
  public var isTrainable: Bool
  /// Whether some recorded program read it.
  public var isRead: Bool
  /// Whether some recorded step changed it.
  public var isUpdated: Bool
  /// The first elements in row-major order, at most as many as somebody wanted to see; empty if not recorded.
  public var values: [Double]
  /// Where it was made: an index of ``Profile/stacks``.
  public var stack: Int?

  /// A variable.
  public init(
    name: String, layerPath: String = "", type: TensorType, kind: MemoryKind = .variable, isTrainable: Bool = true,
    isRead: Bool = true, isUpdated: Bool = true, values: [Double] = [], stack: Int? = nil
  ) {
    (self.name, self.layerPath, self.type, self.kind) = (name, layerPath, type, kind)
    (self.isTrainable, self.isRead, self.isUpdated) = (isTrainable, isRead, isUpdated)
    (self.values, self.stack) = (values, stack)
  }
}
