import MartletFormats
import MartletGraph
import Testing

struct ZipTests {
  @Test(arguments: ["stored.npz", "deflated.npz"])
  func `numpy's archives are read bit for bit`(name: String) throws {
    let archive = try NpzFile(path: Fixture.format(name))
    #expect(archive.names == Sample.names)
    for (name, expected) in Sample.all { #expect(isSame(try archive.tensor(name), expected), "\(name)") }
    #expect(try archive.tensors().count == Sample.names.count)
  }

  @Test func `an archive whose sizes follow the data is read`() throws {
    let archive = try NpzFile(path: Fixture.format("streamed.npz"))
    #expect(isSame(try archive.tensor("float32"), Sample.tensor("float32")))
    #expect(isSame(try archive.tensor("int64"), Sample.tensor("int64")))
  }

  @Test(arguments: [("stored.npz", false), ("deflated.npz", true)])
  func `what is written comes back`(name: String, isCompressed: Bool) throws {
    let scratch = try Scratch()
    let path = scratch.file(name)
    try Npz.write(Sample.all, to: path, isCompressed: isCompressed)
    let archive = try NpzFile(path: path)
    for (name, expected) in Sample.all { #expect(isSame(try archive.tensor(name), expected), "\(name)") }
    if let outputFolder {
      try FileSystem.createDirectory(outputFolder)
      try Npz.write(Sample.all, to: "\(outputFolder)/\(name)", isCompressed: isCompressed)
    }
  }

  @Test func `64-bit fields are written and read`() throws {
    let scratch = try Scratch()
    let path = (outputFolder ?? scratch.path) + "/wide.npz"
    try FileSystem.createDirectory(FileSystem.directory(of: path))
    var writer = try ZipWriter(path: path, widensFrom: 1)
    for name in Sample.names { try writer.append("\(name).npy", SharedBytes(Npy.encode(Sample.tensor(name)))) }
    try writer.finish()
    let archive = try NpzFile(path: path)
    for (name, expected) in Sample.all { #expect(isSame(try archive.tensor(name), expected), "\(name)") }
  }

  @Test func `a missing tensor and a foreign member are named`() throws {
    let archive = try NpzFile(path: Fixture.format("stored.npz"))
    #expect(formatError { () throws(FormatError) in _ = try archive.tensor("no") }?.kind == .missing)
    let foreign = SharedBytes(Archive([.init("readme.txt", [1])]).bytes)
    #expect(formatError { () throws(FormatError) in _ = try NpzFile(bytes: foreign) }?.tensor == "readme.txt")
  }

  /// A hand-made archive in which every field can lie.
  struct Archive {
    struct Member {
      var name: [UInt8]
      var content: [UInt8]
      var method: UInt16 = 0
      var flags: UInt16 = 0
      var checksum: UInt32
      var size: UInt32
      var compressedSize: UInt32
      var localName: [UInt8]?
      var localSize: UInt32?
      var localMethod: UInt16?
      var localChecksum: UInt32?
      var centralOffset: UInt32?

      init(_ name: String, _ content: [UInt8]) {
        self.name = Array(name.utf8)
        self.content = content
        checksum = CRC32.checksum(SharedBytes(content))
        size = UInt32(content.count)
        compressedSize = size
      }
    }

    var members: [Member]
    var count: UInt16?
    var directoryOffset: UInt32?
    var directorySize: UInt32?
    var comment: [UInt8] = []
    var disk: UInt16 = 0

    init(_ members: [Member]) { self.members = members }

    var bytes: [UInt8] {
      var result: [UInt8] = []
      var central: [UInt8] = []
      for member in members {
        let offset = UInt32(result.count)
        result += [0x50, 0x4B, 3, 4, 20, 0] + .little(member.flags) + .little(member.localMethod ?? member.method)
        result += [0, 0, 0, 0] + .little(member.localChecksum ?? member.checksum) + .little(member.compressedSize)
        let localName = member.localName ?? member.name
        result += .little(member.localSize ?? member.size)
        result += .little(UInt16(localName.count)) + [0, 0] + localName + member.content
        central += [0x50, 0x4B, 1, 2, 20, 0, 20, 0] + .little(member.flags) + .little(member.method) + [0, 0, 0, 0]
        central += .little(member.checksum) + .little(member.compressedSize)
        central += .little(member.size) + .little(UInt16(member.name.count)) + [UInt8](repeating: 0, count: 12)
        central += .little(member.centralOffset ?? offset) + member.name
      }
      let start = UInt32(result.count)
      result += central
      let count = count ?? UInt16(members.count)
      result += [0x50, 0x4B, 5, 6] + .little(disk) + .little(disk) + .little(count) + .little(count)
      result += .little(directorySize ?? UInt32(central.count)) + .little(directoryOffset ?? start)
      return result + .little(UInt16(comment.count)) + comment
    }
  }

  private static func archive(_ change: (inout Archive) -> Void) -> [UInt8] {
    var archive = Archive([.init("a", [1, 2, 3, 4]), .init("b", [5, 6])])
    change(&archive)
    return archive.bytes
  }

  @Test func `a plain archive, with a comment too, is read`() throws {
    let zip = try ZipFile(
      bytes: SharedBytes(ZipTests.archive { $0.comment = [80, 75, 5, 6] + Array("hello there, all of you".utf8) }))
    #expect(zip.members.map(\.name) == ["a", "b"])
    #expect(try zip.read(zip["b"]!).array == [5, 6])
    #expect(try ZipFile(bytes: SharedBytes(Archive([]).bytes)).members.isEmpty)
  }

  static let broken: [(String, [UInt8], FormatError.Kind)] = [
    ("name leads up", archive { $0.members[0].name = Array("../a".utf8) }, .malformed),
    ("name leads up inside", archive { $0.members[0].name = Array("x/../../a".utf8) }, .malformed),
    ("absolute name", archive { $0.members[0].name = Array("/a".utf8) }, .malformed),
    ("backslash", archive { $0.members[0].name = Array("x\\a".utf8) }, .malformed),
    ("zero in name", archive { $0.members[0].name = [97, 0] }, .malformed),
    ("empty name", archive { $0.members[0].name = [] }, .malformed),
    ("name not UTF-8", archive { $0.members[0].name = [0xFF] }, .malformed),
    ("duplicate name", archive { $0.members[1].name = Array("a".utf8) }, .duplicate),
    ("other local name", archive { $0.members[0].localName = [98] }, .malformed),
    ("other local size", archive { $0.members[0].localSize = 3 }, .malformed),
    ("other local method", archive { $0.members[0].localMethod = 8 }, .malformed),
    ("other local checksum", archive { $0.members[0].localChecksum = 1 }, .malformed),
    ("sizes promised behind", archive { $0.members[0].flags = 8 }, .malformed),
    ("encrypted", archive { $0.members[0].flags = 1 }, .unsupported),
    ("unknown method", archive { $0.members[0].method = 14 }, .unsupported),
    ("stored with two sizes", archive { $0.members[0].size = 3 }, .malformed),
    ("same member twice", archive { $0.members[1].centralOffset = 0 }, .malformed),
    ("offset outside", archive { $0.members[1].centralOffset = 4_000_000 }, .malformed),
    ("offset without header", archive { $0.members[1].centralOffset = 1 }, .malformed),
    (
      "too large",
      archive {
        $0.members[1].size = 5000; $0.members[1].compressedSize = 5000
      }, .truncated
    ),
    ("more members than directory", archive { $0.count = 3 }, .malformed),
    ("very many members", archive { $0.count = 65_000 }, .malformed),
    ("fewer members than directory", archive { $0.count = 1 }, .malformed),
    ("directory elsewhere", archive { $0.directoryOffset = 3 }, .malformed),
    ("directory too large", archive { $0.directorySize = 0xFFFF_FFF0 }, .malformed),
    ("several disks", archive { $0.disk = 1 }, .unsupported),
    (
      "claims too much",
      archive {
        $0.members[0].method = 8
        $0.members[0].size = 0xFFFF_FFF0
      }, .limit
    ),
    ("empty", [], .truncated), ("zeros", [UInt8](repeating: 0, count: 100), .malformed),
  ]

  @Test(arguments: broken.indices)
  func `a broken directory is refused`(index: Int) {
    let (name, bytes, kind) = ZipTests.broken[index]
    let error = formatError(name) { () throws(FormatError) in _ = try ZipFile(bytes: SharedBytes(bytes)) }
    #expect(error?.kind == kind, "\(name): \(error.map { "\($0)" } ?? "")")
  }

  /// An archive whose two members share their bytes: the second lies inside the first.
  @Test func `overlapping members are refused`() {
    let inner = Array(Archive([.init("b", [7, 7])]).bytes[..<33])
    var archive = Archive([.init("a", inner), .init("b", [7, 7])])
    archive.members[1].centralOffset = 31
    let error = formatError { () throws(FormatError) in _ = try ZipFile(bytes: SharedBytes(archive.bytes)) }
    #expect(error?.message.contains("overlaps") == true)
  }

  @Test func `a wrong checksum and a wrong size are noticed when the member is read`() throws {
    for compressed in [false, true] {
      var member = Archive.Member("a", [UInt8](repeating: 9, count: 100))
      if compressed {
        member.content = Deflate.compress(member.content.span)
        member.compressedSize = UInt32(member.content.count)
        member.method = 8
      }
      for change in ["none", "checksum", "longer", "shorter"] {
        var changed = member
        switch change {
        case "checksum": changed.checksum ^= 1
        case "longer" where compressed: changed.size += 1
        case "shorter" where compressed: changed.size -= 1
        default: break
        }
        let zip = try ZipFile(bytes: SharedBytes(Archive([changed]).bytes))
        let isFine = change == "none" || change != "checksum" && !compressed
        let content = try? zip.read(zip["a"]!)
        #expect((content?.array == [UInt8](repeating: 9, count: 100)) == isFine, "\(change)")
      }
    }
  }

  @Test func `limits on members, sizes and ratio hold`() throws {
    let scratch = try Scratch()
    let path = scratch.file("z.zip")
    var writer = try ZipWriter(path: path)
    for name in ["a", "b"] {
      try writer.append(name, SharedBytes([UInt8](repeating: 0, count: 100_000)), isCompressed: true)
    }
    try writer.finish()
    #expect(try ZipFile(path: path).members.count == 2)
    let changes: [(inout ZipLimits) -> Void] = [
      { $0.members = 1 }, { $0.memberBytes = 99_999 }, { $0.totalBytes = 199_999 }, { $0.ratio = 100 },
    ]
    for change in changes {
      var limits = ZipLimits()
      change(&limits)
      #expect(formatError { () throws(FormatError) in _ = try ZipFile(path: path, limits: limits) }?.kind == .limit)
    }
  }

  @Test func `names that are taken are refused`() throws {
    let scratch = try Scratch()
    var writer = try ZipWriter(path: scratch.file("z.zip"))
    try writer.append("a", SharedBytes([1]))
    do throws(FormatError) {
      try writer.append("a", SharedBytes([2]))
      Issue.record("nothing was thrown")
    } catch { #expect(error.kind == .duplicate) }
  }
}
