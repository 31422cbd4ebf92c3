import MartletFormats
import MartletGraph

extension String {
  /// The text with a mark for each control character: names from files must not command a terminal.
  fileprivate var withoutControls: String {
    guard unicodeScalars.contains(where: { $0.value < 32 || 127...159 ~= $0.value }) else { return self }
    var text = String.UnicodeScalarView()
    for scalar in unicodeScalars { text.append(scalar.value < 32 || 127...159 ~= scalar.value ? "\u{FFFD}" : scalar) }
    return String(text)
  }
}

/// Reads what ``ProfileWriter`` writes; every index and number is checked.
struct ProfileReader {
  private let object: JSONObject
  private let file: String
  private let strings: [String]

  init(_ json: JSON, file: String) throws(FormatError) {
    guard let object = json.objectValue, object["format"]?.stringValue == ProfileWriter.format else {
      throw FormatError(.malformed, file: file, "is not a profile of Martlet")
    }
    let version = object["version"]?.intValue ?? 0
    guard version == ProfileWriter.version else {
      throw FormatError(.unsupported, file: file, "is a profile of version \(version), not \(ProfileWriter.version)")
    }
    guard let strings = object["strings"]?.arrayValue else {
      throw FormatError(.malformed, file: file, "has no table of strings")
    }
    var table: [String] = []
    for string in strings {
      guard let text = string.stringValue else {
        throw FormatError(.malformed, file: file, "string \(table.count) is not a string")
      }
      table.append(text.withoutControls)
    }
    (self.object, self.file, self.strings) = (object, file, table)
  }

  private func fields(_ name: String) throws(FormatError) -> FieldReader {
    try FieldReader(object[name], name, file: file, strings: strings)
  }

  private func list<Item>(
    _ name: String, _ read: (inout FieldReader) throws(FormatError) -> Item
  ) throws(FormatError) -> [Item] {
    var outer = try FieldReader(.array([object[name] ?? .null]), name, file: file, strings: strings)
    return try outer.list("item", read)
  }

  func profile() throws(FormatError) -> Profile {
    guard let name = object["name"]?.stringValue else {
      throw FormatError(.malformed, file: file, "has no name")
    }
    var profile = Profile(name: name.withoutControls, machine: try machine())
    profile.frames = try list("frames") { (fields) throws(FormatError) in
      let (source, line, column) = (try fields.text(), try fields.int(), try fields.int())
      return Frame(file: source, line: line, column: column, function: try fields.text())
    }
    let frameCount = profile.frames.count
    profile.stacks = try list("stacks") { (fields) throws(FormatError) in
      var stack: [Int] = []
      while !fields.isAtEnd { stack.append(try fields.index(below: frameCount)) }
      return stack
    }
    let stackCount = profile.stacks.count
    profile.variables = try list("variables") { (fields) throws(FormatError) in try fields.variable(stackCount) }
    let variableCount = profile.variables.count
    profile.programs = try list("programs") { (fields) throws(FormatError) in
      try fields.program(stackCount, variableCount)
    }
    let kernelCounts = profile.programs.map(\.kernels.count)
    profile.steps = try list("steps") { (fields) throws(FormatError) in try fields.step(stackCount, kernelCounts) }
    profile.memory = try memory(stackCount)
    var overhead = try fields("overhead")
    profile.overhead = ProfileOverhead(
      recordingNanoseconds: try overhead.int(), recordedStepNanoseconds: try overhead.int(),
      plainStepNanoseconds: try overhead.int(), droppedEvents: try overhead.int())
    return profile
  }

  private func machine() throws(FormatError) -> MachineFacts {
    var fields = try fields("machine")
    var machine = MachineFacts(name: try fields.text(), threads: try fields.int(), processors: try fields.int())
    machine.memoryBytes = try fields.int()
    machine.computePeaks = try fields.list("peak") { (peak) throws(FormatError) in
      let (type, threads) = (try peak.elementType(), try peak.int())
      return ComputePeak(type, threads: threads, floatingPointOperationsPerSecond: try peak.number())
    }
    machine.bandwidths = try fields.list("bandwidth") { (bandwidth) throws(FormatError) in
      let (level, capacity, threads) = (try bandwidth.text(), try bandwidth.int(), try bandwidth.int())
      return MemoryBandwidth(
        level: level, capacityBytes: capacity, threads: threads, bytesPerSecond: try bandwidth.number())
    }
    return machine
  }

  private func memory(_ stackCount: Int) throws(FormatError) -> MemoryRecord {
    var fields = try fields("memory")
    var memory = MemoryRecord(budgetBytes: try fields.int())
    memory.allocations = try fields.list("allocation") { (item) throws(FormatError) in
      var allocation = AllocationRecord(
        name: try item.text(), bytes: try item.int(), kind: try item.value(MemoryKind.self),
        startNanoseconds: try item.int())
      allocation.endNanoseconds = try item.optionalInt(allocation.startNanoseconds...FieldReader.largest)
      allocation.layerPath = try item.text()
      allocation.stack = try item.optionalIndex(below: stackCount)
      return allocation
    }
    memory.samples = try fields.flatList("samples") { (item) throws(FormatError) in
      MemorySample(nanoseconds: try item.int(), reservedBytes: try item.int(), residentBytes: try item.int())
    }
    return memory
  }
}
