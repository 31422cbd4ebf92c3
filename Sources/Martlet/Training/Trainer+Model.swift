extension Trainer {
  /// A trainer of a model by an optimizer.
  ///
  /// - Parameters:
  ///   - model: What is trained; its parameters and states are found and named by their paths.
  ///   - optimizer: Changes the parameters.
  ///   - data: Where batches come from.
  ///   - options: How to train.
  ///   - loss: The loss of a batch, a scalar; layers are in training mode while it is recorded.
  /// - Precondition: No two of the optimizer's states have the same name.
  public convenience init(
    _ model: some Module, optimizer: any Optimizer, data: Source, options: TrainingOptions,
    loss: @escaping (Source.Batch) throws -> Tensor
  ) {
    var search = VariableSearch(visitsRandomStates: false)
    search.visit(model, path: "")
    self.init(
      variables: Dictionary(uniqueKeysWithValues: model.namedVariables.map { ($0.name, $0.variable) }),
      optimizerStates: Dictionary(uniqueKeysWithValues: optimizer.states.map { ($0.name, $0) }), data: data,
      options: options, weights: Dictionary(uniqueKeysWithValues: search.found.map { ($0.name, $0.variable) }),
      update: { optimizer.update(with: $0) }, loss: loss)
  }
}
