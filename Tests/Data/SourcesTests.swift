import Martlet
import MartletData
import MartletFormats
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct SourcesTests {
  static let fixtures =
    FileSystem.directory(of: FileSystem.directory(of: FileSystem.directory(of: #filePath))) + "/Tests/Fixtures"

  @Test func `rows of tensors are examples, and batches of them are stacked again`() throws {
    let dataset = TensorDataset(
      inputs: Tensor((0..<24).map(Float.init), shape: [6, 2, 2]), labels: Tensor([0, 1, 2, 3, 4, 5]))
    let third = try dataset.element(at: 2)
    #expect(third.inputs.shape == [2, 2] && third.inputs.scalars(as: Float.self) == [8, 9, 10, 11])
    #expect(third.labels.shape == [] && third.labels.scalar == 2)
    var loader = DataLoader(dataset, batchSize: 4, seed: 0)
    loader.isShuffled = false
    let batches = try all(loader.batches(epoch: 0))
    #expect(batches.map(\.inputs.shape) == [[4, 2, 2], [2, 2, 2]])
    #expect(batches[1].inputs.scalars(as: Float.self) == (16..<24).map(Float.init))
    #expect(batches[1].labels.scalars(as: Int.self) == [4, 5])
    let plain = Array(dataset.batches(of: 4))
    #expect(plain[0].inputs.scalars(as: Float.self) == batches[0].inputs.scalars(as: Float.self))
    let shuffled = dataset.shuffled(seed: 3).batches(of: 4).flatMap { $0.labels.scalars(as: Int.self) }
    #expect(shuffled.sorted() == [0, 1, 2, 3, 4, 5] && shuffled != [0, 1, 2, 3, 4, 5])
  }

  @Test func `samples of different shapes make an error, not a batch`() {
    let error = #expect(throws: DataError.self) { try Tensor.collated([.zeros([2]), .zeros([3])]) }
    #expect(error?.message == "samples of float32 [2] and float32 [3] make no batch")
  }

  @Test func `a split has every sample once`() throws {
    let (a, b) = Numbers(count: 101).split(fraction: 0.8, seed: 4)
    #expect(a.count == 81 && b.count == 20)
    var elements = try (0..<81).map { try a.element(at: $0) }
    elements += try (0..<20).map { try b.element(at: $0) }
    #expect(elements.sorted() == Array(0..<101))
  }

  @Test func `the handwritten digits are read from their table`() throws {
    let digits = try CSVDataset(path: "\(SourcesTests.fixtures)/uci_digits.csv.gz", hasHeader: false)
    // The data set's description: 1,797 digits of 8 × 8 pixels with values 0...16.
    #expect(digits.count == 1797)
    #expect(digits.features.count == 64)
    let all = try (0..<digits.count).map { try digits.element(at: $0) }
    #expect(Set(all.map { Int($0.labels.scalar) }) == Set(0..<10))
    #expect(all.allSatisfy { $0.inputs.scalars(as: Float.self).allSatisfy { (0...16).contains($0) } })
  }

  @Test func `a row that holds no number is a bad record with its place`() throws {
    let text = "a,b,kind\n1,2.5,cat\n3,x,dog\n-4e1,0x1,dog\n5,nan,cat\n6,7,ant\n"
    let table = try CSVTable(bytes: SharedBytes(Array(text.utf8)), file: "t.csv")
    let rows = try CSVDataset(table, label: "kind", labels: .names)
    #expect(rows.classes == ["ant", "cat", "dog"])
    #expect(rows.count == 5)
    #expect(try rows.element(at: 0).inputs.scalars(as: Float.self) == [1, 2.5])
    #expect(try rows.element(at: 4).labels.scalar == 0)
    for bad in 1...3 { #expect(throws: DataError.self) { try rows.element(at: bad) } }
    let error = #expect(throws: DataError.self) { try rows.element(at: 1) }
    #expect(error?.description == "sample 1: t.csv: row 2, column \"b\" is not a number: \"x\"")
    #expect(throws: FormatError.self) { try CSVDataset(table, label: "no") }
  }

  @Test(arguments: [false, true])
  func `IDX files are pictures and labels, compressed or not`(isCompressed: Bool) throws {
    let scratch = try Scratch()
    var images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2]
    images += (0..<12).map { $0 == 11 ? 255 : UInt8($0) }
    let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 3, 7, 1, 9]
    func write(_ bytes: [UInt8], _ name: String) throws {
      let content = isCompressed ? Gzip.compress(SharedBytes(bytes)) : bytes
      try AtomicFile.write(content, to: scratch.file(name + (isCompressed ? ".gz" : "")))
    }
    try write(images, "train-images-idx3-ubyte")
    try write(labels, "train-labels-idx1-ubyte")
    let digits = try IDXDataset(folder: scratch.path, isTraining: true)
    #expect(digits.count == 3)
    let last = digits.element(at: 2)
    #expect(last.inputs.shape == [2, 2, 1] && last.labels.scalar == 9)
    let expected: [Float] = [8 / 255, 9 / 255, 10 / 255, 1]
    #expect(last.inputs.scalars(as: Float.self) == expected)
    #expect(throws: FormatError.self) { try IDXDataset(folder: scratch.path, isTraining: false) }
  }

  @Test func `folders of pictures are classes in the order of their names`() throws {
    let scratch = try Scratch()
    for (name, byte) in [("b/2.png", 10), ("b/10.png", 20), ("a/x.PNG", 30)] as [(String, UInt8)] {
      try FileSystem.createDirectory(FileSystem.directory(of: scratch.file(name)))
      let image = Image(height: 2, width: 3, channels: 1, pixels: [UInt8](repeating: byte, count: 6))
      try PNG.write(image, to: scratch.file(name))
    }
    try AtomicFile.write("hello", to: scratch.file("b/notes.txt"))
    try AtomicFile.write("no picture", to: scratch.file("b/3.png"))
    let folder = try ImageFolder(scratch.path, channels: 3)
    #expect(folder.classes == ["a", "b"])
    #expect(folder.files.map { FileSystem.lastComponent(of: $0.path) } == ["x.PNG", "10.png", "2.png", "3.png"])
    #expect(folder.ignoredFiles.map { FileSystem.lastComponent(of: $0) } == ["notes.txt"])
    let first = try folder.element(at: 0)
    #expect(first.inputs.shape == [2, 3, 3] && first.labels.scalar == 0)
    #expect(first.inputs.scalars(as: Float.self).allSatisfy { $0 == 30 / 255 })
    var loader = DataLoader(folder, batchSize: 4, seed: 0, workers: 2)
    let error = #expect(throws: DataError.self) { try all(loader.batches(epoch: 0)) }
    #expect(error?.file?.hasSuffix("b/3.png") == true && error?.offset == 0)
    loader.badRecords = .skip(limit: 1)
    #expect(try all(loader.batches(epoch: 0)).map(\.inputs.shape) == [[3, 2, 3, 3]])
  }

  @Test func `resizing keeps constants, means and straight lines`() {
    let flat = Image(height: 5, width: 7, channels: 3, pixels: [UInt8](repeating: 93, count: 105))
    #expect(flat.resized(height: 11, width: 3).pixels.allSatisfy { $0 == 93 })
    let ramp = Image(height: 1, width: 8, channels: 1, pixels: (0..<8).map { UInt8($0 * 30) })
    #expect(ramp.resized(height: 1, width: 8) == ramp)
    // Between the centers of the outer pixels a line stays a line: new pixel i lies at (i + 0.5) / 2 - 0.5.
    let wide = ramp.resized(height: 1, width: 16).pixels
    for i in 1..<15 {
      let position = (Double(i) + 0.5) / 2 - 0.5
      let error = Double(wide[i]) - 30 * position
      #expect(abs(error) <= 0.5)
    }
  }

  @Test func `made-up samples depend on seed and number, and their classes differ`() {
    let a = SyntheticDataset(count: 100, shape: [4, 4], classCount: 5, seed: 1)
    let b = SyntheticDataset(count: 9, shape: [4, 4], classCount: 5, seed: 1)
    #expect(a.element(at: 7).inputs.scalars(as: Float.self) == b.element(at: 7).inputs.scalars(as: Float.self))
    #expect(a.element(at: 7).labels.scalar == 2)
    #expect(a.element(at: 7).inputs.scalars(as: Float.self) != a.element(at: 2).inputs.scalars(as: Float.self))
    // 400 numbers of the noise: mean 0 and standard deviation 0.5, to five standard errors.
    let quiet = SyntheticDataset(count: 25, shape: [4, 4], classCount: 1, noise: 0, seed: 1).element(at: 0)
    let noisy = SyntheticDataset(count: 25, shape: [4, 4], classCount: 1, noise: 0.5, seed: 1)
    let pattern = quiet.inputs.scalars(as: Float.self)
    let noise = (0..<25).flatMap { index -> [Float] in
      zip(noisy.element(at: index).inputs.scalars(as: Float.self), pattern).map { $0 - $1 }
    }
    let mean = noise.reduce(0, +) / 400
    let variance = noise.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 399
    #expect(abs(mean) < 0.125)
    #expect(abs(variance - 0.25) < 0.09)
  }
}
