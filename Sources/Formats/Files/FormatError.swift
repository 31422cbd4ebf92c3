/// What is wrong with a file, or with an attempt to read or write one.
///
/// Every reader of this module throws this type, whatever the bytes; all parts can be read, not only printed.
public struct FormatError: Error, Sendable, Hashable {
  /// The sort of trouble, for programs that want to react to it.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The operating system refused: no such file, no permission, disk full.
    case system
    /// The data ends before the format says it does.
    case truncated
    /// The bytes do not follow the format.
    case malformed
    /// Well-formed, but of a variety that is not read here.
    case unsupported
    /// Larger than a limit that protects memory or time.
    case limit
    /// A checksum does not match.
    case checksum
    /// A name occurs twice where it must be unique.
    case duplicate
    /// Something asked for by name is not there.
    case missing
    /// The content is not of the type or shape asked for.
    case mismatch
  }

  /// The sort of trouble.
  public var kind: Kind
  /// The path of the file, or a name for data that never was in one.
  public var file: String
  /// What is wrong, without file and tensor; continues the tensor's name when there is one.
  public var message: String
  /// Where in the file, in bytes from its start, if that is known.
  public var offset: Int?
  /// The name of the tensor or archive member at fault, if it is about one.
  public var tensor: String?

  /// An error with the given parts.
  public init(_ kind: Kind, file: String, _ message: String, offset: Int? = nil, tensor: String? = nil) {
    self.kind = kind
    self.file = file
    self.message = message
    self.offset = offset
    self.tensor = tensor
  }
}

extension FormatError: CustomStringConvertible {
  /// One line: `weights.safetensors: tensor "head.bias" ends at byte 4096, past the end of the file (4000 bytes)`.
  public var description: String {
    var text = file.isEmpty ? "" : "\(FormatError.printable(file, limit: 1024)): "
    if let tensor { text += "tensor \(FormatError.quoted(tensor)) " }
    text += message
    if let offset { text += " (at byte \(offset))" }
    return text
  }
}

extension FormatError {
  /// A name from a file, in quotes, fit to print: control characters escaped, long ones cut.
  package static func quoted(_ name: String) -> String { "\"\(printable(name, limit: 120))\"" }

  private static func printable(_ text: String, limit: Int) -> String {
    // A name out of a hostile file must not drive the terminal that shows the message.
    var result = ""
    for (count, scalar) in text.unicodeScalars.enumerated() {
      if count == limit { return result + "…" }
      let isControl = scalar.value < 32 || (127..<160).contains(scalar.value)
      result += isControl || scalar == "\"" ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return result
  }
}
