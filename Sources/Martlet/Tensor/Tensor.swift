public import MartletGraph
public import MartletSupport

/// A multi-dimensional array of numbers, computed when it is needed.
///
/// An operation records what to compute and returns at once, its shape and type already checked. Reading a value
/// (``scalar``, ``scalars(as:fileID:line:)``, printing) computes what it needs; an optimizer's `update` computes the
/// whole step as one program. A tensor is a value: no operation changes one that somebody holds.
public struct Tensor: Sendable {
  package let storage: TensorStorage

  package init(storage: TensorStorage) { self.storage = storage }

  /// The sizes of the dimensions, outermost first.
  public var shape: Shape { storage.type.shape }

  /// The element type.
  public var dtype: DType { storage.type.dtype }

  /// Element type and shape.
  public var type: TensorType { storage.type }

  /// The number of dimensions.
  public var rank: Int { storage.type.shape.rank }

  /// The number of elements.
  public var elementCount: Int { storage.type.elementCount }
}

// MARK: - Recording

extension Tensor {
  /// Records a primitive, or stops with the sentence of the mistake.
  package static func record(
    _ operation: some PrimitiveRules, _ operands: Tensor..., at location: SourceLocation
  ) -> Tensor {
    record(operation, operands, at: location)
  }

  /// Records a primitive, or stops with the sentence of the mistake.
  package static func record(
    _ operation: some PrimitiveRules, _ operands: [Tensor], at location: SourceLocation
  ) -> Tensor {
    do {
      return try recordOrThrow(operation, operands, at: location)
    } catch {
      return Tensor(storage: stop(error, at: location))
    }
  }

  /// Records a primitive, or says why it cannot be.
  static func recordOrThrow(
    _ operation: some PrimitiveRules, _ operands: [Tensor], at location: SourceLocation
  ) throws(GraphError) -> Tensor {
    let recorder = Recorder.current
    // Reused from operation to operation; one that is checked while another is gets an array of its own.
    var types = recorder.operandTypes
    recorder.operandTypes = []
    types.removeAll(keepingCapacity: true)
    for operand in operands { types.append(operand.type) }
    let type = try operation.resultType(types[...])
    recorder.operandTypes = types
    try type.checkSize(operation.name)
    func value(_ index: Int) -> Value { Value(recorder.position(of: operands[index].storage)) }
    let positions =
      switch operands.count {
      case 0: Operands()
      case 1: Operands(value(0))
      case 2: Operands(value(0), value(1))
      case 3: Operands(value(0), value(1), value(2))
      default: Operands(operands.indices.map(value))
      }
    return Tensor(
      storage: recorder.record(operation, operation.primitive, positions, type: type, location: location))
  }

  /// Records a function of every element.
  @usableFromInline
  package static func unary(_ kind: Unary.Kind, _ x: Tensor, at location: SourceLocation) -> Tensor {
    do {
      return try unaryOrThrow(kind, x, at: location)
    } catch {
      return Tensor(storage: stop(error, at: location))
    }
  }

  /// Records a function of every element, or says why it cannot be.
  @inline(__always)
  static func unaryOrThrow(
    _ kind: Unary.Kind, _ x: Tensor, at location: SourceLocation
  ) throws(GraphError) -> Tensor {
    let operation = Unary(kind)
    let recorder = Recorder.current
    let type = try operation.resultType([x.type])
    let position = Value(recorder.position(of: x.storage))
    return Tensor(
      storage: recorder.record(operation, .unary(operation), Operands(position), type: type, location: location))
  }

  /// Records a function of two elements. This is the path that a benchmark holds below a quarter of a microsecond.
  @usableFromInline
  package static func binary(
    _ kind: Binary.Kind, _ a: Tensor, _ b: Tensor, at location: SourceLocation
  ) -> Tensor {
    do {
      return try binaryOrThrow(kind, a, b, at: location)
    } catch {
      return Tensor(storage: stop(error, at: location))
    }
  }

