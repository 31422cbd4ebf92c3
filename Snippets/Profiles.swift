// Recording profiles and looking at them, as MartletProfiling.docc shows it.
import Martlet
import MartletProfiler
import MartletProfiling

let model = Sequential {
  Dense(64, 128)
  Activation.relu
  Dense(128, 10)
}
let optimizer = Adam(model.parameters, learningRate: 1e-3)
let images = Tensor.normal([32, 64], seed: 1)
let labels = Tensor.randomIntegers([32], in: 0..<10, seed: 2)

// snippet.record
let profiler = Profiler(model)
for _ in 0..<20 {
  profiler.step(examples: 32) {
    let (_, gradients) = valueAndGradient { softmaxCrossEntropy(model(images), labels: labels) }
    optimizer.update(with: gradients)
  }
}
let recorded = profiler.profile()
try recorded.save(to: "run.profile")
print(try recorded.view(.code).report)
// snippet.end

// snippet.count
let counts = model.flops(input: [32, 64], includesDerivative: true)
print(counts.forward, counts.backward, counts.multiplyAdds)
// snippet.end

// snippet.report
let profile = try Profile(path: "run.profile")
print(try profile.view(.scope, .timeAndMemory()).report)
print(profile.adviceReport())
// snippet.end

// snippet.options
let options = ProfileOptions.floatOperations.withMinimumFloatOperations(1_000_000).withNodeNames(hiding: [".*norm.*"])
let view = try profile.view(.scope, options)
// snippet.end
