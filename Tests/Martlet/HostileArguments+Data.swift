import Martlet
import MartletFormats
import MartletGraph

// Bytes from outside that became tensors, weights and texts elsewhere although they should not have.
extension HostileCase {
  static let data: [HostileCase] = [
    HostileCase(
      name: "text",
      variants: [
        no("order 0") { v([BLEU(order: 0).value]) },
        no("order 9223372036854775807") { v([BLEU(order: .max).value]) },
        no("run -1") { v([ROUGE(.runs(-1)).f1]) },
        no("run -9223372036854775808") { v([ROUGE(.runs(.min)).f1]) },
        // A text is never the format of another.
        no("%s%n") { einsum("%s%n->i", f([2])) },
        no("%s%n%n") {
          throw WrongText(
            try Dense(1, 1, hasBias: false).load(["weight": stored([1], [1, 1]), "%s%n%n": stored([], [0])]))
        },
        no("UTF-8") { throw WrongText(try JSON(parsing: bytes([0x22, 0xC3, 0x28, 0x22]))) },
        no("UTF-8") { throw WrongText(try JSON(parsing: bytes([0x22, 0xED, 0xA0, 0x80, 0x22]))) },
        yes([], [0]) { Tensor(score(.max)) },
        yes([], [1]) { Tensor(ErrorRate.of("", "a")) },
      ]),
    HostileCase(
      name: "images",
      variants: [
        no("PNG") { try picture(PNG.decode(bytes(png(width: 1 << 31 - 1, height: 1 << 31 - 1)))) },
        no("PNG") { try picture(PNG.decode(bytes(png(width: 0, height: 4)))) },
        no("PNG") { try picture(PNG.decode(bytes(Array(png(width: 4, height: 4).dropLast(9))))) },
        no("BMP") { try picture(Bitmap.decode(bytes(bmp(width: 30_000, height: -30_000)))) },
        no("BMP") { try picture(Bitmap.decode(bytes(bmp(width: 4, height: .min)))) },
        no("BMP") { try picture(Bitmap.decode(bytes(bmp(width: 4, height: 4)))) },
        no { try picture(PortableAnymap.decode(bytes(Array("P6 99999999999999999999 1 255\n".utf8)))) },
        no { try picture(PortableAnymap.decode(bytes(Array("P5 2 2 255\n\u{1}".utf8)))) },
        no("cannot") { throw WrongText(try PNG.encode(Image(height: 0, width: 0, channels: 3, pixels: []))) },
      ]),
    HostileCase(
      name: "raw bytes",
      variants: [
        no("npy") { try raw(Npy.decode(bytes(npy("<f4", "(3,)", count: 10)))) },
        no("npy") { try raw(Npy.decode(bytes(npy("<f8", "(65536, 65536)", count: 16)))) },
        no("npy") { try raw(Npy.decode(bytes(npy("<f8", "(4611686018427387904, 4, 0)", count: 0)))) },
        no("npy") { try raw(Npy.decode(bytes(npy("|O", "(1,)", count: 8)))) },
        no("IDX") { try raw(IDX.decode(bytes([0, 0, 0x0D, 1, 0, 0, 0, 2, 1, 2, 3]))) },
        no("IDX") { try raw(IDX.decode(bytes([0, 0, 8, 3] + [UInt8](repeating: 0xFF, count: 12)))) },
        yes([2], [1, 1]) { try raw(Npy.decode(bytes(npy("|b1", "(2,)", count: 2)))) },
        yes([0], []) { try raw(Npy.decode(bytes(npy("<f4", "(0,)", count: 0)))) },
      ]),
    HostileCase(
      name: "checkpoints",
      variants: [
        no("does not have it") { try loaded([:]) },
        no("bias") { try loaded(["weight": stored([1, 2], [2, 1])]) },
        no("other") {
          try loaded(["weight": stored([1, 2], [2, 1]), "bias": stored([3], [1]), "other": stored([], [0])])
        },
        no("[1, 2]") { try loaded(["weight": stored([1, 2], [1, 2]), "bias": stored([3], [1])]) },
        no("float64") { try loaded(["weight": StoredTensor([1.0, 2], shape: [2, 1]), "bias": stored([3], [1])]) },
        no("safetensors") {
          throw WrongText(try SafetensorsFile(bytes: bytes([255, 255, 255, 255, 255, 255, 255, 127])))
        },
        no("safetensors") { throw WrongText(try SafetensorsFile(bytes: bytes(safetensors("[0,8]")))) },
        no("safetensors") { throw WrongText(try SafetensorsFile(bytes: bytes(safetensors("[4,0]")))) },
        yes([1, 1], [14]) { try loaded(["weight": stored([1, 2], [2, 1]), "bias": stored([3], [1])]) },
      ]),
  ]

