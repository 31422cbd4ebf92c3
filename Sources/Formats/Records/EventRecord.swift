/// One record of a TensorBoard event file: a step of a run, and what was noted at it.
public struct EventRecord: Sendable, Hashable {
  /// What a tag holds at a step.
  public enum Value: Sendable, Hashable {
    case scalar(Float)
    case histogram(EventHistogram)
    case text(String)
    /// A PNG picture.
    case image(height: Int, width: Int, png: [UInt8])
    /// Something that is not read here (audio, graphs, tensors of other plug-ins).
    case other
  }

  /// Seconds since 1970.
  public var wallTime: Double
  /// The step of the run.
  public var step: Int
  /// The version of the format, in the first record of a file only.
  public var fileVersion: String?
  /// What was noted, by tag, in the order of the record.
  public var values: [Summary]

  /// A tag with its value.
  public struct Summary: Sendable, Hashable {
    public var tag: String
    public var value: Value

    /// A tag with its value.
    public init(tag: String, value: Value) {
      self.tag = tag
      self.value = value
    }
  }

  /// A record of the given values.
  public init(wallTime: Double, step: Int, values: [Summary] = [], fileVersion: String? = nil) {
    self.wallTime = wallTime
    self.step = step
    self.values = values
    self.fileVersion = fileVersion
  }
}

/// How often values fell between limits.
public struct EventHistogram: Sendable, Hashable {
  public var minimum, maximum, count, sum, sumOfSquares: Double
  /// The upper limit of each bucket, ascending; a bucket begins where the one before ends.
  public var limits: [Double]
  /// The number of values in each bucket.
  public var counts: [Double]

  /// A histogram of the given parts.
  public init(
    minimum: Double, maximum: Double, count: Double, sum: Double, sumOfSquares: Double, limits: [Double],
    counts: [Double]
  ) {
    self.minimum = minimum
    self.maximum = maximum
    self.count = count
    self.sum = sum
    self.sumOfSquares = sumOfSquares
    self.limits = limits
    self.counts = counts
  }

  /// The histogram of values in buckets whose limits grow by a tenth, from 10⁻¹² on, to both sides of zero.
  ///
  /// Values that are not finite are left out.
  public init(of values: some Sequence<Float>) {
    let limits = EventHistogram.defaultLimits
    var counts = [Double](repeating: 0, count: limits.count)
    var (low, high, sum, squares, count) = (Double.infinity, -Double.infinity, 0.0, 0.0, 0.0)
    for value in values where value.isFinite {
      let value = Double(value)
      (low, high) = (min(low, value), max(high, value))
      (sum, squares, count) = (sum + value, squares + value * value, count + 1)
      counts[EventHistogram.bucket(of: value, limits)] += 1
    }
    let used = counts.indices.filter { counts[$0] > 0 }
    // One empty bucket before the first, so that it has a lower limit.
    let first = max((used.first ?? 0) - 1, 0)
    let last = used.last ?? first
    self.init(
      minimum: count > 0 ? low : 0, maximum: count > 0 ? high : 0, count: count, sum: sum, sumOfSquares: squares,
      limits: Array(limits[first...last]), counts: Array(counts[first...last]))
  }

  private static let defaultLimits: [Double] = {
    var positive: [Double] = []
    var limit = 1e-12
    while limit < 1e20 {
      positive.append(limit)
      limit *= 1.1
    }
    return positive.reversed().map { -$0 } + [0] + positive + [Double.greatestFiniteMagnitude]
  }()

