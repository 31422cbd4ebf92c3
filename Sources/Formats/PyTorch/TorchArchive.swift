/// The zip form of a PyTorch file: one pickle, and a member for each storage.
struct TorchArchive {
  let machine: PickleMachine
  let root: PickleValue
  let storages: TorchStorages

  init(_ bytes: SharedBytes, file: String, limits: ZipLimits) throws(FormatError) {
    let zip = try ZipFile(bytes: bytes, file: file, limits: limits)
    let prefix = try TorchArchive.prefix(of: zip)
    if let order = zip[prefix + "byteorder"] {
      let text = String(decoding: try zip.read(order).array.prefix(16), as: UTF8.self)
      guard text == "little" else {
        throw FormatError(
          .unsupported, file: file,
          "was written on a machine of byte order \(FormatError.quoted(text)); save it again on a little-endian one")
      }
    }
    var machine = PickleMachine(try zip.read(zip[prefix + "data.pkl"]!), file: file)
    root = try machine.run()
    var members: [ZipFile.Member] = []
    for storage in machine.storages {
      guard let member = zip[prefix + "data/" + storage.key] else {
        throw FormatError(.missing, file: file, "has no storage \(FormatError.quoted(storage.key))")
      }
      guard member.size == storage.sizeInBytes else {
        throw FormatError(
          .malformed, file: file,
          "storage \(FormatError.quoted(storage.key)) has \(member.size) bytes, its tensors want \(storage.sizeInBytes)"
        )
      }
      members.append(member)
    }
    self.machine = machine
    storages = TorchStorages(members, in: zip)
  }

  /// The folder in the archive that everything lies in.
  private static func prefix(of zip: ZipFile) throws(FormatError) -> String {
    let pickles = zip.members.map(\.name).filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
    guard pickles.count == 1 else {
      throw FormatError(.malformed, file: zip.file, "is no PyTorch file: it has \(pickles.count) members data.pkl")
    }
    let prefix = String(pickles[0].dropLast("data.pkl".count))
    guard !zip.members.contains(where: { $0.name.hasPrefix(prefix + "code/") }) else {
      throw FormatError(.unsupported, file: zip.file, "is a TorchScript program; save its state_dict instead")
    }
    return prefix
  }
}
