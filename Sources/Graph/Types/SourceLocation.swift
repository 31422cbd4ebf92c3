/// Where an operation was written: a file and line, or a program counter that names one when it is looked up.
///
/// Sixteen bytes of plain data; the text is made only when somebody asks.
public struct SourceLocation: Sendable, Hashable {
  // The start of a `#fileID`'s text when `line` is not 0, else a program counter.
  @usableFromInline let address: UInt
  @usableFromInline let line: UInt32
  @usableFromInline let length: UInt32

  /// The place given by `#fileID` and `#line`.
  @inlinable
  public init(_ fileID: StaticString, _ line: UInt) {
    address = UInt(bitPattern: fileID.hasPointerRepresentation ? fileID.utf8Start : nil)
    length = UInt32(truncatingIfNeeded: fileID.hasPointerRepresentation ? fileID.utf8CodeUnitCount : 0)
    self.line = UInt32(truncatingIfNeeded: max(line, 1))
  }

  /// The place that the debug information gives for a program counter.
  @inlinable
  public init(programCounter: UInt) {
    address = programCounter
    line = 0
    length = 0
  }

  /// The program counter, when that is what was recorded.
  public var programCounter: UInt? { line == 0 && address != 0 ? address : nil }

  /// Turns a program counter into `File.swift:12`; set once by the module that can.
  nonisolated(unsafe) package static var symbolicate: (@Sendable (UInt) -> String?)? = nil
}

extension SourceLocation: CustomStringConvertible {
  /// Reads like `Model.swift:12`.
  public var description: String {
    if line == 0 { return SourceLocation.symbolicate?(address) ?? "an unknown line" }
    guard let start = UnsafePointer<UInt8>(bitPattern: address) else { return "line \(line)" }
    let text = String(decoding: UnsafeBufferPointer(start: start, count: Int(length)), as: UTF8.self)
    return "\(text.split(separator: "/").last ?? "?"):\(line)"
  }
}
