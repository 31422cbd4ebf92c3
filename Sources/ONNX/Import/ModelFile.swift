import MartletFormats
import SwiftProtobuf

/// A model as it is in its file, the data of its large initializers aside.
///
/// The data of initializers stays in the mapped file: decoding it with the rest would copy it twice.
struct ModelFile {
  /// The path, or what stands for it in messages.
  let file: String
  /// The model; initializers in `payloads` have no data of their own.
  let model: ONNXModelProto
  /// The raw data of initializers of the main graph, by position.
  let payloads: [Int: SharedBytes]
  /// The folder that external data is in; nil if there is none.
  let folder: String?

  init(path: String) throws {
    do {
      let bytes = try MappedFile(path: path).bytes
      try self.init(bytes: bytes, file: path, folder: FileSystem.directory(of: path))
    } catch let error as FormatError {
      throw ONNXError(error)
    }
  }

  init(bytes: SharedBytes, file: String, folder: String?) throws {
    self.file = file
    self.folder = folder
    do {
      guard bytes.count < 1 << 31 else {
        throw FormatError(.limit, file: file, "has \(bytes.count) bytes; a model has less than 2 GiB")
      }
      var outline = ModelOutline(file: file)
      try outline.read(bytes)
      payloads = outline.payloads
      model = try ModelFile.decode(outline.bytes, file)
    } catch let error as FormatError {
      throw ONNXError(error)
    }
  }

  private static func decode(_ bytes: [UInt8], _ file: String) throws(FormatError) -> ONNXModelProto {
    var options = BinaryDecodingOptions()
    options.messageDepthLimit = 64
    options.discardUnknownFields = true
    do {
      return try ONNXModelProto(serializedBytes: bytes, partial: true, options: options)
    } catch {
      throw FormatError(.malformed, file: file, "is no ONNX model: \(error)")
    }
  }
}

/// Copies a model without the raw data of its initializers, and remembers where that is.
private struct ModelOutline {
  /// Data of fewer bytes stays where it is.
  static let smallest = 1024

  private enum Field {
    static let graph = 7
    static let initializer = 5
    static let rawData = 9
  }

  let file: String
  var bytes: [UInt8] = []
  var payloads: [Int: SharedBytes] = [:]
  private var initializerCount = 0

  init(file: String) { self.file = file }

  mutating func read(_ message: SharedBytes) throws(FormatError) {
    var model: [UInt8] = []
    try copy(message, into: &model) { (outline, number, content, target) throws(FormatError) in
      guard number == Field.graph else { return false }
      var graph: [UInt8] = []
      try outline.readGraph(content, into: &graph)
      ModelOutline.append(number, graph, to: &target)
      return true
    }
    bytes = model
  }

  private mutating func readGraph(_ message: SharedBytes, into target: inout [UInt8]) throws(FormatError) {
    try copy(message, into: &target) { (outline, number, content, target) throws(FormatError) in
      guard number == Field.initializer else { return false }
      var tensor: [UInt8] = []
      try outline.readInitializer(content, into: &tensor)
      ModelOutline.append(number, tensor, to: &target)
      outline.initializerCount += 1
      return true
    }
  }

  private mutating func readInitializer(_ message: SharedBytes, into target: inout [UInt8]) throws(FormatError) {
    let place = initializerCount
    try copy(message, into: &target) { (outline, number, content, target) throws(FormatError) in
      guard number == Field.rawData, content.count >= ModelOutline.smallest else { return false }
      outline.payloads[place] = content
      return true
    }
  }

  /// Copies the fields of a message; `replace` says whether it has dealt with one that holds bytes.
  private mutating func copy(
    _ message: SharedBytes, into target: inout [UInt8],
    _ replace: (inout ModelOutline, Int, SharedBytes, inout [UInt8]) throws(FormatError) -> Bool
  ) throws(FormatError) {
    var reader = ProtobufReader(message, file: file)
    var start = reader.offset
    while let (number, value) = try reader.next() {
      var isReplaced = false
      if case .bytes(let content) = value { isReplaced = try replace(&self, number, content, &target) }
      if !isReplaced { message[start..<reader.offset].withUnsafeBytes { target.append(contentsOf: $0) } }
      start = reader.offset
    }
  }

  private static func append(_ number: Int, _ content: [UInt8], to target: inout [UInt8]) {
    target.append(UInt8(number << 3 | 2))
    var length = content.count
    while length >= 128 {
      target.append(UInt8(length & 127 | 128))
      length >>= 7
    }
    target.append(UInt8(length))
    target += content
  }
}
