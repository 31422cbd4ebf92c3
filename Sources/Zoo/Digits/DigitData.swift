import MartletData
import Martlet
import MartletFormats

/// Digits, or other small signs, to train on and to test on.
public struct DigitData: Sendable {
  /// The names of the classes, in the order of their labels.
  public let classes: [String]
  /// The pictures to train on, and those to test on.
  public let training, test: [LabeledDigit]

  /// The digits that come with the package.
  public init() throws {
    classes = (0...9).map(String.init)
    (training, test) = try DigitSamples.load()
  }

  /// Pictures in MNIST's format or in folders, brought into the layout of the training digits.
  ///
  /// A folder is in MNIST's format if it holds `train-images-idx3-ubyte`, gzip or not; otherwise it has a folder of
  /// pictures for each class, or folders `train` and `test` of such. A file is the pictures' part of one pair of files
  /// in MNIST's format. Where there is no test part, a tenth of the pictures, drawn by `seed`, tests.
  ///
  /// - Throws: `FormatError` or ``DataError`` for what is no such data.
  public init(path: String, seed: UInt64) throws {
    let isFolder = FileSystem.status(path)?.isDirectory == true
    if !isFolder {
      classes = (0...9).map(String.init)
      (training, test) = try ArrayDataset(idx(images: path)).splitInTen(seed: seed)
    } else if let images = idxFile(path, "train-images-idx3-ubyte") {
      classes = (0...9).map(String.init)
      training = try idx(images: images)
      test = try idxFile(path, "t10k-images-idx3-ubyte").map { try idx(images: $0) } ?? []
    } else if FileSystem.status("\(path)/train")?.isDirectory == true {
      (classes, training) = try pictures(in: "\(path)/train")
      let (testClasses, test) = try pictures(in: "\(path)/test")
      guard testClasses == classes else {
        throw DataError("the classes of train and test differ: \(classes) and \(testClasses)", file: path)
      }
      self.test = test
    } else {
      let (classes, all) = try pictures(in: path)
      (training, test) = try ArrayDataset(all).splitInTen(seed: seed)
      self.classes = classes
    }
  }
}

extension ArrayDataset where Element == LabeledDigit {
  /// Nine tenths and one tenth.
  fileprivate func splitInTen(seed: UInt64) throws -> ([LabeledDigit], [LabeledDigit]) {
    let (large, small) = split(fraction: 0.9, seed: seed)
    return (try (0..<large.count).map(large.element), try (0..<small.count).map(small.element))
  }
}

/// The file of that name in a folder, gzip or not.
private func idxFile(_ folder: String, _ name: String) -> String? {
  ["\(folder)/\(name)", "\(folder)/\(name).gz"].first { FileSystem.status($0) != nil }
}

/// The digits of a file of pictures and the file of labels beside it.
private func idx(images path: String) throws -> [LabeledDigit] {
  guard let place = path.ranges(of: "images-idx3").last else {
    throw DataError("is neither a folder nor a file of pictures in MNIST's format (…-images-idx3-ubyte)", file: path)
  }
  let dataset = try IDXDataset(images: path, labels: path.replacingSubrange(place, with: "labels-idx1"))
  return try (0..<dataset.count).map { index in
    let example = dataset.element(at: index)
    let pixels = example.inputs.scalars(as: Float.self).map { UInt8(($0 * 255).rounded()) }
    let image = Image(height: dataset.height, width: dataset.width, channels: 1, pixels: pixels)
    do {
      return LabeledDigit(image: try DigitImage(normalizing: image), label: Int(example.labels.scalar))
    } catch {
      throw DataError("\(error)", index: index, file: path)
    }
  }
}

extension String {
  fileprivate func replacingSubrange(_ range: Range<String.Index>, with text: String) -> String {
    var result = self
    result.replaceSubrange(range, with: text)
    return result
  }
}

/// The classes and pictures of a folder with a folder for each class.
private func pictures(in folder: String) throws -> (classes: [String], digits: [LabeledDigit]) {
  let listing = try ImageFolder(folder)
  let digits = try listing.files.map { file in
    LabeledDigit(image: try DigitImage(path: file.path), label: file.label)
  }
  return (listing.classes, digits)
}

extension DigitImage {
  /// The digit in a picture file, PNG or JPEG.
  ///
  /// - Throws: `FormatError` if the file cannot be read, ``DataError`` if it shows nothing.
  public init(path: String) throws {
    let bytes = try MappedFile(path: path).bytes
    let isJPEG = JPEG.recognizes(bytes)
    let image = isJPEG ? try JPEG.decode(bytes, file: path) : try PNG.decode(bytes, file: path)
    do {
      try self.init(normalizing: image)
    } catch {
      throw DataError(error.message, file: path)
    }
  }
}
