import MartletFormats

extension Trainer {
  /// What a checkpoint holds beside the model.
  private var auxiliary: [String: Variable] {
    let more = (average?.states ?? []) + (options.lossScaler?.states ?? [])
    return optimizerStates.merging(Dictionary(uniqueKeysWithValues: more.map { ($0.name, $0) })) { own, _ in own }
  }

  /// Saves the run as it is after the last step, and removes checkpoints that are too old.
  func save() throws {
    guard let folder, savedStep != state.step else { return }
    let checkpoint = try Checkpoint.save(
      step: state.step, in: folder.checkpointsPath, model: variables, optimizer: auxiliary, state: state.json)
    let best = state.best.map { Set([$0.step]) } ?? []
    try Checkpoint.removeOld(in: folder.checkpointsPath, keepingLast: options.keptCheckpoints, keeping: best)
    savedStep = state.step
    _ = try notify(.saved(checkpoint), state.meanLoss)
  }

  /// Goes on from the newest good checkpoint of the folder, if there is one.
  func resume() throws {
    guard let folder else { return }
    // A run that was killed after its last checkpoint has none to write, which would clear up as well.
    TemporaryFolder.removeStale(in: folder.checkpointsPath)
    let checkpoints = try Checkpoint.all(in: folder.checkpointsPath)
    guard options.isResuming else {
      guard checkpoints.isEmpty else {
        throw CheckpointError(
          .mismatch, folder.path, "holds a run up to step \(checkpoints.last!.step); name another folder, or resume it")
      }
      return
    }
    guard let checkpoint = try Checkpoint.latest(in: folder.checkpointsPath, report: warn) else {
      // Starting over in silence would throw the run away that somebody believes to continue.
      guard checkpoints.isEmpty else {
        throw CheckpointError(.damaged, folder.path, "none of its \(checkpoints.count) checkpoints is whole")
      }
      return
    }
    let saved = try TrainingState(checkpoint.state(), of: checkpoint)
    try checkpoint.load(model: variables, optimizer: auxiliary)
    (state, savedStep) = (saved, saved.step)
    try removeDamaged(checkpoints.filter { $0.step > checkpoint.step })
  }

  /// The run will come to these steps again, and they must not count as newer than what it saves before.
  private func removeDamaged(_ checkpoints: [Checkpoint]) throws {
    for checkpoint in checkpoints { try FileSystem.removeTree(checkpoint.path) }
  }
}
