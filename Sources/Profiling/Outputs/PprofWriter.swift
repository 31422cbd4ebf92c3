import MartletFormats

/// Writes the code view in the format of `pprof`.
///
/// The first value of each sample is how often its operation ran, the others are the chosen columns: `go tool pprof
/// -sample_index=1` shows the first of them.
///
/// - Note: The message `perftools.profiles.Profile` of github.com/google/pprof, `proto/profile.proto`.
struct PprofWriter {
  private let view: ProfileView
  private let columns: [ProfileColumn]
  private let strings = StringTable([""])
  private var functions: [Function: Int] = [:]
  private var locations: [Location: Int] = [:]
  private var output = ProtobufWriter()

  private struct Function: Hashable {
    let name, file: String
  }

  private struct Location: Hashable {
    let function, line: Int
  }

  init(_ view: ProfileView) throws(ProfileError) {
    guard view.kind == .code else {
      throw ProfileError(.notForThisView, "output", "pprof shows calls, so it needs the code view")
    }
    self.view = view
    columns = ProfileColumn.allCases.filter { view.options.columns.contains($0) && $0.isNumber && $0 != .occurrence }
    guard !columns.isEmpty else {
      throw ProfileError(.notForThisView, "select", "pprof needs at least one column of numbers")
    }
  }

  /// The file, compressed by gzip.
  mutating func file() -> [UInt8] {
    addType("count", "count")
    for column in columns { addType(column.rawValue, column.pprofUnit) }
    for row in view.rows { for operation in row.operations { addSample(row, operation) } }
    for (location, id) in locations.sorted(by: { $0.value < $1.value }) {
      output.add(4) { message in
        message.add(1, id)
        message.add(4) { line in
          line.add(1, location.function)
          line.add(2, location.line)
        }
      }
    }
    for (function, id) in functions.sorted(by: { $0.value < $1.value }) {
      let (name, file) = (strings.index(of: function.name), strings.index(of: function.file))
      output.add(5) { message in
        message.add(1, id)
        message.add(2, name)
        message.add(3, name)
        message.add(4, file)
      }
    }
    let comments = columns.map { strings.index(of: "\($0.rawValue): \($0.documentation)") }
    for comment in comments { output.add(13, comment) }
    for string in strings.strings { output.add(6, string) }
    return Gzip.compress(SharedBytes(output.bytes))
  }

  private mutating func addType(_ type: String, _ unit: String) {
    let (type, unit) = (strings.index(of: type), strings.index(of: unit))
    output.add(1) { message in
      message.add(1, type)
      message.add(2, unit)
    }
  }

  private mutating func addSample(_ row: ProfileRow, _ operation: ProfileRow.Operation) {
    let table = view.table
    let entry = table.starts[operation.program] + operation.index
    let record = table.record(entry)
    var places: [Int] = []
    let frames = (record.stack.map { table.profile.stacks[$0] } ?? []).map { table.profile.frames[$0] }
    if record.phase != .forward || frames.isEmpty {
      // The innermost place says which part of the step it is, so that derivatives stand out.
      let inner = frames.first ?? Frame(file: "", line: 0, function: record.type)
      let suffix = ["forward": "", "backward": " (gradient)", "update": " (update)"][record.phase.rawValue]!
      places.append(location(Frame(file: inner.file, line: inner.line, function: inner.function + suffix)))
    }
    places += frames.map { location($0) }
    let measures = table.entries[entry].measures
    let values = [ProfileColumn.occurrence] + columns
    let label = (strings.index(of: "operation"), strings.index(of: record.name))
    output.add(2) { message in
      message.add(1, packed: places)
      message.add(2, packed: values.map { Int(saturating: $0.pprofValue(measures)) })
      message.add(3) { labels in
        labels.add(1, label.0)
        labels.add(2, label.1)
      }
    }
  }

  private mutating func location(_ frame: Frame) -> Int {
    // Many functions are called alike, so the file is part of the name, as in tfprof.
    let file = frame.file.split(separator: "/").last?.split(separator: ".").first.map(String.init) ?? "?"
    let key = Function(name: frame.function.isEmpty ? frame.label : "\(file):\(frame.function)", file: frame.file)
    let function = functions[key] ?? functions.count + 1
    functions[key] = function
    let place = Location(function: function, line: frame.line)
    let id = locations[place] ?? locations.count + 1
    locations[place] = id
    return id
  }
}

extension ProfileColumn {
  private var isTime: Bool {
    switch self {
    case .micros, .acceleratorMicros, .cpuMicros, .forwardMicros, .backwardMicros, .updateMicros: true
    default: false
    }
  }

  fileprivate var pprofUnit: String {
    switch self {
    case .bytes, .peakBytes, .residualBytes, .outputBytes: "bytes"
    default: isTime ? "nanoseconds" : "count"
    }
  }

  /// Times as nanoseconds, because whole microseconds would lose short operations.
  fileprivate func pprofValue(_ measures: Measures) -> Double { value(measures) * (isTime ? 1000 : 1) }
}
