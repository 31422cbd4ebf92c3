import Martlet
import MartletFormats

/// Pictures in folders: each folder below the root is a class and holds its pictures, PNG or JPEG.
///
/// Classes and files are sorted by the bytes of their names, so that labels and numbers are the same on every machine. A
/// sample is `float32 [height, width, channels]` with elements in 0...1, and an `int64` label.
public struct ImageFolder: Dataset {
  /// The names of the classes, in the order of their labels.
  public let classes: [String]
  /// The pictures' paths and labels, in order.
  public let files: [(path: String, label: Int)]
  /// Files that are no pictures by their names, and are left out.
  public let ignoredFiles: [String]
  /// The number of channels to which pictures are converted: 1, 3 or 4.
  public let channels: Int
  /// The size to which pictures are scaled, in pixels; nil leaves them as they are.
  public let size: (height: Int, width: Int)?

  /// Lists the pictures below `root`, and reads none yet.
  ///
  /// - Throws: `FormatError` if there is no such folder, or no class in it.
  /// - Precondition: 1, 3 or 4 channels; a positive size.
  public init(_ root: String, channels: Int = 3, resizedTo size: (height: Int, width: Int)? = nil) throws {
    precondition([1, 3, 4].contains(channels), "ImageFolder: \(channels) channels; 1, 3 or 4 can be had")
    precondition(size.map { $0.height > 0 && $0.width > 0 } ?? true, "ImageFolder: the size is not positive")
    var files: [(path: String, label: Int)] = []
    var ignored: [String] = []
    let folders = try FileSystem.contents(of: root).filter { !$0.hasPrefix(".") }
    classes = folders.filter { FileSystem.status("\(root)/\($0)")?.isDirectory == true }
    guard !classes.isEmpty else { throw FormatError(.missing, file: root, "has no folders, so there are no classes") }
    for (label, name) in classes.enumerated() {
      for file in try FileSystem.contents(of: "\(root)/\(name)") where !file.hasPrefix(".") {
        let path = "\(root)/\(name)/\(file)"
        if ImageFolder.isPicture(file) { files.append((path, label)) } else { ignored.append(path) }
      }
    }
    self.files = files
    ignoredFiles = ignored
    self.channels = channels
    self.size = size
  }

  public var count: Int { files.count }

  public func element(at index: Int) throws -> Example {
    let (path, label) = files[index]
    let image = try ImageFolder.read(path).converted(toChannels: channels)
    let sized = size.map { image.resized(height: $0.height, width: $0.width) } ?? image
    let pixels = sized.pixels.map { Float($0) / 255 }
    let shape: Shape = [sized.height, sized.width, channels]
    return Example(inputs: Tensor(pixels, shape: shape), labels: Tensor(label))
  }

  /// Reads a picture by what it begins with, whatever its name says.
  private static func read(_ path: String) throws -> Image {
    let bytes = try MappedFile(path: path).bytes
    if PNG.recognizes(bytes) { return try PNG.decode(bytes, file: path) }
    if JPEG.recognizes(bytes) { return try JPEG.decode(bytes, file: path) }
    throw FormatError(.unsupported, file: path, "is neither PNG nor JPEG", offset: 0)
  }

  private static func isPicture(_ name: String) -> Bool {
    let lower = name.lowercased()
    return [".png", ".jpg", ".jpeg"].contains { lower.hasSuffix($0) }
  }
}
