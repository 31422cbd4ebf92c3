import MartletFormats
import MartletGraph
import Testing

struct TFRecordTests {
  @Test func `checksums are those of the standard`() {
    let digits = Array("123456789".utf8)
    #expect(CRC32C.checksum(digits.span) == 0xE306_9283)
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32).span) == 0x8A91_36AA)
  }

  static func example(_ i: Int64) -> TFExample {
    TFExample([
      "label": .integers([i, -i]), "image": .floats([Float(i) * 0.5, 1.25]),
      "name": .bytes([Array("row".utf8), [UInt8(i), 255]]), "none": .integers([]),
    ])
  }

  @Test func `examples of protobuf are read, and written byte for byte`() throws {
    let path = Fixture.records("examples.tfrecord")
    var records = try TFRecordFile(path: path).records()
    for i in 0..<3 {
      let record = try #require(try records.next())
      #expect(try TFExample(record) == TFRecordTests.example(Int64(i)))
    }
    #expect(try records.next() == nil)
    let scratch = try Scratch()
    let copy = (outputFolder ?? scratch.path) + "/examples.tfrecord"
    try FileSystem.createDirectory(FileSystem.directory(of: copy))
    var writer = try TFRecordWriter(path: copy)
    for i in 0..<3 { try writer.append(TFRecordTests.example(Int64(i)).encoded()) }
    try writer.finish()
    #expect(try FileSystem.read(copy) == FileSystem.read(path))
  }

  @Test func `damaged records are reported, or left out and counted`() throws {
    var bytes = try FileSystem.read(Fixture.records("examples.tfrecord"))
    let places = try TFRecordFile(bytes: SharedBytes(bytes)).offsets()
    #expect(places.count == 3)
    bytes[places[1].lowerBound] ^= 1
    var strict = try TFRecordFile(bytes: SharedBytes(bytes)).records()
    _ = try strict.next()
    let error = formatError { () throws(FormatError) in _ = try strict.next() }
    #expect(error?.kind == .checksum)
    #expect(error?.offset == places[1].lowerBound - 12)
    var lenient = try TFRecordFile(bytes: SharedBytes(bytes), damagePolicy: .skip).records()
    var count = 0
    while try lenient.next() != nil { count += 1 }
    #expect(count == 2)
    #expect(lenient.skippedCount == 1)
    bytes[places[1].lowerBound - 12] ^= 1
    var broken = try TFRecordFile(bytes: SharedBytes(bytes), damagePolicy: .skip).records()
    _ = try broken.next()
    #expect(formatError { () throws(FormatError) in _ = try broken.next() }?.kind == .checksum)
  }
}

