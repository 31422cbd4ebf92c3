/// How long a file of weights takes to open and to read, beside the machine's own speed of copying memory.
///
/// The file is opened again for each round, so that reading includes what the system does to map its pages; the pages
/// themselves are in memory after the first round.
public struct LoadingSpeed: Sendable {
  /// The path.
  public let file: String
  /// The number of tensors.
  public let tensorCount: Int
  /// The bytes of all tensors, quantized ones decoded.
  public let sizeInBytes: Int
  /// Seconds to open the file: the median of all rounds.
  public let openingSeconds: Double
  /// Bytes a second from the opened file into memory that is there: the best round.
  public let readBytesPerSecond: Double
  /// Bytes a second of copying as much memory in pieces of the same sizes: the best round.
  public let copyBytesPerSecond: Double

  /// Opens and reads the file at `path` again and again.
  ///
  /// - Parameter rounds: How often; opening is repeated ten times as often.
  /// - Throws: `FormatError` if the file cannot be read or has more than 4 GiB of tensors, which are held twice.
  public init(path: String, rounds: Int = 7) throws(FormatError) {
    let first = try WeightFile(path: path)
    let entries = first.entries.filter { $0.dtype != nil }
    var (size, sizes) = (0, [Int]())
    for entry in entries {
      sizes.append(try first.tensor(entry.name).bytes.count)
      size += sizes[sizes.count - 1]
      guard size <= 4 << 30 else { throw FormatError(.limit, file: path, "has more than 4 GiB of tensors to time") }
    }
    file = path
    (tensorCount, sizeInBytes) = (first.entries.count, size)
    openingSeconds = try LoadingSpeed.opening(path, rounds: rounds * 10)
    let target = UnsafeMutableRawBufferPointer.allocate(byteCount: max(size, 1), alignment: 4096)
    let source = UnsafeMutableRawBufferPointer.allocate(byteCount: max(size, 1), alignment: 4096)
    defer {
      target.deallocate()
      source.deallocate()
    }
    source.initializeMemory(as: UInt8.self, repeating: 1)
    target.initializeMemory(as: UInt8.self, repeating: 2)
    var (copying, reading) = (Double.infinity, Double.infinity)
    for _ in 0..<rounds {
      copying = min(copying, LoadingSpeed.seconds { LoadingSpeed.copy(source, sizes, to: target) })
      reading = min(reading, try LoadingSpeed.reading(path, entries.map(\.name), into: target))
    }
    readBytesPerSecond = Double(size) / reading
    copyBytesPerSecond = Double(size) / copying
  }

  private static func opening(_ path: String, rounds: Int) throws(FormatError) -> Double {
    var times: [Double] = []
    for _ in 0..<rounds {
      var file: WeightFile?
      times.append(try seconds { () throws(FormatError) in file = try WeightFile(path: path) })
      withExtendedLifetime(file) {}
    }
    return times.sorted()[times.count / 2]
  }

  private static func copy(
    _ source: UnsafeMutableRawBufferPointer, _ sizes: [Int], to target: UnsafeMutableRawBufferPointer
  ) {
    var position = 0
    for size in sizes {
      let piece = UnsafeRawBufferPointer(rebasing: source[position..<(position + size)])
      UnsafeMutableRawBufferPointer(rebasing: target[position...]).copyMemory(from: piece)
      position += size
    }
  }

  private static func reading(
    _ path: String, _ names: [String], into target: UnsafeMutableRawBufferPointer
  ) throws(FormatError) -> Double {
    let file = try WeightFile(path: path)
    return try seconds { () throws(FormatError) in
      var position = 0
      for name in names {
        let bytes = try file.tensor(name).bytes
        bytes.copy(to: UnsafeMutableRawBufferPointer(rebasing: target[position..<(position + bytes.count)]))
        position += bytes.count
      }
    }
  }

  private static func seconds<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    try body()
    let time = (clock.now - start).components
    return Double(time.seconds) + Double(time.attoseconds) * 1e-18
  }
}

extension LoadingSpeed: CustomStringConvertible {
  /// One line for people.
  public var description: String {
    func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
    return
      "\(file): \(tensorCount) tensors opened in \(rounded(openingSeconds * 1e3)) ms; \(sizeInBytes) bytes read at "
      + "\(rounded(readBytesPerSecond / 1e9)) GB/s, copied at \(rounded(copyBytesPerSecond / 1e9)) GB/s"
  }

  /// The numbers as JSON.
  public var json: JSON {
    [
      "file": .string(file), "tensors": .integer(tensorCount), "bytes": .integer(sizeInBytes),
      "openingSeconds": .number(openingSeconds), "readBytesPerSecond": .number(readBytesPerSecond),
      "copyBytesPerSecond": .number(copyBytesPerSecond),
    ]
  }
}
