import MartletGraph
public struct CPUEngine: Engine {
  public static let shared = CPUEngine()
  public var name: String { "cpu" }
  public func compile(_ program: Program) throws(GraphError) -> any Executable { throw GraphError("cpu", "pending") }
  public func allocate(byteCount: Int) throws(ExecutionError) -> Buffer {
    Buffer(address: .allocate(byteCount: max(byteCount, 1), alignment: 64), byteCount: byteCount) { p, _ in p.deallocate() }
  }
}