struct EventTests {
  @Test func `what tensorboard writes is read`() throws {
    let events = try EventFile.read(path: Fixture.records("run.tfevents"))
    #expect(events.count == 5)
    #expect(events[0].fileVersion == "brain.Event:2")
    #expect(events[2].step == 1)
    #expect(events[2].wallTime == 3)
    #expect(
      events[2].values == [.init(tag: "loss", value: .scalar(0.5)), .init(tag: "accuracy", value: .scalar(0.25))])
    let histogram = EventHistogram(
      minimum: -1, maximum: 2, count: 3, sum: 1.5, sumOfSquares: 5, limits: [0, 1, 2], counts: [1, 0, 2])
    #expect(
      events[4].values == [
        .init(tag: "weights", value: .histogram(histogram)), .init(tag: "note", value: .text("héllo")),
      ])
  }

  @Test func `what is written comes back, also while the writer is open`() throws {
    let scratch = try Scratch()
    let folder = (outputFolder ?? scratch.path) + "/events"
    let path: String
    do {
      let writer = try EventWriter(folder: folder)
      path = writer.path
      for step in 0..<3 { try writer.scalar("loss", 1 / Float(step + 1), step: step) }
      try writer.histogram("weights", (0..<1000).map { Float($0) / 100 - 5 }, step: 3)
      try writer.text("note", "héllo", step: 3)
      try writer.image("picture", Image(height: 1, width: 2, channels: 1, pixels: [0, 255]), step: 3)
      #expect(try EventFile.read(path: path).count == 7)
    }
    let events = try EventFile.read(path: path)
    #expect(events[1].values == [.init(tag: "loss", value: .scalar(1))])
    #expect(events[3].step == 2)
    guard case .histogram(let histogram) = events[4].values[0].value else {
      Issue.record("no histogram")
      return
    }
    #expect(histogram.count == 1000)
    #expect(histogram.counts.reduce(0, +) == 1000)
    #expect(histogram.minimum == -5)
    #expect(zip(histogram.limits, histogram.limits.dropFirst()).allSatisfy { $0 < $1 })
    #expect(histogram.limits.last! > histogram.maximum)
    #expect(events[5].values == [.init(tag: "note", value: .text("héllo"))])
    // A run that was killed: the last record is cut.
    let bytes = try FileSystem.read(path)
    #expect(try EventFile.read(SharedBytes(Array(bytes.dropLast(5)))).count == 6)
    let error = formatError { () throws(FormatError) in
      _ = try EventFile.read(SharedBytes(Array(bytes.dropLast(5))), allowsOpenEnd: false)
    }
    #expect(error?.kind == .truncated)
  }

  @Test func `two writers in one second have files of their own`() throws {
    let scratch = try Scratch()
    let first = try EventWriter(folder: scratch.path)
    let second = try EventWriter(folder: scratch.path)
    #expect(first.path != second.path)
  }
}

struct WAVTests {
  @Test(arguments: ["u8", "s16", "s24", "s32", "f32", "f64", "x16", "x24", "xf32"])
  func `samples are those of libsndfile`(name: String) throws {
    let sound = try WAV.read(path: Fixture.records("\(name).wav"))
    #expect(sound.sampleRate == 8000)
    #expect(sound.channelCount == 2)
    #expect(sound.samples == (try Npy.read(path: Fixture.records("\(name).npy")).values(as: Float.self)))
    #expect(sound.channel(1).count == sound.frameCount)
  }

  static let encodings: [(String, WAV.Encoding)] = [
    ("u8", .integer(bits: 8)), ("s16", .integer(bits: 16)), ("s24", .integer(bits: 24)), ("s32", .integer(bits: 32)),
    ("f32", .float(bits: 32)), ("f64", .float(bits: 64)),
  ]

  @Test(arguments: encodings.indices)
  func `what is written comes back, rounded once`(index: Int) throws {
    let (name, encoding) = WAVTests.encodings[index]
    let samples: [Float] = [0, 0.5, -0.5, 1, -1, 2, -2, 0.1, 1e-6]
    let sound = Sound(sampleRate: 44100, channelCount: 3, samples: samples)
    let bytes = try WAV.encode(sound, as: encoding)
    let back = try WAV.decode(SharedBytes(bytes))
    if case .integer(let bits) = encoding {
      let step = 1 / Float(1 << (bits - 1))
      for (a, b) in zip(samples, back.samples) { #expect(abs(min(max(a, -1), 1) - b) <= step * 1.001, "\(name)") }
    } else {
      #expect(back.samples == samples)
    }
    if let outputFolder {
      try FileSystem.createDirectory(outputFolder)
      try AtomicFile.write(bytes, to: "\(outputFolder)/\(name).wav")
    }
  }

  @Test func `sizes that a stream never filled in mean up to the end`() throws {
    let sound = Sound(sampleRate: 8000, channelCount: 1, samples: [0.25, -0.25])
    for size in [0, UInt32.max] {
      var bytes = try WAV.encode(sound)
      bytes.replaceSubrange(4..<8, with: [UInt8].little(size))
      bytes.replaceSubrange(40..<44, with: [UInt8].little(size))
      #expect(try WAV.decode(SharedBytes(bytes)).samples == sound.samples)
    }
  }

  @Test func `compressed samples and NaN are refused`() throws {
    let error = formatError { () throws(FormatError) in _ = try WAV.read(path: Fixture.records("ulaw.wav")) }
    #expect(error?.kind == .unsupported)
    let sound = Sound(sampleRate: 8000, channelCount: 1, samples: [.nan])
    #expect(formatError { () throws(FormatError) in _ = try WAV.encode(sound) }?.kind == .mismatch)
  }
}

struct JSONLinesTests {
  @Test func `lines are values of their own`() throws {
    let text = "\u{FEFF}{\"a\": 1}\r\n\n  \n[2]\n\"last\""
    let lines = try JSONLines(bytes: SharedBytes(Array(text.utf8)))
    #expect(lines.count == 3)
    #expect(try lines.value(at: 0) == ["a": 1])
    #expect(try lines.value(at: 2) == "last")
    let broken = try JSONLines(bytes: SharedBytes(Array("1\n\n{\"a\" 2}\n".utf8)))
    let error = formatError { () throws(FormatError) in _ = try broken.value(at: 1) }
    #expect(error?.message == "line 3: JSON has \"2\" where \":\" must follow")
    #expect(error?.offset == 8)
  }

