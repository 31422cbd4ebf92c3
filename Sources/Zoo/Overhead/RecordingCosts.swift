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
    let engine = WatchingEngine()
    let configuration = GPTConfiguration(
      layers: layers, heads: 2, width: 8, context: 4, vocabulary: 16, hasBias: true, usesTanhGELU: true)
    let model = withSeed(1) { GPT(configuration) }
    let tokens = Tensor.randomIntegers([1, 5], in: 0..<16, seed: 1)
    try Tensor.evaluate(model.parameters.map(\.tensor) + [tokens])
    var finding: [Double] = []
    var ending: [Double] = []
    try engine.whileUsed {
      for step in 0..<max(steps, 2) {
        let (loss, gradients) = valueAndGradient {
          softmaxCrossEntropy(model(tokens[0..., ..<(-1)]), labels: tokens[0..., 1...])
        }
        let asked = ContinuousClock.now
        try Recorder.current.finishStep()
        let returned = ContinuousClock.now
        // The program may be running on another thread; this waits for it.
        withExtendedLifetime(gradients) { _ = loss.scalar }
        // The first step plans.
        if step == 0 { continue }
        finding.append((engine.notes.began - asked).inSeconds * 1e6)
        ending.append((returned - asked).inSeconds * 1e6)
      }
    }
    let program = engine.notes.program!
    let nodes = Double(program.graph.nodes.count)
    let of = "of \(program.graph.nodes.count) nodes"
    let planning = try (0..<5).map { _ in
      try ContinuousClock().measure { _ = try CPUEngine.shared.compile(program) }.inSeconds * 1e6
    }
    return [
      .init("finding the program of a step \(of)", median(finding) / nodes, "µs a node", bar: 0.1),
      .init("ending that step, for the thread that records", median(ending) / nodes, "µs a node"),
      .init("planning the program of a step \(of)", median(planning) / nodes, "µs a node", bar: 5),
    ]
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
