import MartletFormats
import MartletGraph
import Testing

struct NpyTests {
  @Test(arguments: Sample.names)
  func `numpy's files are read bit for bit, in either order of bytes and of memory`(name: String) throws {
    let expected = Sample.tensor(name)
    for variant in ["", "_fortran", "_big"] {
      #expect(isSame(try Npy.read(path: Fixture.format("\(name)\(variant).npy")), expected), "\(variant)")
    }
  }

  @Test func `all versions, scalars, vectors and empty tensors are read`() throws {
    #expect(isSame(try Npy.read(path: Fixture.format("version2.npy")), Sample.tensor("float32")))
    #expect(isSame(try Npy.read(path: Fixture.format("version3.npy")), Sample.tensor("float32")))
    let scalar = try Npy.read(path: Fixture.format("scalar.npy"))
    #expect(scalar.shape == Shape())
    #expect(try scalar.values(as: Double.self) == [2.5])
    #expect(isSame(try Npy.read(path: Fixture.format("vector.npy")), Sample.tensor("int16", shape: [7])))
    let empty = try Npy.read(path: Fixture.format("empty.npy"))
    #expect(empty.shape == [3, 0, 2])
    #expect(try empty.values(as: Int32.self).isEmpty)
  }

  @Test(arguments: ["object", "complex", "record"])
  func `types that are no numbers are refused`(name: String) {
    let error = formatError { () throws(FormatError) in _ = try Npy.read(path: Fixture.format("\(name).npy")) }
    #expect(error?.kind == .unsupported)
  }

  @Test func `what is written is what numpy writes`() throws {
    for name in Sample.names {
      let written = try Npy.encode(Sample.tensor(name))
      #expect(try Fixture.bytes("\(name).npy") == written, "\(name)")
      if let outputFolder {
        try FileSystem.createDirectory(outputFolder)
        try Npy.write(Sample.tensor(name), to: "\(outputFolder)/\(name).npy")
      }
    }
    #expect(try Npy.encode(Sample.tensor("int16", shape: [7])) == Fixture.bytes("vector.npy"))
  }

  @Test func `bfloat16 cannot be written, since numpy has none`() {
    let tensor = StoredTensor(dtype: .bfloat16, shape: [1], bytes: SharedBytes([0, 0]))
    #expect(formatError { () throws(FormatError) in _ = try Npy.encode(tensor) }?.kind == .unsupported)
  }

  @Test func `a bool byte other than 0 and 1 becomes 1`() throws {
    var bytes = try Npy.encode(StoredTensor([true, false, true], shape: [3]))
    bytes[bytes.count - 1] = 200
    let tensor = try Npy.decode(SharedBytes(bytes))
    #expect(tensor.bytes.array == [1, 0, 1])
    #expect(try tensor.values(as: Bool.self) == [true, false, true])
  }

  @Test func `values of another type are refused`() {
    let error = formatError { () throws(FormatError) in _ = try Sample.tensor("int32").values(as: Float.self) }
    #expect(error?.message == "elements are int32, not float32")
  }

  static func file(_ dictionary: String, data: Int, version: UInt8 = 1, length: Int? = nil) -> [UInt8] {
    let text = Array(dictionary.utf8)
    let size = length ?? text.count
    let header = version == 1 ? [UInt8].little(UInt16(size)) : .little(UInt32(size))
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + header + text + [UInt8](repeating: 0, count: data)
  }

  static let broken: [(String, Int, FormatError.Kind)] =
    [
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (65536, 65536), }\n", 16, .truncated),
      ("{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4), }\n", 16, .limit),
      ("{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4, 0), }\n", 0, .limit),
      ("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,), }\n", 16, .malformed),
      ("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }\n", 16, .malformed),
      ("{'descr': '<f8', 'fortran_order': False, 'shape': (2), }\n", 16, .malformed),
      ("{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,2), }\n", 16, .unsupported),
      ("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }\n", 16, .truncated),
      ("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n", 16, .malformed),
      ("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }\n", 16, .unsupported),
      ("{'descr': 'f8', 'fortran_order': 0, 'shape': (2,), }\n", 16, .malformed),
      ("{'descr': '|f8', 'fortran_order': False, 'shape': (2,), }\n", 16, .malformed),
      ("{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n", 16, .duplicate),
      ("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'x': 1}\n", 16, .malformed),
      ("{'descr': '<f8', 'fortran_order': False}\n", 16, .malformed),
      ("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), } x\n", 16, .malformed),
      ("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)", 0, .malformed),
      ("{'descr': '<f8' 'fortran_order': False, 'shape': (2,)}", 16, .malformed),
      ("{'descr': '<f8\\x00', 'fortran_order': False, 'shape': (2,)}", 16, .malformed),
      ("__import__('os')", 16, .malformed), ("", 0, .malformed),
    ] as [(String, Int, FormatError.Kind)]

  @Test(arguments: broken.indices)
  func `a lying or malformed header is refused`(index: Int) {
    let (dictionary, data, kind) = NpyTests.broken[index]
    let bytes = SharedBytes(NpyTests.file(dictionary, data: data))
    #expect(formatError { () throws(FormatError) in _ = try Npy.decode(bytes) }?.kind == kind)
  }

  @Test func `lengths and versions that lie are refused`() {
    let good = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n"
    let cases: [([UInt8], FormatError.Kind)] = [
      (NpyTests.file(good, data: 16, length: 60_000), .truncated),
      (NpyTests.file(good, data: 16, version: 2, length: 70_000), .limit),
      (NpyTests.file(good, data: 16, version: 3, length: 0xFFFF_FFFF), .limit),
      (NpyTests.file(good, data: 16, version: 4), .unsupported),
      (NpyTests.file(good, data: 16, version: 0), .unsupported),
      ([1, 2, 3, 4, 5, 6, 7, 8], .malformed),
    ]
    for (bytes, kind) in cases {
      #expect(formatError { () throws(FormatError) in _ = try Npy.decode(SharedBytes(bytes)) }?.kind == kind)
    }
  }
}