  @Test func `what is written comes back`() throws {
    let scratch = try Scratch()
    let values: [JSON] = [["a": [1, 2.5]], nil, "line\nfeed"]
    try JSONLines.write(values, to: scratch.file("x.jsonl"))
    let lines = try JSONLines(path: scratch.file("x.jsonl"))
    #expect(try (0..<lines.count).map { try lines.value(at: $0) } == values)
  }
}

struct FileSummaryTests {
  @Test func `each format is told by its bytes`() throws {
    let expected: [(String, String)] = [
      (Fixture.format("all.safetensors"), "safetensors"), (Fixture.format("stored.npz"), "npz"),
      (Fixture.format("int8.npy"), "npy"), (Fixture.format("pillow.png"), "PNG"), (Fixture.format("color.jpg"), "JPEG"),
      (Fixture.format("text.bin.gz"), "gzip"), (Fixture.format("int32.idx"), "IDX"),
      (Fixture.weights("written.gguf"), "GGUF 3"), (Fixture.weights("nested.pt"), "PyTorch"),
      (Fixture.weights("legacy.pt"), "PyTorch"), (Fixture.records("s24.wav"), "WAV"),
      (Fixture.records("run.tfevents"), "TensorBoard events"), (Fixture.records("examples.tfrecord"), "TFRecord"),
      (Fixture.tokenizers("unigram.model"), "SentencePiece model"),
      (Fixture.tokenizers("table.tiktoken"), "tiktoken table"), (Fixture.tokenizers("gpt2.json"), "tokenizer"),
      (Fixture.root + "/Tests/Fixtures/uci_digits.csv.gz", "gzip"),
    ]
    for (path, format) in expected {
      let summary = try FileSummary(path: path)
      #expect(summary.format == format, "\(path)")
      #expect(try JSON(parsing: summary.json.serialized())["format"]?.stringValue == format)
      #expect(!summary.description.isEmpty)
    }
  }

  @Test func `details say what people ask for`() throws {
    #expect(try FileSummary(path: Fixture.format("pillow.png")).details.first?.value == "5 × 6")
    #expect(try FileSummary(path: Fixture.format("color.jpg")).details.first?.value == "40 × 24")
    let events = try FileSummary(path: Fixture.records("run.tfevents"))
    #expect(events.details.contains { $0.key == "loss" && $0.value == "3 values, to step 2" })
    let pieces = try FileSummary(path: Fixture.tokenizers("pairs.model"))
    #expect(pieces.details.first?.value == "byte pairs")
    let weights = try FileSummary(path: Fixture.weights("quantized.gguf"))
    #expect(weights.description.contains("Q6_K  Q6_K [3, 512]"))
    let error = formatError { () throws(FormatError) in _ = try FileSummary(path: #filePath) }
    #expect(error?.kind == .unsupported)
  }
}
