/// Where an operation was written: a file and line, or a program counter that names one when it is looked up.
///
/// Sixteen bytes of plain data; the text is made only when somebody asks.
public struct SourceLocation: Sendable, Hashable {
  // The start of a `#fileID`'s text when the line is not 0, else a program counter.
  @usableFromInline let address: UInt
  // The line in the upper 24 bits, the length of the text in the others.
  @usableFromInline let lineAndLength: UInt32
  /// How it came to be recorded, for a profiler; see ``RecordingContext``.
  @usableFromInline package var context = RecordingContext.none

  /// The place given by `#fileID` and `#line`.
  @inlinable
  public init(_ fileID: StaticString, _ line: UInt) {
    // Of a longer text the end, where the name of the file is.
    let count = fileID.hasPointerRepresentation ? fileID.utf8CodeUnitCount : 0
    let length = min(count, 255)
    address = UInt(bitPattern: fileID.hasPointerRepresentation ? fileID.utf8Start + (count - length) : nil)
    lineAndLength = UInt32(min(max(line, 1), 0xFF_FFFF)) << 8 | UInt32(length)
  }

  /// The place that the debug information gives for a program counter.
  @inlinable
  public init(programCounter: UInt) {
    address = programCounter
    lineAndLength = 0
  }

  private var line: UInt32 { lineAndLength >> 8 }

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
    let text = String(decoding: UnsafeBufferPointer(start: start, count: Int(lineAndLength & 0xFF)), as: UTF8.self)
    return "\(text.split(separator: "/").last ?? "?"):\(line)"
  }
}

/// How an operation came to be recorded: the number of the calls that led to it, and the part of a training step.
///
/// Four bytes that go wherever the location goes: into the graph, through its transforms, and into a plan.
@frozen
public struct RecordingContext: Sendable, Hashable {
  @usableFromInline let word: UInt32

  @inlinable init(word: UInt32) { self.word = word }

  /// Nobody asked.
  @inlinable public static var none: RecordingContext { RecordingContext(word: 0) }

  /// The context of a number from 1 on, below 2^30.
  package init(number: Int, phase: Phase) {
    word = UInt32(truncatingIfNeeded: number) & 0x3FFF_FFFF | UInt32(phase.rawValue) << 30
  }

  /// Which of the contexts that a profiler numbered; 0 if none.
  package var number: Int { Int(word & 0x3FFF_FFFF) }
  package var phase: Phase { Phase(rawValue: UInt8(word >> 30))! }

  /// The same calls, for an operation that a derivative rule added.
  package var backward: RecordingContext {
    word == 0 ? self : RecordingContext(number: number, phase: .backward)
  }

  /// The part of a training step that an operation belongs to.
  public enum Phase: UInt8, Sendable, CaseIterable {
    case forward, backward, update
    /// A variable that the program reads, rather than an operation.
    case variable
  }
}
