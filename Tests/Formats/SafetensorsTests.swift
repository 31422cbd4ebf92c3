import MartletFormats
import MartletGraph
import Testing

struct SafetensorsTests {
  @Test func `the reference library's file is read bit for bit`() throws {
    let file = try SafetensorsFile(path: Fixture.format("all.safetensors"))
    #expect(Set(file.names) == Set(Sample.names))
    for (name, expected) in Sample.all { #expect(isSame(try file.tensor(name), expected), "\(name)") }
    #expect(file["float16"]?.typeName == "F16")
    #expect(file["no"] == nil)
  }

  @Test func `metadata, bfloat16, scalars and empty tensors are read`() throws {
    let file = try SafetensorsFile(path: Fixture.format("metadata.safetensors"))
    #expect(file.metadata == ["format": "np", "note": "quote \" and ü"])
    let half = try SafetensorsFile(path: Fixture.format("bfloat16.safetensors")).tensor("b")
    let bits = try Sample.tensor("float32").values(as: Float.self).map { UInt16($0.bitPattern >> 16) }
    #expect(half.dtype == .bfloat16)
    #expect(half.bytes.array == bits.flatMap { [UInt8].little($0) })
    let edge = try SafetensorsFile(path: Fixture.format("edge.safetensors"))
    #expect(try edge.tensor("empty").shape == [0, 3])
    #expect(try edge.tensor("scalar").values(as: Float.self) == [2.5])
  }

  @Test func `what is written is what the reference library writes`() throws {
    let scratch = try Scratch()
    let path = scratch.file("all.safetensors")
    try SafetensorsWriter.write(Sample.all, to: path)
    #expect(try FileSystem.read(path) == Fixture.bytes("all.safetensors"))
    if let outputFolder {
      try FileSystem.createDirectory(outputFolder)
      try SafetensorsWriter.write(Sample.all, to: "\(outputFolder)/all.safetensors")
      try SafetensorsWriter.write(
        ["x": Sample.tensor("int8")], metadata: ["format": "martlet", "note": "quote \" and ü"],
        to: "\(outputFolder)/metadata.safetensors")
    }
  }

  @Test func `names and metadata of any text come back`() throws {
    let scratch = try Scratch()
    let path = scratch.file("names.safetensors")
    let names = ["", "a\"b\\c", "line\nfeed", "\u{1}", "日本語 🐦", "encoder.blocks.3.weight"]
    let tensors = Dictionary(uniqueKeysWithValues: names.map { ($0, Sample.tensor("int16", shape: [3])) })
    try SafetensorsWriter.write(tensors, metadata: ["k\t": "v\u{7F}/"], to: path)
    let file = try SafetensorsFile(path: path)
    #expect(Set(file.names) == Set(names))
    #expect(file.metadata == ["k\t": "v\u{7F}/"])
  }

  @Test func `the writer refuses tensors other than planned, and leaves nothing when it is not finished`() throws {
    let scratch = try Scratch()
    let path = scratch.file("x.safetensors")
    let plan = [SafetensorsWriter.Plan(name: "a", dtype: .float32, shape: [2])]
    var writer = try SafetensorsWriter(path: path, tensors: plan)
    do throws(FormatError) {
      try writer.append(StoredTensor([Float](repeating: 0, count: 3), shape: [3]))
      Issue.record("nothing was thrown")
    } catch { #expect(error.message == "is planned as float32 [2] and given as float32 [3]") }
    do throws(FormatError) {
      try writer.finish()
      Issue.record("nothing was thrown")
    } catch { #expect(error.kind == .missing) }
    #expect(try FileSystem.contents(of: scratch.path).isEmpty)
    for names in [["a", "a"], ["__metadata__"]] {
      let plans = names.map { SafetensorsWriter.Plan(name: $0, dtype: .bool, shape: [1]) }
      do throws(FormatError) {
        _ = try SafetensorsWriter(path: path, tensors: plans)
        Issue.record("nothing was thrown")
      } catch { #expect(error.kind == .duplicate) }
    }
  }

  static func file(_ header: String, data: Int, length: UInt64? = nil) -> [UInt8] {
    let text = Array(header.utf8)
    return .little(length ?? UInt64(text.count)) + text + [UInt8](repeating: 0, count: data)
  }

  static let f4 = #""dtype":"F32","shape":[1],"data_offsets":[0,4]"#

  @Test func `spaces, escapes and orders of fields that JSON allows are read`() throws {
    let header = #"{ "a\u0062" : {"shape":[ ],"data_offsets":[0, 4] ,"dtype":"F32"} , "__metadata__":{} }    "#
    let file = try SafetensorsFile(bytes: SharedBytes(SafetensorsTests.file(header, data: 4)))
    #expect(file.names == ["ab"])
    #expect(try SafetensorsFile(bytes: SharedBytes(SafetensorsTests.file("{}", data: 0))).names.isEmpty)
  }

  @Test func `a type without DType can be listed and its bytes read`() throws {
    let header = #"{"a":{"dtype":"F8_E4M3","shape":[2,2],"data_offsets":[0,4]}}"#
    let file = try SafetensorsFile(bytes: SharedBytes(SafetensorsTests.file(header, data: 4)))
    #expect(try file.bytes("a").count == 4)
    #expect(formatError { () throws(FormatError) in _ = try file.tensor("a") }?.kind == .unsupported)
    #expect(formatError { () throws(FormatError) in _ = try file.tensor("b") }?.kind == .missing)
  }

  static let broken: [(String, Int, FormatError.Kind)] = [
    (#"{"a":{\#(f4)},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, .duplicate),
    (#"{"a":{\#(f4)},"\u0061":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, .duplicate),
    (#"{"a":{\#(f4),"dtype":"F32"}}"#, 4, .duplicate),
    (#"{"__metadata__":{"x":"1","x":"2"},"a":{\#(f4)}}"#, 4, .duplicate),
    (#"{"__metadata__":{},"__metadata__":{},"a":{\#(f4)}}"#, 4, .duplicate),
    (#"{"__metadata__":{"x":1},"a":{\#(f4)}}"#, 4, .malformed),
    (#"{"a":{\#(f4),"more":1}}"#, 4, .malformed),
    (#"{"a":{"dtype":"F32","shape":[1]}}"#, 4, .malformed),
    (#"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#, 4, .malformed),
    (#"{"a":{"shape":[1],"data_offsets":[0,4]}}"#, 4, .malformed),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4, .malformed),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, 4, .unsupported),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, .malformed),
    (#"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#, 4, .malformed),
    (#"{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}"#, 4, .malformed),
    (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, .malformed),
    (#"{"a":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}"#, 4, .malformed),
    (#"{"a":{"dtype":"F32","shape":[18446744073709551617],"data_offsets":[0,4]}}"#, 4, .malformed),
    (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#, 4, .limit),
    (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}"#, 0, .limit),
    (#"{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}"#, 4, .unsupported),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, .malformed),
    (#"{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}"#, 4, .malformed),
    (#"{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,0]}}"#, 0, .malformed),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 3, .truncated),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 5, .malformed),
    (#"{"a":{"dtype":"U8","shape":[1152921504606846975],"data_offsets":[0,1152921504606846975]}}"#, 4, .truncated),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, .malformed),
    (#"{"a":{\#(f4)},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#, 12, .malformed),
    (#"{"a":{\#(f4)},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#, 6, .malformed),
    (#"{"a":{\#(f4)},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, .malformed),
    (#"{"a":{\#(f4)}"#, 4, .truncated), (#"{"a":{\#(f4)}}x"#, 4, .malformed), (#"{"a":{\#(f4)},}"#, 4, .malformed),
    (#" {"a":{\#(f4)}}"#, 4, .malformed), (#"[]"#, 0, .malformed), ("", 0, .malformed), (#"{"a":1}"#, 0, .malformed),
    (#"{"a":{\#(f4)},"b":null}"#, 4, .malformed), (#"{"a":{"dtype":{"x":"F32"}}}"#, 4, .malformed),
    ("{\"a\":{\"dtype\":\"F32\n\"}}", 4, .malformed), (#"{"a\ud800":{\#(f4)}}"#, 4, .malformed),
    (#"{"a\x":{\#(f4)}}"#, 4, .malformed), (#"{a:{\#(f4)}}"#, 4, .malformed), (#"{'a':{\#(f4)}}"#, 4, .malformed),
  ]

  @Test(arguments: broken.indices)
  func `a header that breaks a rule is refused`(index: Int) {
    let (header, data, kind) = SafetensorsTests.broken[index]
    let bytes = SharedBytes(SafetensorsTests.file(header, data: data))
    let error = formatError(header) { () throws(FormatError) in _ = try SafetensorsFile(bytes: bytes) }
    #expect(error?.kind == kind, "\(header): \(error.map { "\($0)" } ?? "")")
  }

  static let lyingLengths: [(UInt64, FormatError.Kind)] = [
    (100_000_001, .limit), (UInt64.max, .limit), (1 << 63, .limit), (1000, .truncated), (0, .malformed),
    (99_999_999, .truncated),
  ]

  @Test(arguments: lyingLengths)
  func `a header length that lies is refused`(length: UInt64, kind: FormatError.Kind) {
    let bytes = SharedBytes(SafetensorsTests.file(#"{"a":{\#(SafetensorsTests.f4)}}"#, data: 4, length: length))
    #expect(formatError { () throws(FormatError) in _ = try SafetensorsFile(bytes: bytes) }?.kind == kind)
  }

  @Test func `a header that is not UTF-8 is refused`() {
    let bytes: [UInt8] = .little(UInt64(5)) + [0x7B, 0x22, 0xFF, 0x22, 0x7D]
    let error = formatError { () throws(FormatError) in _ = try SafetensorsFile(bytes: SharedBytes(bytes)) }
    #expect(error?.kind == .malformed)
    #expect(error?.offset == 10)
  }

  @Test func `every truncation is noticed`() throws {
    let good = try Fixture.bytes("all.safetensors")
    for count in 0..<good.count {
      let bytes = SharedBytes(Array(good[..<count]))
      #expect(formatError("\(count)") { () throws(FormatError) in _ = try SafetensorsFile(bytes: bytes) } != nil)
    }
  }

  @Test func `a message says what is wrong with which tensor of which file`() {
    let bytes = SharedBytes(SafetensorsTests.file(#"{"head.bias":{\#(SafetensorsTests.f4)}}"#, data: 3))
    let error = formatError { () throws(FormatError) in _ = try SafetensorsFile(bytes: bytes, file: "w.safetensors") }
    #expect(
      error?.description == "w.safetensors: tensor \"head.bias\" ends at byte 4 of the data, past its end (3 bytes)")
  }
}