  /// What should have been refused, as an error that no variant expects.
  private struct WrongText: Error, CustomStringConvertible {
    let description = "nothing said"
    init(_: some Any) {}
  }

  private static func bytes(_ array: [UInt8]) -> SharedBytes { SharedBytes(array) }

  private static func picture(_ image: Image) -> Tensor {
    Tensor(image.pixels, shape: [image.height, image.width, image.channels])
  }

  private static func raw(_ stored: StoredTensor) throws -> Tensor {
    Tensor(type: TensorType(stored.dtype, stored.shape)) { memory in
      stored.bytes.withUnsafeBytes { memory.copyMemory(from: $0) }
    }
  }

  private static func stored(_ values: [Float], _ shape: Shape) -> StoredTensor { StoredTensor(values, shape: shape) }

  /// What a dense layer with these weights gives for 3 and 4; with ones, where they are refused and nothing is applied.
  private static func loaded(_ weights: [String: StoredTensor]) throws -> Tensor {
    let layer = Dense(2, 1, initializer: .ones)
    let x = Tensor([[3, 4]] as [[Float]])
    do {
      try layer.load(weights)
    } catch {
      precondition(layer(x).scalar == 7, "something was applied")
      throw error
    }
    return layer(x)
  }

  private static func score(_ size: Int) -> Double {
    var rouge = ROUGE(.runs(size))
    rouge.update(prediction: ["a"], reference: ["a"])
    return rouge.f1
  }
}

extension ErrorRate {
  fileprivate static func of(_ said: String, _ meant: String) -> Double {
    var rate = ErrorRate()
    rate.update(words: said, reference: meant)
    return rate.value
  }
}

// MARK: - Files that lie

/// A PNG of these sizes without any pixel; its checksums are right.
private func png(width: Int, height: Int) -> [UInt8] {
  func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + data
    return big(data.count) + body + big(Int(CRC32.checksum(SharedBytes(body))))
  }
  let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  return signature + chunk("IHDR", big(width) + big(height) + [8, 2, 0, 0, 0]) + chunk("IEND", [])
}

/// A bitmap's header, and one pixel.
private func bmp(width: Int32, height: Int32) -> [UInt8] {
  Array("BM".utf8) + [UInt8](repeating: 0, count: 8) + little(54) + little(40) + little(Int(width))
    + little(Int(height)) + [1, 0, 24, 0] + [UInt8](repeating: 0, count: 24) + [1, 2, 3]
}

private func npy(_ descr: String, _ shape: String, count: Int) -> [UInt8] {
  let text = Array("{'descr': '\(descr)', 'fortran_order': False, 'shape': \(shape), }\n".utf8)
  let size = [UInt8(text.count % 256), UInt8(text.count / 256)]
  return [0x93] + Array("NUMPY".utf8) + [1, 0] + size + text + [UInt8](repeating: 2, count: count)
}

/// One tensor of one float at offsets that the data may not have.
private func safetensors(_ offsets: String) -> [UInt8] {
  let text = Array("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":\(offsets)}}".utf8)
  return little(text.count) + [0, 0, 0, 0] + text + [0, 0, 128, 63]
}

private func little(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
private func big(_ number: Int) -> [UInt8] { little(number).reversed() }
