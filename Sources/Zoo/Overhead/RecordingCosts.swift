import Martlet
import MartletCPU
import MartletGraph

/// What recording one operation costs, its source line and the release of its predecessor included.
enum Recording {
  static func measured(additions: Int) throws -> Overhead.Measurement {
    let (matrix, row) = (Tensor.zeros([64, 32]), Tensor.zeros([32]))
    try evaluate(matrix, row)
    // Ten at a time, because reading the clock costs about as much as recording.
    var times: [Double] = []
    for _ in 0..<max(1, additions / 10) {
      var sum = matrix
      let start = ContinuousClock.now
      for _ in 0..<10 { sum = sum + row }
      times.append((ContinuousClock.now - start).inSeconds * 1e6 / 10)
    }
    return .init("recording an addition that broadcasts", median(times), "µs", bar: 0.25)
  }
}

/// What a step of a deep network costs beside the work: finding its program, letting go of its nodes, planning.
enum StepCosts {
  static func measured(layers: Int, steps: Int) throws -> [Overhead.Measurement] {
    let configuration = GPTConfiguration(
      layers: layers, heads: 2, width: 8, context: 4, vocabulary: 16, hasBias: true, usesTanhGELU: true)
    let model = withSeed(1) { GPT(configuration) }
    let tokens = Tensor.randomIntegers([1, 5], in: 0..<16, seed: 1)
    try Tensor.evaluate(model.parameters.map(\.tensor) + [tokens])
    // With nothing to compute the program runs on this thread, and no other has to wake up before it begins.
    let finding = try times(of: model, tokens, steps, WatchingEngine(computes: false))
    let engine = WatchingEngine(computes: true)
    let ending = try times(of: model, tokens, steps, engine)
    let program = engine.notes.program!
    let nodes = Double(program.graph.nodes.count)
    let of = "of \(program.graph.nodes.count) nodes"
    let planning = try (0..<5).map { _ in
      try ContinuousClock().measure { _ = try CPUEngine.shared.compile(program) }.inSeconds * 1e6
    }
    return [
      .init("finding the program of a step \(of)", finding.toBegin / nodes, "µs a node", bar: 0.1),
      .init("ending that step, for the thread that records", ending.toReturn / nodes, "µs a node"),
      .init("planning that program", median(planning) / nodes, "µs a node", bar: 5),
    ]
  }

  /// From the end of a step to the beginning of its program, and until recording may go on; medians, in microseconds.
  private static func times(
    of model: GPT, _ tokens: Tensor, _ steps: Int, _ engine: WatchingEngine
  ) throws -> (toBegin: Double, toReturn: Double) {
    var (toBegin, toReturn): ([Double], [Double]) = ([], [])
    try engine.whileUsed {
      for step in 0..<max(steps, 5) {
        let (loss, gradients) = valueAndGradient {
          softmaxCrossEntropy(model(tokens[0..., ..<(-1)]), labels: tokens[0..., 1...])
        }
        let asked = ContinuousClock.now
        try Recorder.current.finishStep()
        let returned = ContinuousClock.now
        // The program may be running on another thread; this waits for it.
        withExtendedLifetime(gradients) { _ = loss.scalar }
        // The first steps plan, and learn how long the program takes.
        if step < 2 { continue }
        toBegin.append((engine.notes.began - asked).inSeconds * 1e6)
        toReturn.append((returned - asked).inSeconds * 1e6)
      }
    }
    return (median(toBegin), median(toReturn))
  }
}

/// What it costs to start a program that has next to nothing to do: from asking for its value to having it.
enum Starting {
  static func measured(runs: Int) throws -> Overhead.Measurement {
    let x = Tensor.zeros([1])
    try x.evaluated()
    var times: [Double] = []
    for _ in 0..<max(runs, 3) {
      let y = x + x
      let start = ContinuousClock.now
      try y.evaluated()
      times.append((ContinuousClock.now - start).inSeconds * 1e6)
    }
    return .init("finding and starting a program of one node", median(times), "µs", bar: 10)
  }
}