  /// Records a function of two elements, or says why it cannot be.
  @inline(__always)
  static func binaryOrThrow(
    _ kind: Binary.Kind, _ a: Tensor, _ b: Tensor, at location: SourceLocation
  ) throws(GraphError) -> Tensor {
    let operation = Binary(kind)
    let recorder = Recorder.current
    let type = try operation.resultType(a.type, b.type)
    if type.shape != a.type.shape { try type.checkSize(operation.name) }
    let operands = Operands(
      Value(recorder.position(of: a.storage)), Value(recorder.position(of: b.storage)))
    return Tensor(
      storage: recorder.record(operation, .binary(operation), operands, type: type, location: location))
  }

  /// Records an operation with several results.
  package static func recordMany(
    _ operation: some PrimitiveRules, _ operands: [Tensor], at location: SourceLocation
  ) -> [Tensor] {
    let types = operation.resultTypes ?? []
    let tuple = record(operation, operands, at: location)
    return types.enumerated().map { index, type in
      record(Element(index, type: type), tuple, at: location)
    }
  }
}

// MARK: - Values

extension Tensor {
  /// Computes the value now, if that has not happened yet.
  ///
  /// - Throws: An ``ExecutionError`` for what only the values could show: an index out of range, a division by zero.
  @discardableResult
  public func evaluated() throws -> Tensor {
    _ = try buffer()
    return self
  }

  /// The memory that holds the elements, dense and row-major.
  ///
  /// - Parameter insideRegions: Whether a value may also be read inside a region, which works as long as it does not
  ///   depend on what stands for many values there.
  package func buffer(insideRegions: Bool = false) throws -> Buffer {
    let slot = Slot(word: storage.slot.load(ordering: .acquiring))
    if slot == .free { return storage.buffer! }
    let recorder = Recorder.with(identifier: slot.recorder)
    if let known = recorder.locked({ storage.buffer }) { return known }
    if !insideRegions { try recorder.checkReadable() }
    try recorder.tryEvaluate([storage])
    return recorder.locked { storage.buffer! }
  }

  /// The memory of the elements, or stops with the sentence of what went wrong.
  package func readableBuffer() -> Buffer {
    do {
      return try buffer()
    } catch {
      let recorder = Recorder.current
      recorder.report(error as? ExecutionError ?? ExecutionError(node: nil, message: "\(error)"))
      return recorder.placeholder(type).buffer!
    }
  }

  /// Calls `body` with the elements, dense and row-major, without copying them.
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    let buffer = readableBuffer()
    return try withExtendedLifetime(buffer) {
      try body(UnsafeRawBufferPointer(start: buffer.address, count: type.sizeInBytes))
    }
  }
}

extension Recorder {
  /// Inside a region a tensor stands for many values, so none can be read; nor after a mistake, when values mean nothing.
  func checkReadable() throws {
    // What another thread is recording is nobody else's business.
    guard Recorder.current === self else { return }
    if isChecking, let firstError { throw firstError }
    for scope in scopes {
      if case .region(let name) = scope.kind { throw unreadable(name, at: builder.nodes.last?.location) }
    }
  }

  func unreadable(_ region: String, at location: SourceLocation?) -> ExecutionError {
    ExecutionError(
      node: nil, message: "\(region): a value cannot be read inside; use select or cond, or read it outside",
      location: location)
  }
}

// MARK: - From and to Swift

/// A Swift number that can be an element of a tensor.
public protocol TensorScalar: Sendable, BitwiseCopyable {
  /// The element type that holds this Swift type.
  static var dtype: DType { get }
}

