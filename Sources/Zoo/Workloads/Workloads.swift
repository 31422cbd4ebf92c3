/// The workloads by name.
public enum Workloads {
  /// All names, in the order of the table of benchmarks.
  public static let names = table.map(\.name)

  /// Builds a workload: its model, its optimizer and its inputs.
  ///
  /// - Returns: nil if there is no workload of that name.
  /// - Throws: An `ExecutionError` if memory runs out.
  public static func make(_ name: String) throws -> (any Workload)? {
    try table.first { $0.name == name }?.make()
  }

  private static let table: [(name: String, make: @Sendable () throws -> any Workload)] = [
    ("mlp", { try MLPWorkload() }),
    ("cnn", { try CNNWorkload() }),
    ("resnet18", { try ResNet18Workload() }),
    ("gpt", { try GPTWorkload(.small, batchSize: 8) }),
    ("gpt124m", { try GPTWorkload(.gpt124M, batchSize: 1) }),
    ("decode", { try DecodeWorkload() }),
    ("lstm", { try LSTMWorkload() }),
    ("deepfm", { try DeepFMWorkload() }),
    ("unet", { try UNetWorkload() }),
    ("resnet50-1", { try ResNet50Workload(batchSize: 1) }),
    ("resnet50-8", { try ResNet50Workload(batchSize: 8) }),
    ("chain", { try ChainWorkload() }),
    ("softmax", { try SoftmaxWorkload() }),
    ("layernorm", { try LayerNormWorkload() }),
    ("matmul", { try MatmulWorkload() }),
  ]
}
