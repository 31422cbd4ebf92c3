import MartletFormats
import MartletGraph

/// A point of a training run on the disk, from which it goes on bit for bit as if it had never stopped.
///
/// A folder `step-00001234` with `weights.safetensors`, `optimizer.safetensors`, `state.json` and, written last,
/// `manifest.json` with the size and SHA-256 of each. It gets its name when all of it is on the disk, so a crash leaves
/// the older checkpoints and perhaps a temporary folder that nobody takes for one.
public struct Checkpoint: Sendable, Hashable {
  /// The folder.
  public let path: String
  /// The number of training steps that were done.
  public let step: Int

  static let weightsName = "weights.safetensors"
  static let optimizerName = "optimizer.safetensors"
  static let stateName = "state.json"
  /// The version of the format, written into `state.json`.
  public static let version = 1
}

// MARK: - Finding

extension Checkpoint {
  /// The checkpoints in a folder, oldest first, whether or not they are whole; empty if there is no such folder.
  public static func all(in folder: String) throws -> [Checkpoint] {
    guard FileSystem.status(folder)?.isDirectory == true else { return [] }
    return try FileSystem.contents(of: folder).compactMap { name in
      step(of: name).map { Checkpoint(path: "\(folder)/\(name)", step: $0) }
    }.sorted { $0.step < $1.step }
  }

  /// The newest checkpoint in a folder that is whole, contents verified; nil if there is none.
  ///
  /// - Parameter report: Called with a sentence about each newer one that is damaged.
  public static func latest(in folder: String, report: (String) -> Void = printWarning) throws -> Checkpoint? {
    for checkpoint in try all(in: folder).reversed() {
      do {
        try checkpoint.verify()
        return checkpoint
      } catch {
        report("\(error); trying the checkpoint before it")
      }
    }
    return nil
  }

  /// Reads all of it and compares with what was written.
  ///
  /// - Throws: ``CheckpointError`` of kind `damaged` naming file and offset.
  public func verify() throws { try manifest().verify(folder: path, readingContents: true) }

  func manifest() throws -> CheckpointManifest {
    let manifest = try CheckpointManifest(folder: path)
    guard manifest.step == step, manifest.files.map(\.name) == Checkpoint.fileNames else {
      throw CheckpointError(.damaged, path, "has the manifest of another checkpoint (step \(manifest.step))")
    }
    return manifest
  }

  static let fileNames = [weightsName, optimizerName, stateName]

  static func name(of step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(8 - digits.count, 0)) + digits
  }

  /// The step in a checkpoint's name; nil for every other name.
  private static func step(of name: String) -> Int? {
    guard name.hasPrefix("step-"), let step = Int(name.dropFirst(5)), self.name(of: step) == name else { return nil }
    return step
  }
}

// MARK: - Saving

extension Checkpoint {
  /// Writes a checkpoint into `folder`, which is created if need be; one of the same step there is replaced.
  ///
  /// - Parameters:
  ///   - step: The number of training steps done.
  ///   - folder: Where checkpoints are kept, such as `runs/mnist/checkpoints`.
  ///   - model: Parameters and states by name.
  ///   - optimizer: The optimizer's states by name.
  ///   - state: Anything else; position in the data, random generators.
  /// - Returns: The checkpoint, all of it on the disk.
  /// - Throws: ``CheckpointError`` of kind `full` before the first byte if there is no room, or `FormatError` from the
  ///   operating system. Older checkpoints are untouched then.
  @discardableResult
  public static func save(
    step: Int, in folder: String, model: [String: Variable], optimizer: [String: Variable] = [:], state: JSON = [:]
  ) throws -> Checkpoint {
    try FileSystem.createDirectory(folder)
    try checkRoom(for: Array(model.values) + Array(optimizer.values), in: folder)
    TemporaryFolder.removeStale(in: folder)
    let temporary = try TemporaryFolder(in: folder, for: name(of: step))
    do {
      try VariableFile.write(model, to: "\(temporary.path)/\(weightsName)")
      try VariableFile.write(optimizer, to: "\(temporary.path)/\(optimizerName)")
      let content: JSON = ["version": .integer(version), "step": .integer(step), "state": state]
      try AtomicFile.write(content.serializedForReading(), to: "\(temporary.path)/\(stateName)")
      let manifest = try CheckpointManifest(step: step, of: fileNames, in: temporary.path)
      // Writing it also makes the names in the folder durable.
      try AtomicFile.write(manifest.text, to: "\(temporary.path)/\(CheckpointManifest.name)")
      return try temporary.becomes(Checkpoint(path: "\(folder)/\(name(of: step))", step: step))
    } catch {
      temporary.remove()
      throw error
    }
  }

  private static func checkRoom(for variables: [Variable], in folder: String) throws {
    let needed = variables.reduce(1 << 16) { $0 + $1.type.sizeInBytes }
    let free = try FileSystem.freeBytes(at: folder)
    guard Double(free) >= 1.1 * Double(needed) else {
      throw CheckpointError(.full, folder, "a checkpoint needs \(needed) bytes and some room; \(free) are free")
    }
  }
}

// MARK: - Loading

extension Checkpoint {
  /// Puts the values of the checkpoint into variables, all of them or none.
  ///
  /// - Parameter optimizer: The optimizer's states; nil to check what the checkpoint holds of it, and leave it alone.
  /// - Returns: The `state` that was saved.
  /// - Throws: ``CheckpointError``: `damaged` if it is not as it was written, `mismatch` unless names, types and shapes are
  ///   the same on both sides.
  @discardableResult
  public func load(model: [String: Variable], optimizer: [String: Variable]? = nil) throws -> JSON {
    let manifest = try manifest()
    let state = try state(manifest)
    let weights = try tensors(Checkpoint.weightsName, for: model, manifest)
    let moments =
      try optimizer.map { try tensors(Checkpoint.optimizerName, for: $0, manifest) }
      ?? {
        _ = try manifest.verifiedBytes(Checkpoint.optimizerName, folder: path); return [:]
      }()
    for (name, tensor) in weights { model[name]!.tensor = tensor }
    for (name, tensor) in moments { optimizer?[name]?.tensor = tensor }
    return state
  }

  /// The `state` that was saved, verified.
  public func state() throws -> JSON { try state(manifest()) }

  private func tensors(
    _ name: String, for variables: [String: Variable], _ manifest: CheckpointManifest
  ) throws -> [String: Tensor] {
    try VariableFile.tensors(
      manifest.verifiedBytes(name, folder: path), for: variables, path: "\(path)/\(name)")
  }

  private func state(_ manifest: CheckpointManifest) throws -> JSON {
    let file = "\(path)/\(Checkpoint.stateName)"
    let json = try JSON(parsing: manifest.verifiedBytes(Checkpoint.stateName, folder: path), file: file)
    guard json["version"]?.intValue == Checkpoint.version else {
      throw CheckpointError(.mismatch, file, "is of version \(json["version"] ?? .null), not \(Checkpoint.version)")
    }
    guard json["step"]?.intValue == step, let state = json["state"] else {
      throw CheckpointError(.damaged, file, "is of another step than \(step)", offset: 0)
    }
    return state
  }
}
