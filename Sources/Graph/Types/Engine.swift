import Synchronization

/// Something that runs programs: the CPU engine, the reference interpreter, an accelerator.
public protocol Engine: Sendable {
  /// The name by which a user asks for it: `cpu`, `reference`.
  var name: String { get }

  /// Plans a program once, for any number of runs.
  ///
  /// - Throws: A ``GraphError`` when the engine cannot run an operation of the program.
  func compile(_ program: Program) throws(GraphError) -> any Executable

  /// Memory for a tensor that programs of this engine can read and write.
  ///
  /// - Throws: An ``ExecutionError`` when there is not enough.
  func allocate(byteCount: Int) throws(ExecutionError) -> Buffer
}

/// A graph to run, and which of its inputs nobody needs afterwards.
public struct Program: Sendable {
  /// Inputs are the nodes ``Primitive/input(_:)``; the values of ``Primitive/scalar(_:)`` nodes are given at each run.
  public var graph: Graph
  /// One flag an input: whether its memory may be overwritten, because nothing else refers to it.
  public var isDonated: [Bool]

  public init(graph: Graph, isDonated: [Bool]) {
    self.graph = graph
    self.isDonated = isDonated
  }

  /// The nodes that are scalars, in order: the order in which their values are given at each run.
  public var scalars: [Value] {
    graph.nodes.indices.compactMap { index in
      if case .scalar = graph.nodes[index].primitive { Value(index) } else { nil }
    }
  }
}

/// A planned program.
public protocol Executable: Sendable {
  /// Runs the program once and returns its outputs.
  ///
  /// May be called from several threads at once.
  /// - Parameters:
  ///   - inputs: A buffer for each input, dense and row-major. Donated ones may come back as outputs.
  ///   - scalars: The bits of each scalar, in the order of ``Program/scalars``.
  func run(inputs: [Buffer], scalars: [UInt64]) throws(ExecutionError) -> [Buffer]
}

/// Memory that holds the elements of one tensor.
///
/// The contents are written once, by whoever made it, before it is shared; an engine overwrites them only when the
/// buffer was donated, that is, when nobody else can read it.
public final class Buffer: @unchecked Sendable {
  public let address: UnsafeMutableRawPointer
  public let byteCount: Int
  private let release: @Sendable (UnsafeMutableRawPointer, Int) -> Void
  private let derivation = Mutex<(any AnyObject & Sendable)?>(nil)

  /// Memory that `release` takes back when nobody refers to the buffer any more.
  public init(
    address: UnsafeMutableRawPointer, byteCount: Int,
    release: @escaping @Sendable (UnsafeMutableRawPointer, Int) -> Void
  ) {
    self.address = address
    self.byteCount = byteCount
    self.release = release
  }

  deinit { release(address, byteCount) }

  public var bytes: UnsafeMutableRawBufferPointer { .init(start: address, count: byteCount) }

  /// What an engine keeps of the contents in another form, made by `make` at first; nil when another engine keeps its
  /// own.
  ///
  /// It lives as long as the contents: until the buffer is freed or ``forgetDerivation()`` is called.
  package func derivation<Form: AnyObject & Sendable>(orElse make: () -> Form) -> Form? {
    derivation.withLock { kept in
      if let kept { return kept as? Form }
      let made = make()
      kept = made
      return made
    }
  }

  /// Drops what was derived from the contents; to be called by whoever is about to overwrite them.
  package func forgetDerivation() {
    // Freed outside the lock.
    let _ = derivation.withLock { kept in
      defer { kept = nil }
      return kept
    }
  }
}
