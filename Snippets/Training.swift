// The loop as a trainer runs it: progress, validation, checkpoints, going on after an interruption.

import Martlet
import MartletData

let points = Tensor.normal([1000, 2], seed: 1)
let isInside = ((points * points).sum(axes: 1) .< 1).cast(to: .int64)
let model = withSeed(2) {
  Sequential {
    Dense(2, 16)
    Activation.relu
    Dense(16, 2)
  }
}
let optimizer = Adam(model.parameters, learningRate: 0.01)

// snippet.loader
let dataset = TensorDataset(inputs: points, labels: isInside)
let (training, test) = dataset.split(fraction: 0.8, seed: 3)
let loader = DataLoader(training, batchSize: 32, seed: 4, workers: 2)
// snippet.end

// snippet.trainer
var options = TrainingOptions(.epochs(5), output: "runs/circle")
options.goal = Goal("accuracy", isLargerBetter: true)
options.patience = 3

let trainer = Trainer(model, optimizer: optimizer, data: loader, options: options) { batch in
  softmaxCrossEntropy(model(batch.inputs), labels: batch.labels)
}
let unseen = try Example.collated((0..<test.count).map { try test.element(at: $0) })
trainer.validation = { ["accuracy": accuracy(model(unseen.inputs), labels: unseen.labels).scalar] }
let report = try trainer.run()
print(report.outcome, report.metrics)
// snippet.end