extension Bool: TensorScalar { public static var dtype: DType { .bool } }
extension UInt8: TensorScalar { public static var dtype: DType { .uint8 } }
extension UInt16: TensorScalar { public static var dtype: DType { .uint16 } }
extension UInt32: TensorScalar { public static var dtype: DType { .uint32 } }
extension UInt64: TensorScalar { public static var dtype: DType { .uint64 } }
extension Int8: TensorScalar { public static var dtype: DType { .int8 } }
extension Int16: TensorScalar { public static var dtype: DType { .int16 } }
extension Int32: TensorScalar { public static var dtype: DType { .int32 } }
extension Int64: TensorScalar { public static var dtype: DType { .int64 } }
extension Int: TensorScalar { public static var dtype: DType { .int64 } }
extension Float: TensorScalar { public static var dtype: DType { .float32 } }
extension Double: TensorScalar { public static var dtype: DType { .float64 } }

extension Tensor {
  /// A tensor of the given shape with elements in row-major order.
  ///
  /// - Precondition: As many elements as the shape has.
  public init<Scalar: TensorScalar>(
    _ scalars: [Scalar], shape: Shape, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let type = TensorType(Scalar.dtype, shape)
    guard shape.checkedElementCount == scalars.count else {
      let error = GraphError("Tensor", "\(scalars.count) scalars do not fill \(shape) (\(shape.elementCount) elements)")
      self.init(storage: stop(error, at: SourceLocation(fileID, line)))
      return
    }
    self.init(type: type) { memory in
      scalars.withUnsafeBytes { memory.copyMemory(from: $0) }
    }
  }

  /// A vector of the given elements.
  public init<Scalar: TensorScalar>(_ scalars: [Scalar]) { self.init(scalars, shape: [scalars.count]) }

  /// A scalar.
  public init<Scalar: TensorScalar>(_ scalar: Scalar) { self.init([scalar], shape: []) }

  /// A tensor whose dense row-major bytes `fill` writes.
  package init(type: TensorType, filledBy fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
    let buffer: Buffer
    do {
      buffer = try Recorder.current.engine.allocate(byteCount: type.sizeInBytes)
    } catch {
      fatalError("\(error)")
    }
    try fill(UnsafeMutableRawBufferPointer(start: buffer.address, count: type.sizeInBytes))
    self.init(storage: TensorStorage(type: type, buffer: buffer))
  }

  /// The elements in row-major order.
  ///
  /// - Precondition: `Scalar` is the Swift type of the element type; cast the tensor first if it is not.
  public func scalars<Scalar: TensorScalar>(
    as: Scalar.Type = Scalar.self, fileID: StaticString = #fileID, line: UInt = #line
  ) -> [Scalar] {
    guard Scalar.dtype == dtype else {
      let error = GraphError("scalars", "the elements are \(dtype), not \(Scalar.dtype); cast the tensor first")
      _ = stop(error, at: SourceLocation(fileID, line))
      return []
    }
    return withUnsafeBytes { Array($0.bindMemory(to: Scalar.self)) }
  }

  /// The only element, converted to a double.
  ///
  /// - Precondition: One element.
  @inlinable @inline(__always)
  public var scalar: Double { onlyElement(at: SourceLocation(programCounter: martlet_program_counter())) }

  @usableFromInline
  package func onlyElement(at location: SourceLocation) -> Double {
    guard elementCount == 1 else {
      let error = GraphError("scalar", "\(shape) has \(elementCount) elements, not one")
      _ = stop(error, at: location)
      return .nan
    }
    return withUnsafeBytes { bytes in
      var bits: UInt64 = 0
      Swift.withUnsafeMutableBytes(of: &bits) { $0.copyMemory(from: bytes) }
      return Literal(dtype: dtype, bits: bits).doubleValue
    }
  }

  /// A number that takes part in an operation with `other`, and so takes its element type.
  package init(literal value: Double, like other: Tensor, at location: SourceLocation) {
    let literal = Literal(value, other.dtype)
    let operation = ScalarValue(literal)
    let type = TensorType(other.dtype, Shape())
    self.init(
      storage: Recorder.current.record(operation, .scalar(operation), Operands(), type: type, location: location))
  }
}