  /// The first bucket whose limit is above the value.
  private static func bucket(of value: Double, _ limits: [Double]) -> Int {
    var (low, high) = (0, limits.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if limits[middle] > value { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension EventRecord {
  /// Reads a record.
  ///
  /// - Throws: `FormatError` if the bytes are no event.
  public init(_ record: SharedBytes, file: String = "event") throws(FormatError) {
    self.init(wallTime: 0, step: 0)
    var reader = ProtobufReader(record, file: file)
    while let (number, value) = try reader.next() {
      switch number {
      case 1: wallTime = try value.double(file: file)
      case 2: step = Int(Int64(bitPattern: try value.varint(file: file)))
      case 3: fileVersion = try value.string(file: file)
      case 5:
        var summary = ProtobufReader(try value.bytes(file: file), file: file)
        while let (number, value) = try summary.next() {
          if number == 1 { values.append(try EventRecord.summary(try value.bytes(file: file), file)) }
        }
      default: break
      }
    }
  }

  private static func summary(_ bytes: SharedBytes, _ file: String) throws(FormatError) -> Summary {
    var reader = ProtobufReader(bytes, file: file)
    var result = Summary(tag: "", value: .other)
    while let (number, value) = try reader.next() {
      switch number {
      case 1: result.tag = try value.string(file: file)
      case 2: result.value = .scalar(try value.float(file: file))
      case 4: result.value = try image(try value.bytes(file: file), file)
      case 5: result.value = .histogram(try EventHistogram(try value.bytes(file: file), file))
      case 8: result.value = try tensor(try value.bytes(file: file), file)
      default: break
      }
    }
    return result
  }

  private static func image(_ bytes: SharedBytes, _ file: String) throws(FormatError) -> Value {
    var reader = ProtobufReader(bytes, file: file)
    var (height, width, png) = (0, 0, [UInt8]())
    while let (number, value) = try reader.next() {
      switch number {
      case 1: height = Int(Int32(truncatingIfNeeded: try value.varint(file: file)))
      case 2: width = Int(Int32(truncatingIfNeeded: try value.varint(file: file)))
      case 4: png = try value.bytes(file: file).array
      default: break
      }
    }
    return .image(height: height, width: width, png: png)
  }

  /// A tensor that is one float (how newer writers note scalars) or one text.
  private static func tensor(_ bytes: SharedBytes, _ file: String) throws(FormatError) -> Value {
    var reader = ProtobufReader(bytes, file: file)
    var dtype: UInt64 = 0
    var (content, floats, texts): (SharedBytes?, [Float], [String]) = (nil, [], [])
    while let (number, value) = try reader.next() {
      switch number {
      case 1: dtype = try value.varint(file: file)
      case 4: content = try value.bytes(file: file)
      case 5:
        if case .bytes(let packed) = value {
          floats += try ProtobufReader.packed32(packed, file: file).map { Float(bitPattern: $0) }
        } else {
          floats.append(try value.float(file: file))
        }
      case 8: texts.append(try value.string(file: file))
      default: break
      }
    }
    if dtype == 1, let content, content.count == 4 {
      floats = try ProtobufReader.packed32(content, file: file).map { Float(bitPattern: $0) }
    }
    if dtype == 1, floats.count == 1 { return .scalar(floats[0]) }
    return dtype == 7 && !texts.isEmpty ? .text(texts.joined(separator: "\n")) : .other
  }

  /// The record as it stands in an event file.
  public func encoded() -> [UInt8] {
    var writer = ProtobufWriter()
    writer.double(1, wallTime)
    if step != 0 { writer.varint(2, UInt64(bitPattern: Int64(step))) }
    if let fileVersion { writer.string(3, fileVersion) }
    if !values.isEmpty {
      writer.message(5) { summary in for value in values { summary.message(1) { EventRecord.write(value, into: &$0) } }
      }
    }
    return writer.bytes
  }

  private static func write(_ summary: Summary, into writer: inout ProtobufWriter) {
    writer.string(1, summary.tag)
    switch summary.value {
    case .scalar(let value): writer.float(2, value)
    case .histogram(let histogram): writer.message(5) { histogram.write(into: &$0) }
    case .text(let text):
      // A tensor of one text, marked for the plug-in that shows texts.
      writer.message(8) { tensor in
        tensor.varint(1, 7)
        tensor.message(2) { $0.message(2) { $0.varint(1, 1) } }
        tensor.string(8, text)
      }
      writer.message(9) { $0.message(1) { $0.string(1, "text") } }
    case .image(let height, let width, let png):
      writer.message(4) { image in
        image.varint(1, UInt64(height))
        image.varint(2, UInt64(width))
        image.varint(3, 3)
        image.bytes(4, png)
      }
    case .other: break
    }
  }
}

extension EventHistogram {
  fileprivate init(_ bytes: SharedBytes, _ file: String) throws(FormatError) {
    self.init(minimum: 0, maximum: 0, count: 0, sum: 0, sumOfSquares: 0, limits: [], counts: [])
    var reader = ProtobufReader(bytes, file: file)
    while let (number, value) = try reader.next() {
      switch number {
      case 1: minimum = try value.double(file: file)
      case 2: maximum = try value.double(file: file)
      case 3: count = try value.double(file: file)
      case 4: sum = try value.double(file: file)
      case 5: sumOfSquares = try value.double(file: file)
      case 6: limits += try EventHistogram.doubles(value, file)
      case 7: counts += try EventHistogram.doubles(value, file)
      default: break
      }
    }
    guard limits.count == counts.count else {
      throw FormatError(.malformed, file: file, "histogram has \(limits.count) limits and \(counts.count) counts")
    }
  }

  private static func doubles(_ value: ProtobufReader.Value, _ file: String) throws(FormatError) -> [Double] {
    guard case .bytes(let packed) = value else { return [try value.double(file: file)] }
    return try ProtobufReader.packed64(packed, file: file).map { Double(bitPattern: $0) }
  }

  fileprivate func write(into writer: inout ProtobufWriter) {
    for (i, value) in [minimum, maximum, count, sum, sumOfSquares].enumerated() { writer.double(i + 1, value) }
    writer.packed(6, doubles: limits)
    writer.packed(7, doubles: counts)
  }
}
