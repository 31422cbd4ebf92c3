import Martlet
import MartletFormats
import MartletZoo
import MartletTestSupport
import Testing

/// Nested in one suite, one after the other: the number of threads is a setting of the process.
@Suite(.serialized, .endsAtZero) struct RunTests {
  @Test func `digits give the same bits with 1, 2 and 4 threads`() throws {
    let weights = try [1, 2, 4].map { threads in
      try withThreads(threads) {
        try inTemporaryFolder { folder in
          var request = TrainingRequest()
          (request.output, request.steps, request.batchSize, request.isQuiet) = ("\(folder)/run", 4, 16, true)
          _ = try DigitTask.train(request)
          return try FileSystem.read("\(folder)/run/weights.safetensors")
        }
      }
    }
    #expect(weights[0] == weights[1] && weights[1] == weights[2])
  }

  @Test func `text gives the same bits with 1, 2 and 4 threads`() throws {
    let weights = try [1, 2, 4].map { threads in
      try withThreads(threads) {
        try inTemporaryFolder { folder in
          _ = try trainText(folder, steps: 4)
          return try FileSystem.read("\(folder)/run/weights.safetensors")
        }
      }
    }
    #expect(weights[0] == weights[1] && weights[1] == weights[2])
  }

  @Test func `a run that is cut in two and resumed gives the bits of the whole run`() throws {
    try inTemporaryFolder { folder in
      var whole = TrainingRequest()
      (whole.output, whole.epochs, whole.batchSize, whole.isQuiet) = ("\(folder)/whole", 2, 1000, true)
      _ = try DigitTask.train(whole)
      // Cut by its folder: the schedule of the learning rate knows the end, so the first half must be told the same one.
      var half = whole
      half.output = "\(folder)/half"
      var seen = 0
      half.report = { _ in seen += 1 }
      _ = try DigitTask.train(half)
      #expect(seen == 2)
      let last = try Checkpoint.all(in: "\(folder)/half/checkpoints").map(\.step)
      #expect(last.contains(2) && last.contains(4))
      try FileSystem.removeTree("\(folder)/half/checkpoints/step-00000004")
      var rest = TrainingRequest()
      (rest.resume, rest.isQuiet) = ("\(folder)/half", true)
      let summary = try DigitTask.train(rest)
      #expect(summary.steps == 4)
      let both = try ["whole", "half"].map { try FileSystem.read("\(folder)/\($0)/weights.safetensors") }
      #expect(both[0] == both[1])
    }
  }

  @Test func `a trained classifier names pictures, however they are drawn`() throws {
    try inTemporaryFolder { folder in
      var request = TrainingRequest()
      (request.output, request.epochs, request.isQuiet) = ("\(folder)/run", 2, true)
      let summary = try DigitTask.train(request)
      #expect(summary.metric.name == "accuracy" && summary.metric.value > 0.9)
      let digits = try DigitSamples.load().test.enumerated().filter { $0.offset % 50 == 0 }.map(\.element)
      let files = try digits.enumerated().map { index, digit in
        let light = picture(digit.image, factor: 3, margin: 5 + index)
        let pixels = index % 2 == 0 ? light.pixels : light.pixels.map { 255 - $0 }
        let path = "\(folder)/\(index).png"
        try PNG.write(Image(height: light.height, width: light.width, channels: 1, pixels: pixels), to: path)
        return path
      }
      let predictions = try TrainedDigits(run: request.output!).predict(files: files)
      let right = zip(predictions, digits).count { $0.label == String($1.label) }
      #expect(predictions.map(\.file) == files)
      #expect(Double(right) > 0.85 * Double(digits.count))
      #expect(predictions.allSatisfy { (0.1...1).contains($0.probability) })
      #expect(predictions[0].json.objectValue?.keys == ["file", "label", "probability"])
      let evaluation = try TrainedModel(run: request.output!).evaluate()
      #expect(evaluation.metric.value == summary.metric.value && evaluation.count == 2500)
    }
  }

  @Test func `a trained text goes on reproducibly, and only with characters it knows`() throws {
    try inTemporaryFolder { folder in
      let summary = try trainText(folder, steps: 30)
      #expect(summary.metric.name == "validation_loss" && summary.metric.value.isFinite)
      let model = try TrainedText(run: "\(folder)/run")
      func said(_ seed: UInt64) throws -> String {
        try model.continuation(of: "ab", tokens: 30, sampling: Sampling(seed: seed)).reduce(into: "") {
          $0 += try $1.get()
        }
      }
      #expect(try said(1) == said(1))
      #expect(try said(1).count == 30)
      #expect(throws: (any Error).self) { try model.continuation(of: "é", tokens: 1, sampling: Sampling()) }
    }
  }

  @Test func `a folder that is no run is named in the error`() throws {
    try inTemporaryFolder { folder in
      for path in [folder, "\(folder)/nothing"] {
        let error = try #require(throws: FormatError.self) { try TrainedModel(run: path) }
        #expect("\(error)".contains(path) && "\(error)".contains("no config.json"))
      }
      try AtomicFile.write("{\"task\": \"chess\"}", to: "\(folder)/config.json")
      let error = try #require(throws: FormatError.self) { try TrainedModel(run: folder) }
      #expect("\(error)".contains("chess"))
    }
  }

  @Test func `another run in the same folder needs to be asked for`() throws {
    try inTemporaryFolder { folder in
      _ = try trainText(folder, steps: 2)
      #expect(throws: FormatError.self) { try trainText(folder, steps: 3) }
    }
  }

  /// A tiny model on a tiny text.
  private func trainText(_ folder: String, steps: Int) throws -> TrainingSummary {
    let text = String(repeating: "abcabcaabbcc. ", count: 100)
    try AtomicFile.write(text, to: "\(folder)/text.txt")
    var request = TrainingRequest()
    (request.data, request.output) = (["\(folder)/text.txt"], "\(folder)/run")
    (request.steps, request.isQuiet) = (steps, true)
    var sizes = TextSizes()
    (sizes.layers, sizes.heads, sizes.width, sizes.context) = (1, 2, 16, 8)
    return try TextTask.train(request, sizes: sizes)
  }

  private func withThreads<Result>(_ count: Int, _ body: () throws -> Result) rethrows -> Result {
    Machine.useThreads(count)
    // 0 is the default again.
    defer { Machine.useThreads(0) }
    return try body()
  }
}

/// Runs `body` with a folder that is removed afterwards.
func inTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = try FileSystem.createTemporaryDirectory()
  defer { try? FileSystem.removeTree(folder) }
  return try body(folder)
}
