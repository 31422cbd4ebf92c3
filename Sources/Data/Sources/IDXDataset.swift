import Martlet
import MartletFormats

/// Labelled pictures in the format of the MNIST digits: one IDX file of pictures, one of labels, gzip or not.
///
/// Pictures stay as bytes; a sample is `float32 [height, width, 1]` with 0 for byte 0 and 1 for byte 255, and an `int64`
/// label.
public struct IDXDataset: Dataset {
  private let images: StoredTensor
  private let labels: [UInt8]

  /// The height of every picture, in pixels.
  public var height: Int { images.shape[1] }
  /// The width of every picture, in pixels.
  public var width: Int { images.shape[2] }

  /// Reads both files.
  ///
  /// - Throws: `FormatError` if one is not what it should be, or they differ in the number of samples.
  public init(images imagePath: String, labels labelPath: String) throws {
    images = try IDX.read(path: imagePath)
    guard images.dtype == .uint8, images.shape.rank == 3 else {
      throw FormatError(
        .mismatch, file: imagePath, "holds \(images.dtype) \(images.shape), not pictures uint8 [count, height, width]")
    }
    let stored = try IDX.read(path: labelPath)
    guard stored.dtype == .uint8, stored.shape.rank == 1 else {
      throw FormatError(.mismatch, file: labelPath, "holds \(stored.dtype) \(stored.shape), not labels uint8 [count]")
    }
    labels = stored.bytes.array
    guard labels.count == images.shape[0] else {
      throw FormatError(
        .mismatch, file: labelPath, "has \(labels.count) labels for the \(images.shape[0]) pictures of \(imagePath)")
    }
  }

  /// The four files of MNIST and its like in one folder, under the names by which they are known.
  ///
  /// - Parameters:
  ///   - folder: Holds `train-images-idx3-ubyte`, `t10k-labels-idx1-ubyte` and so on, with or without `.gz`.
  ///   - isTraining: Whether to read the training part or the test part.
  public init(folder: String, isTraining: Bool) throws {
    let part = isTraining ? "train" : "t10k"
    func path(_ name: String) -> String {
      let plain = "\(folder)/\(part)-\(name)-ubyte"
      return FileSystem.status(plain) == nil ? plain + ".gz" : plain
    }
    try self.init(images: path("images-idx3"), labels: path("labels-idx1"))
  }

  public var count: Int { labels.count }

  public func element(at index: Int) -> Example {
    let size = height * width
    let pixels = images.bytes[(index * size)..<((index + 1) * size)].withUnsafeBytes { $0.map { Float($0) / 255 } }
    return Example(inputs: Tensor(pixels, shape: [height, width, 1]), labels: Tensor(Int(labels[index])))
  }
}
