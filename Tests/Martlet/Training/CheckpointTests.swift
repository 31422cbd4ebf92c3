import Martlet
import MartletFormats
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct CheckpointTests {
  static func variables(_ seed: Int = 0) -> [String: Variable] {
    [
      "weight": Parameter(Tensor((0..<6).map { Float($0 + seed) * 0.37 }, shape: [2, 3])),
      "odd": State(Tensor([Float.nan, -0.0, .infinity, .leastNonzeroMagnitude])),
      "counter": State(Tensor([UInt64.max, UInt64(seed)])),
      "flags": State(Tensor([true, false, true])),
      "empty": State(.zeros([0, 4])),
    ]
  }

  static func bits(_ variables: [String: Variable]) -> [String: [UInt8]] {
    variables.mapValues { $0.tensor.withUnsafeBytes { [UInt8]($0) } }
  }

  @Test func `every bit comes back, with the state beside it`() throws {
    let scratch = try TrainingScratch()
    let saved = CheckpointTests.variables(7)
    let moments: [String: Variable] = ["adam.step": State(Tensor(Int64(12)))]
    let state: JSON = ["epoch": 3, "sum": 0.1, "name": "x\n"]
    let checkpoint = try Checkpoint.save(
      step: 1234, in: scratch.file("c"), model: saved, optimizer: moments, state: state)
    #expect(FileSystem.lastComponent(of: checkpoint.path) == "step-00001234")
    #expect(
      try FileSystem.contents(of: checkpoint.path)
        == ["manifest.json", "optimizer.safetensors", "state.json", "weights.safetensors"])
    let (loaded, other): ([String: Variable], [String: Variable]) =
      (CheckpointTests.variables(), ["adam.step": State(Tensor(Int64(0)))])
    let latest = try #require(try Checkpoint.latest(in: scratch.file("c")))
    #expect(latest == checkpoint)
    #expect(try latest.load(model: loaded, optimizer: other) == state)
    #expect(CheckpointTests.bits(loaded) == CheckpointTests.bits(saved))
    #expect(other["adam.step"]!.tensor.scalar == 12)
  }

  @Test func `names, types and shapes must be the same, or nothing changes`() throws {
    let scratch = try TrainingScratch()
    let checkpoint = try Checkpoint.save(step: 1, in: scratch.path, model: CheckpointTests.variables(5))
    var cases: [(change: (inout [String: Variable]) -> Void, words: String)] = []
    cases.append(({ $0["more"] = State(.zeros([1])) }, "lacks \"more\""))
    cases.append(({ $0["odd"] = nil }, "has \"odd\", which the model does not"))
    cases.append(({ $0["weight"] = Parameter(.zeros([3, 2])) }, "is float32 [2, 3], the model has"))
    cases.append(({ $0["weight"] = Parameter(.zeros([2, 3], dtype: .float64)) }, "is float32 [2, 3], the model has"))
    for (change, words) in cases {
      var model = CheckpointTests.variables()
      change(&model)
      let before = CheckpointTests.bits(model)
      let error = #expect(throws: CheckpointError.self) { try checkpoint.load(model: model) }
      #expect(error?.kind == .mismatch)
      #expect(error?.description.contains(words) == true, "\(String(describing: error))")
      #expect(CheckpointTests.bits(model) == before)
    }
    // A mismatch in the second file must not leave the first one applied.
    let model = CheckpointTests.variables()
    let before = CheckpointTests.bits(model)
    #expect(throws: CheckpointError.self) {
      try checkpoint.load(model: model, optimizer: ["x": State(.zeros([1]))])
    }
    #expect(CheckpointTests.bits(model) == before)
  }

  @Test func `no truncation at 500 places is accepted, and the one before takes over`() throws {
    let scratch = try TrainingScratch()
    let old = try Checkpoint.save(step: 1, in: scratch.path, model: CheckpointTests.variables(1))
    let new = try Checkpoint.save(step: 2, in: scratch.path, model: CheckpointTests.variables(2))
    var random = TrainingRandom(state: 1)
    var tried = 0
    for name in try FileSystem.contents(of: new.path) {
      let path = "\(new.path)/\(name)"
      let whole = try FileSystem.read(path)
      var sizes: Set<Int> = [0, 7, 8, 9, whole.count - 1]
      while sizes.count < min(250, whole.count) { sizes.insert(Int.random(in: 0..<whole.count, using: &random)) }
      for size in sizes where size < whole.count {
        try AtomicFile.write(Array(whole[..<size]), to: path)
        try expectDamaged(new, path)
        tried += 1
        if tried % 50 == 0 {
          var words: [String] = []
          #expect(try Checkpoint.latest(in: scratch.path, report: { words.append($0) }) == old)
          #expect(words.count == 1 && words[0].contains("step-00000002"))
        }
      }
      try AtomicFile.write(whole, to: path)
    }
    #expect(tried >= 400)
    try new.verify()
  }

  @Test func `no changed bit is accepted in any file`() throws {
    let scratch = try TrainingScratch()
    let checkpoint = try Checkpoint.save(step: 2, in: scratch.path, model: CheckpointTests.variables(2))
    var random = TrainingRandom(state: 2)
    for name in try FileSystem.contents(of: checkpoint.path) {
      let path = "\(checkpoint.path)/\(name)"
      let whole = try FileSystem.read(path)
      for _ in 0..<500 {
        var bytes = whole
        bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        try FileSystem.removeFile(path)
        try write(bytes, path)
        try expectDamaged(checkpoint, path)
      }
      try AtomicFile.write(whole, to: path)
    }
    try checkpoint.verify()
  }

  @Test func `a missing file, a longer file and a manifest of another step are refused`() throws {
    let scratch = try TrainingScratch()
    let one = try Checkpoint.save(step: 1, in: scratch.path, model: CheckpointTests.variables(1))
    for name in try FileSystem.contents(of: one.path) {
      let path = "\(one.path)/\(name)"
      let whole = try FileSystem.read(path)
      try FileSystem.removeFile(path)
      try expectDamaged(one, nil)
      try AtomicFile.write(whole + [0x20], to: path)
      try expectDamaged(one, path)
      try AtomicFile.write(whole, to: path)
    }
    try FileSystem.rename(one.path, to: scratch.file("step-00000009"))
    try expectDamaged(try #require(try Checkpoint.all(in: scratch.path).last), nil)
    #expect(try Checkpoint.latest(in: scratch.path, report: { _ in }) == nil)
  }

  @Test func `what a crash leaves behind is never taken for a checkpoint, and is cleaned up`() throws {
    let scratch = try TrainingScratch()
    let good = try Checkpoint.save(step: 5, in: scratch.path, model: CheckpointTests.variables(5))
    let files = try FileSystem.contents(of: good.path)
    // Every prefix of what saving does: some files whole, one half written, no name yet. No process has number 2^22.
    for count in 0...files.count {
      let folder = scratch.file(".tmp-step-00000006-4194304-x\(count)")
      try FileSystem.createDirectory(folder)
      for (i, name) in ["weights.safetensors", "optimizer.safetensors", "state.json", "manifest.json"].enumerated() {
        let bytes = try FileSystem.read("\(good.path)/\(name)")
        if i < count { try write(bytes, "\(folder)/\(name)") }
        if i == count { try write(Array(bytes[..<(bytes.count / 2)]), "\(folder)/.\(name).tmp-1-a") }
      }
    }
    for name in ["step-7", "step-0000000x", "step--0000001", "stop-00000009"] {
      try FileSystem.createDirectory(scratch.file(name))
    }
    try FileSystem.createDirectory(scratch.file(".trash-step-00000001-4194304-q"))
    #expect(try Checkpoint.all(in: scratch.path) == [good])
    #expect(try Checkpoint.latest(in: scratch.path) == good)
    try Checkpoint.save(step: 6, in: scratch.path, model: CheckpointTests.variables(6))
    #expect(try FileSystem.contents(of: scratch.path).filter { $0.hasPrefix(".") }.isEmpty)
    #expect(try Checkpoint.all(in: scratch.path).map(\.step) == [5, 6])
  }

  @Test func `saving the same step again replaces it, and old ones go by the rule`() throws {
    let scratch = try TrainingScratch()
    for step in 1...6 { try Checkpoint.save(step: step, in: scratch.path, model: CheckpointTests.variables(step)) }
    try Checkpoint.save(step: 6, in: scratch.path, model: CheckpointTests.variables(60))
    let model = CheckpointTests.variables()
    try Checkpoint.latest(in: scratch.path)?.load(model: model)
    #expect(CheckpointTests.bits(model) == CheckpointTests.bits(CheckpointTests.variables(60)))
    try Checkpoint.removeOld(in: scratch.path, keepingLast: 2, keeping: [3])
    #expect(try Checkpoint.all(in: scratch.path).map(\.step) == [3, 5, 6])
    #expect(try FileSystem.contents(of: scratch.path).count == 3)
    // With a newest one that is not whole, nothing is removed.
    try FileSystem.removeFile(scratch.file("step-00000006/state.json"))
    #expect(throws: CheckpointError.self) { try Checkpoint.removeOld(in: scratch.path, keepingLast: 1) }
    #expect(try Checkpoint.all(in: scratch.path).count == 3)
  }

  @Test func `a folder that cannot be written is an error that names it`() throws {
    let scratch = try TrainingScratch()
    try AtomicFile.write("x", to: scratch.file("file"))
    for folder in [scratch.file("file"), scratch.file("file/below"), "/proc/nothing"] {
      #expect(throws: FormatError.self) {
        try Checkpoint.save(step: 1, in: folder, model: CheckpointTests.variables())
      }
    }
    #expect(try Checkpoint.latest(in: scratch.file("absent")) == nil)
  }

  private func expectDamaged(_ checkpoint: Checkpoint, _ path: String?) throws {
    let model = CheckpointTests.variables()
    let before = CheckpointTests.bits(model)
    let error = #expect(throws: CheckpointError.self) { try checkpoint.verify() }
    #expect(error?.kind == .damaged)
    if let path { #expect(error?.path == path && error?.offset != nil) }
    #expect(throws: CheckpointError.self) { try checkpoint.load(model: model) }
    #expect(CheckpointTests.bits(model) == before)
  }

  /// Writes without the synchronization that would make thousands of changes slow.
  private func write(_ bytes: [UInt8], _ path: String) throws {
    let file = try #require(fopen(path, "wb"))
    #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    #expect(fclose(file) == 0)
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
