import MartletFormats
import MartletGraph
import MartletTestMemory
import Testing

/// Broken files throw before they cost memory: at no time more than twice their size is in use, and a little.
@Suite(.enabled(if: martlet_test_can_count_memory())) struct MemoryTests {
  /// A file, how to read all of it, and the kind of error it gives; nil if it is whole.
  struct Case: Sendable {
    var name: String
    var bytes: [UInt8]
    var format: Format
    var kind: FormatError.Kind?
  }

  enum Format { case safetensors, npy, npz }

  /// Room for an error's sentence, tables of Huffman codes, and the windows of a decompressor.
  static let constant = 600 << 10

  private func read(_ bytes: SharedBytes, _ format: Format) throws(FormatError) {
    switch format {
    case .safetensors:
      let file = try SafetensorsFile(bytes: bytes)
      for i in 0..<min(file.count, 3) { _ = try? file.tensor(file.names[i]) }
    case .npy: _ = try Npy.decode(bytes)
    case .npz:
      let file = try NpzFile(bytes: bytes)
      for name in file.names { _ = try file.tensor(name) }
    }
  }

  private func peak(_ bytes: SharedBytes, _ format: Format) -> (error: FormatError?, bytes: Int) {
    var result: FormatError?
    martlet_test_begin_counting()
    do throws(FormatError) { try read(bytes, format) } catch { result = error }
    return (result, martlet_test_end_counting())
  }

  @Test func `allocations are counted`() {
    martlet_test_begin_counting()
    for _ in 0..<2 { withExtendedLifetime([UInt8](repeating: 1, count: 1 << 20)) {} }
    let most = martlet_test_end_counting()
    #expect((1 << 20...3 << 20).contains(most))
  }

  @Test(arguments: MemoryTests.smallFiles.indices)
  func `a small broken file throws, and costs next to nothing`(index: Int) {
    let file = MemoryTests.smallFiles[index]
    let (error, most) = peak(SharedBytes(file.bytes), file.format)
    #expect(error != nil && error?.kind == file.kind, "\(file.name): \(error.map { "\($0)" } ?? "nothing thrown")")
    #expect(most <= 2 * file.bytes.count + MemoryTests.constant, "\(file.name): \(most) of \(file.bytes.count)")
  }

  @Test func `there are more than forty of them`() {
    #expect(MemoryTests.smallFiles.count >= 40)
    for format in [Format.safetensors, .npy, .npz] { #expect(MemoryTests.smallFiles.contains { $0.format == format }) }
  }

  @Test(arguments: MemoryTests.large.keys.sorted())
  func `a large broken file throws, and costs at most twice its size`(name: String) {
    let file = MemoryTests.large[name]!()
    let (error, most) = peak(SharedBytes(file.bytes), file.format)
    #expect(error?.kind == file.kind, "\(error.map { "\($0)" } ?? "nothing thrown")")
    #expect(most <= 2 * file.bytes.count + MemoryTests.constant, "\(most) of \(file.bytes.count)")
  }
}

extension MemoryTests {
  /// The broken files of the other suites, and some whose sizes are the attack.
  static let smallFiles: [Case] = {
    var files = SafetensorsTests.broken.map { header, data, kind in
      Case(
        name: header, bytes: SafetensorsTests.file(header, data: data), format: .safetensors, kind: kind)
    }
    for (length, kind) in SafetensorsTests.lyingLengths {
      let bytes = SafetensorsTests.file(#"{"a":{\#(SafetensorsTests.f4)}}"#, data: 4, length: length)
      files.append(Case(name: "header of \(length)", bytes: bytes, format: .safetensors, kind: kind))
    }
    files += NpyTests.broken.map { dictionary, data, kind in
      Case(name: dictionary, bytes: NpyTests.file(dictionary, data: data), format: .npy, kind: kind)
    }
    files += ZipTests.broken.map { name, bytes, kind in Case(name: name, bytes: bytes, format: .npz, kind: kind) }
    return files
  }()

  /// Text of `count` tensors without elements, and a comma behind each.
  private static func tensors(_ count: Int, tail: String) -> [UInt8] {
    var text = "{"
    for i in 0..<count {
      text += "\"\(String(i, radix: 36))\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},"
    }
    return SafetensorsTests.file(text + tail, data: 0)
  }

  /// A npy file of `count` zeros of one byte, with a header that may promise another number.
  private static func zeros(_ count: Int, promised: Int? = nil) -> [UInt8] {
    NpyTests.file(
      "{'descr': '|u1', 'fortran_order': False, 'shape': (\(promised ?? count),), }\n", data: count)
  }

  private static func archive(_ content: [UInt8], _ change: (inout ZipTests.Archive.Member) -> Void) -> [UInt8] {
    var member = ZipTests.Archive.Member("a.npy", content)
    member.content = Deflate.compress(content.span)
    member.compressedSize = UInt32(member.content.count)
    member.method = 8
    change(&member)
    return ZipTests.Archive([member]).bytes
  }

  static let large: [String: @Sendable () -> Case] = [
    "20,000 tensors and a trailing comma": {
      Case(name: "", bytes: tensors(20_000, tail: "}"), format: .safetensors, kind: .malformed)
    },
    "20,000 tensors, one of them twice": {
      let tail = #""0":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#
      return Case(name: "", bytes: tensors(20_000, tail: tail), format: .safetensors, kind: .duplicate)
    },
    "20,000 tensors and one behind the end": {
      let tail = #""+":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}"#
      return Case(name: "", bytes: tensors(20_000, tail: tail), format: .safetensors, kind: .truncated)
    },
    "100,000 pairs of metadata, one of them twice": {
      let pairs = (0..<100_000).map { "\"\(String($0, radix: 36))\":\"\"," }.joined()
      let bytes = SafetensorsTests.file("{\"__metadata__\":{" + pairs + "\"0\":\"\"}}", data: 0)
      return Case(name: "", bytes: bytes, format: .safetensors, kind: .duplicate)
    },
    "an endless name": {
      let name = String(repeating: "\\u0061", count: 200_000)
      let bytes = SafetensorsTests.file("{\"\(name)\":{\"dtype\":\"U8\"}}", data: 0)
      return Case(name: "", bytes: bytes, format: .safetensors, kind: .malformed)
    },
    "a million zeros, and one more promised": {
      Case(name: "", bytes: zeros(1_000_000, promised: 1_000_001), format: .npy, kind: .truncated)
    },
    "a bomb of 20 MB whose checksum is wrong": {
      Case(name: "", bytes: archive(zeros(20_000_000)) { $0.checksum ^= 1 }, format: .npz, kind: .checksum)
    },
    "a bomb of 20 MB that claims a byte less": {
      Case(name: "", bytes: archive(zeros(20_000_000)) { $0.size -= 1 }, format: .npz, kind: .limit)
    },
    "a bomb of 20 MB that claims a byte more": {
      Case(name: "", bytes: archive(zeros(20_000_000)) { $0.size += 1 }, format: .npz, kind: .malformed)
    },
    "a bomb of 20 MB whose shape is wrong": {
      Case(name: "", bytes: archive(zeros(20_000_000, promised: 5)) { _ in }, format: .npz, kind: .malformed)
    },
    "a bomb of 20 MB that is no npy file": {
      Case(
        name: "", bytes: archive([UInt8](repeating: 0, count: 20_000_000)) { _ in }, format: .npz, kind: .malformed)
    },
    "a claim of 4 GB": {
      Case(name: "", bytes: archive(zeros(1000)) { $0.size = 0xFFFF_FFF0 }, format: .npz, kind: .limit)
    },
    "a directory of 20,000 members, one of them twice": {
      var members = (0..<20_000).map { ZipTests.Archive.Member("\($0).npy", []) }
      members.append(.init("0.npy", []))
      return Case(name: "", bytes: ZipTests.Archive(members).bytes, format: .npz, kind: .duplicate)
    },
    "a directory of 20,000 members that are no npy files": {
      let members = (0..<20_000).map { ZipTests.Archive.Member("\($0).txt", []) }
      return Case(name: "", bytes: ZipTests.Archive(members).bytes, format: .npz, kind: .malformed)
    },
  ]
}
