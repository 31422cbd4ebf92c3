import Martlet

/// The small model of tfprof's own tests (tensorflow/core/profiler, model_analyzer_testlib.py): two convolutions and a
/// scalar.
struct SmallModel: Layer {
  let first = Parameter(.full([3, 3, 3, 6], value: 0.1))
  let second = Parameter(.full([2, 2, 6, 12], value: 0.1))
  let scale = Parameter(.full([], value: 0.001))

  func callAsFunction(_ images: Tensor) -> Tensor {
    let hidden = conv2D(images, first.tensor * scale.tensor, stride: 2, padding: .same)
    return conv2D(hidden, second.tensor, stride: 2, padding: .same)
  }
}

/// The full model of the same tests: four small ones whose results a recurrent cell reads one after the other.
struct FullModel: Layer {
  let parts = (0..<4).map { _ in SmallModel() }
  let cell = Dense(48 + 16, 16)

  func callAsFunction(_ images: Tensor) -> Tensor {
    var state = Tensor.zeros([images.shape[0], 16])
    for part in parts {
      let features = part(images).reshaped(to: [images.shape[0], -1])
      state = tanh(cell(Tensor(concatenating: [features, state], axis: 1)))
    }
    return state
  }
}

/// A convolution without bias, 3 × 3.
struct PlainConvolution: Layer {
  let weight: Parameter
  let stride: Int

  init(_ inputs: Int, _ outputs: Int, stride: Int = 1) {
    weight = Parameter(.full([3, 3, inputs, outputs], value: 0.01))
    self.stride = stride
  }

  func callAsFunction(_ x: Tensor) -> Tensor { conv2D(x, weight.tensor, stride: Spatial(stride), padding: .same) }
}

/// Two convolutions beside a way around them, normalized before they are activated.
struct ResidualUnit: Layer {
  let norm1, norm2: BatchNorm
  let conv1, conv2: PlainConvolution
  let stride, widening: Int
  /// Whether the way around begins behind the first activation.
  let activatesBoth: Bool

  init(_ inputs: Int, _ outputs: Int, stride: Int, activatesBoth: Bool) {
    (norm1, norm2) = (BatchNorm(inputs), BatchNorm(outputs))
    conv1 = PlainConvolution(inputs, outputs, stride: stride)
    conv2 = PlainConvolution(outputs, outputs)
    (self.stride, widening, self.activatesBoth) = (stride, outputs - inputs, activatesBoth)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let activated = relu(norm1(x))
    var around = activatesBoth ? activated : x
    if stride > 1 { around = averagePool2D(around, windowSize: Spatial(stride)) }
    if widening > 0 { around = around.padded([(0, 0), (0, 0), (0, 0), (widening / 2, widening / 2)]) }
    return around + conv2(relu(norm2(conv1(activated))))
  }
}

/// The ResNet of tfprof's example (tensorflow/models, tutorials/image/resnet): 32 layers for CIFAR-10.
struct ResNet32: Layer {
  let first = PlainConvolution(3, 16)
  let units: [ResidualUnit]
  let norm = BatchNorm(64)
  let logits = Dense(64, 10)

  init() {
    units = [(16, 16, 1), (16, 32, 2), (32, 64, 2)].enumerated().flatMap { stage, sizes in
      (0..<5).map { unit in
        ResidualUnit(
          unit == 0 ? sizes.0 : sizes.1, sizes.1, stride: unit == 0 ? sizes.2 : 1,
          activatesBoth: stage == 0 && unit == 0)
      }
    }
  }

  func callAsFunction(_ images: Tensor) -> Tensor {
    let features = units.reduce(first(images)) { $1($0) }
    return logits(relu(norm(features)).mean(axes: [1, 2]))
  }
}
