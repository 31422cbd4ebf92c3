/// The file formats that weights come in.
public enum WeightFormat: String, Sendable, Hashable, CaseIterable {
  /// One safetensors file.
  case safetensors
  /// A GGUF file, as llama.cpp uses.
  case gguf
  /// What `torch.save` writes.
  case torch
  /// A numpy archive.
  case npz
  /// One numpy tensor.
  case npy
  /// An index of shards, safetensors or PyTorch files.
  case index

  /// The format that a path's ending stands for; nil if none does.
  public init?(path: String) {
    let name = FileSystem.lastComponent(of: path).lowercased()
    let endings: [(String, WeightFormat)] = [
      (".index.json", .index), (".safetensors", .safetensors), (".gguf", .gguf), (".npz", .npz), (".npy", .npy),
      (".pt", .torch), (".pth", .torch), (".bin", .torch), (".ckpt", .torch),
    ]
    guard let format = endings.first(where: { name.hasSuffix($0.0) })?.1 else { return nil }
    self = format
  }

  /// The format that bytes begin like; nil if none does.
  static func recognized(_ bytes: SharedBytes, path: String) -> WeightFormat? {
    if GGUFFile.recognizes(bytes) { return .gguf }
    let start = bytes[0..<min(bytes.count, 9)].array
    if start.starts(with: [0x93] + Array("NUMPY".utf8)) { return .npy }
    if start.starts(with: [0x50, 0x4B, 3, 4]) || start.starts(with: [0x50, 0x4B, 5, 6]) {
      return WeightFormat(path: path) == .npz ? .npz : WeightFormat.archive(bytes, path)
    }
    if TorchLegacy.recognizes(bytes) { return .torch }
    // A header length below 2³² before a brace; text has no zero bytes.
    if start.count == 9, start[8] == 0x7B, start[4..<8].allSatisfy({ $0 == 0 }) { return .safetensors }
    if start.first == 0x7B { return .index }
    return nil
  }

  private static func archive(_ bytes: SharedBytes, _ path: String) -> WeightFormat {
    guard let zip = try? ZipFile(bytes: bytes, file: path) else { return .torch }
    return zip.members.allSatisfy { $0.name.hasSuffix(".npy") } ? .npz : .torch
  }
}
