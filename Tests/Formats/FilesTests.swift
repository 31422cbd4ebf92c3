import MartletFormats
import Testing

struct FilesTests {
  @Test func `an atomic file appears only when it is committed`() throws {
    let scratch = try Scratch()
    let path = scratch.file("a.bin")
    try AtomicFile.write("old", to: path)
    do {
      var file = try AtomicFile(path: path)
      try file.write(Array("new".utf8))
    }
    #expect(try FileSystem.read(path) == Array("old".utf8))
    #expect(try FileSystem.contents(of: scratch.path) == ["a.bin"])
    var file = try AtomicFile(path: path)
    try file.write(Array("new".utf8))
    try file.commit()
    #expect(try FileSystem.read(path) == Array("new".utf8))
    #expect(try FileSystem.contents(of: scratch.path) == ["a.bin"])
  }

  @Test func `small and large pieces arrive in order`() throws {
    let scratch = try Scratch()
    let path = scratch.file("pieces")
    var expected: [UInt8] = []
    var file = try AtomicFile(path: path)
    for (i, size) in [3, 100_000, 0, 300_000, 262_144, 1, 262_143, 2].enumerated() {
      let piece = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ i) }
      try file.write(piece)
      expected += piece
    }
    #expect(file.count == expected.count)
    try file.commit()
    #expect(try FileSystem.read(path) == expected)
    #expect(try MappedFile(path: path).bytes.array == expected)
  }

  @Test func `a mapping outlives the file object and a removed file`() throws {
    let scratch = try Scratch()
    let path = scratch.file("m")
    try AtomicFile.write([UInt8](0..<100), to: path)
    let slice = try MappedFile(path: path).bytes[10..<20]
    try FileSystem.removeFile(path)
    #expect(slice.array == [UInt8](10..<20))
    #expect(slice[2..<4].array == [12, 13])
  }

  @Test func `errors of the system name the path and the reason`() throws {
    let scratch = try Scratch()
    let missing = scratch.file("none")
    #expect(
      formatError { () throws(FormatError) in _ = try MappedFile(path: missing) }?.description
        == "\(missing): cannot open: No such file or directory")
    let folder = formatError { () throws(FormatError) in _ = try MappedFile(path: scratch.path) }
    #expect(folder?.kind == .system)
    let unwritable = formatError { () throws(FormatError) in try AtomicFile.write("x", to: "\(missing)/x") }
    #expect(unwritable?.kind == .system)
    #expect(unwritable?.file == "\(missing)/x")
    #expect(formatError { () throws(FormatError) in _ = try FileSystem.read("a\0b") }?.kind == .system)
  }

  @Test func `folders are created with their parents, listed and removed`() throws {
    let scratch = try Scratch()
    try FileSystem.createDirectory(scratch.file("a/b/c"))
    try FileSystem.createDirectory(scratch.file("a/b/c"))
    try AtomicFile.write("x", to: scratch.file("a/b/f"))
    #expect(try FileSystem.contents(of: scratch.file("a/b")) == ["c", "f"])
    try FileSystem.rename(scratch.file("a/b/f"), to: scratch.file("a/g"))
    #expect(FileSystem.status(scratch.file("a/g"))?.size == 1)
    #expect(FileSystem.status(scratch.file("a"))?.isDirectory == true)
    try FileSystem.removeTree(scratch.file("a"))
    #expect(FileSystem.status(scratch.file("a")) == nil)
    #expect(try FileSystem.freeBytes(at: scratch.path) > 0)
    #expect(FileSystem.directory(of: "/c") == "/")
    #expect(FileSystem.directory(of: "c") == ".")
    #expect(FileSystem.lastComponent(of: "a/b.c") == "b.c")
  }

  @Test func `a message escapes what a file puts into names`() {
    let error = FormatError(.malformed, file: "w.safetensors", "is bad", offset: 7, tensor: "a\u{1B}[31m\"")
    #expect(error.description == "w.safetensors: tensor \"a\\u{1B}[31m\\\"\" is bad (at byte 7)")
    let long = FormatError(.malformed, file: "f", "is bad", tensor: String(repeating: "x", count: 5000))
    #expect(long.description.count < 200)
  }
}
