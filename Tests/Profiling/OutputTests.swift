import MartletFormats
import MartletProfiling
import Testing

@Suite struct OutputTests {
  let profile = SampleProfile.make()

  private func temporary(_ body: (String) throws -> Void) throws {
    let folder = try FileSystem.createTemporaryDirectory()
    defer { try? FileSystem.removeTree(folder) }
    try body(folder)
  }

  private func text(_ path: String) throws -> String { String(decoding: try FileSystem.read(path), as: UTF8.self) }

  @Test func `standard output takes the report, none takes nothing`() throws {
    var printed = ""
    try profile.view(.scope).write { printed += $0 }
    #expect(printed == (try profile.view(.scope).report))
    printed = ""
    try profile.view(.scope, ProfileOptions().withOutput(.none)).write { printed += $0 }
    #expect(printed.isEmpty)
  }

  @Test func `a file takes the report`() throws {
    try temporary { folder in
      let path = folder + "/report"
      let note = try profile.view(.op, ProfileOptions().withOutput(.file(path))).write { _ in }
      #expect(note == "Wrote \(path)")
      #expect(try text(path) == profile.view(.op, ProfileOptions().withOutput(.file(path))).report)
    }
  }

  @Test func `outputs are read from text and written as it`() throws {
    for text in ["none", "stdout", "file:outfile=/a:b", "timeline:outfile=t", "pprof:outfile=p", "csv:outfile=c"] {
      #expect(try ProfileOutput(text).description == text)
    }
    for text in ["file", "file:", "file:outfile=", "film:outfile=x"] {
      #expect(throws: ProfileError.self) { try ProfileOutput(text) }
    }
  }

  @Test func `a timeline of a step has its number behind the path, tracks, slices and arrows`() throws {
    try temporary { folder in
      var profile = profile
      // The gradient runs on another queue, so that its data cross.
      profile.steps[0].runs[0].kernels[2].thread = 1
      let options = ProfileOptions().withStep(7).withOutput(.timeline(folder + "/trace"))
      try profile.view(.scope, options).write { _ in }
      let events = try #require(JSON(parsing: text(folder + "/trace_7"))["traceEvents"]?.arrayValue)
      func named(_ name: String) -> [JSON] { events.filter { $0["name"]?.stringValue == name } }
      let tracks = named("process_name").map { $0["args"]?["name"]?.stringValue }
      #expect(tracks == ["program", "kernels", "operations", "layers", "source lines", "memory"])
      // conv2 takes three quarters of a kernel of 200 µs that begins at 250 µs.
      let slice = try #require(named("conv2/Conv2D").first)
      #expect(slice["ts"]?.doubleValue == 250 && slice["dur"]?.doubleValue == 150)
      #expect(named("Model.swift:10:callAsFunction (gradient)").first?["dur"]?.doubleValue == 300)
      #expect(named("wait: input").count == 1 && named("step 7").count == 1 && named("step 8").isEmpty)
      #expect(named("launch").count == 4, "two queues, each with the start and end of an arrow")
      #expect(named("data").map { $0["ph"]?.stringValue } == ["s", "f", "s", "f"])
      let threads = named("thread_name").compactMap { $0["args"]?["name"]?.stringValue }
      #expect(
        threads.prefix(3) == ["steps", "runs", "waits"] && threads.dropFirst(3).filter { $0 == "thread 1" }.count == 4)
      #expect(!named("live bytes").isEmpty)
    }
  }

  @Test func `only what the view shows is on the timeline`() throws {
    try temporary { folder in
      let options = ProfileOptions().withStep(7).withAccountedTypes(["gpu.*"])
      try profile.view(.graph, options.withOutput(.timeline(folder + "/trace"))).write { _ in }
      let trace = try text(folder + "/trace_7")
      #expect(trace.contains("conv1/Conv2D_gradient") && !trace.contains("conv2/Conv2D"))
    }
  }

  @Test func `a list has no timeline and only code has a pprof`() throws {
    for (kind, output) in [(ViewKind.op, ProfileOutput.timeline("/x")), (.scope, .pprof("/x"))] {
      let error = #expect(throws: ProfileError.self) {
        try profile.view(kind, ProfileOptions().withOutput(output)).write { _ in }
      }
      #expect(error?.kind == .notForThisView)
    }
  }

  @Test func `pprof's message holds samples, calls and lines`() throws {
    try temporary { folder in
      let options = ProfileOptions().selecting([.micros, .bytes]).withOutput(.pprof(folder + "/p"))
      try profile.view(.code, options).write { _ in }
      var reader = ProtobufReader(SharedBytes(try Gzip.read(path: folder + "/p")), file: "pprof")
      var counts: [Int: Int] = [:]
      var strings: [String] = []
      var samples: [[UInt64]] = []
      while let (number, value) = try reader.next() {
        counts[number, default: 0] += 1
        guard case .bytes(let bytes) = value else { continue }
        if number == 6 { strings.append(String(decoding: bytes.array, as: UTF8.self)) }
        var sample = ProtobufReader(bytes, file: "sample")
        while number == 2, let (field, inner) = try sample.next() {
          if field == 2, case .bytes(let packed) = inner {
            samples.append(try ProtobufReader.packedVarints(packed, file: "values"))
          }
        }
      }
      #expect(counts[1] == 3 && counts[2] == 10, "three kinds of values, a sample for each operation")
      #expect(
        strings.first == "" && strings.contains("Model:callAsFunction (gradient)")
          && strings.contains("App/Model.swift"))
      // Runs, bytes, nanoseconds: conv1 first, as its line stands first.
      #expect(samples.contains([1, 1432, 150_000]))
    }
  }

  @Test func `JSON has exact numbers in a tree`() throws {
    let json = try profile.view(.scope, ProfileOptions().selecting([.micros, .opTypes, .occurrence])).json
    // Ten operations, of which the custom one runs three times.
    #expect(json["total_definitions"]?.intValue == 10 && json["total_occurrence"]?.doubleValue == 12)
    #expect(json["name"] == "_TFProfRoot" && json["total_micros"]?.doubleValue == 810)
    let layer = try #require(json["children"]?.arrayValue?.first { $0["name"] == "conv2" })
    #expect(layer["children"]?[1]?["micros"]?.doubleValue == 75 && layer["micros"] == .null)
    #expect(layer["children"]?[1]?["op_types"] == "cpu:0|multiply")
  }

  @Test func `comma-separated values have a line for each node`() throws {
    var profile = profile
    profile.programs[0].operations[9].name = "a \"custom\", one"
    profile.programs[0].operations[3].name = "two\nlines"
    let lines = try profile.view(.scope, ProfileOptions().selecting([.micros])).commaSeparatedValues
      .split(separator: "\r\n").map(String.init)
    #expect(lines[0] == "level,name,micros,total_micros")
    #expect(lines[1] == "0,_TFProfRoot,,810.0")
    #expect(lines.contains("1,\"a \"\"custom\"\", one\",10.0,10.0"))
    #expect(lines.contains("1,\"two\nlines\",0.0,0.0"))
    #expect(lines.count == 14, "a head, the root and twelve nodes")
  }
}
