import MartletFormats

/// What it costs to open a file of many tensors, and to read JSON.
enum FileCosts {
  static func measured(tensors: Int) throws -> [Overhead.Measurement] {
    let count = max(tensors, 10)
    var text = "{"
    for index in 0..<count {
      let name = "model.layers.\(index / 10).attention.\(index % 10).weight"
      text += index == 0 ? "" : ","
      text += "\"\(name)\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[\(24 * index),\(24 * (index + 1))]}"
    }
    text += "}"
    let header = Array(text.utf8)
    var file = withUnsafeBytes(of: UInt64(header.count).littleEndian) { [UInt8]($0) }
    file += header
    file += [UInt8](repeating: 0, count: 24 * count)
    let bytes = SharedBytes(file)
    let opening = try (0..<7).map { _ in
      try ContinuousClock().measure { _ = try SafetensorsFile(bytes: bytes) }.inSeconds * 1e3
    }
    let json = SharedBytes(header)
    let reading = try (0..<7).map { _ in try ContinuousClock().measure { _ = try JSON(parsing: json) }.inSeconds * 1e9 }
    return [
      .init("opening a safetensors file of \(count) tensors", median(opening), "ms", bar: 1 + 1e-3 * Double(count)),
      .init("reading the same header as JSON", median(reading) / Double(header.count), "ns a byte"),
    ]
  }
}
