import Martlet
import Testing

/// Derivatives of layers in double precision, against differences of values.
@Suite(.endsAtZero) struct LayerDerivativeTests {
  @Test(arguments: Case.allCases)
  func `derivatives are what differences say`(it: Case) throws {
    let (layer, shape) = withSeed(11) { it.layer }
    let x = Parameter(.normal(shape, dtype: .float64, seed: 4))
    let weights = Tensor.normal(layer(x.tensor).shape, dtype: .float64, seed: 5)
    func loss() -> Tensor { withMode(.training) { (layer(x.tensor) * weights).sum() } }
    let (_, gradients) = valueAndGradient { loss() }
    for parameter in layer.parameters + [x] {
      let gradient = try #require(gradients[parameter]).scalars(as: Double.self)
      let held = parameter.tensor.scalars(as: Double.self)
      for index in held.indices.prefix(12) {
        func value(_ change: Double) -> Double {
          var moved = held
          moved[index] += change
          parameter.tensor = Tensor(moved, shape: parameter.shape)
          return loss().scalar
        }
        let step = 1e-5
        let difference = (value(step) - value(-step)) / (2 * step)
        // A step of 1e-5 leaves an error of about its square, and of rounding over the step: 1e-10 both.
        #expect(abs(difference - gradient[index]) < 1e-7 * max(1, abs(difference)), "\(parameter.name)[\(index)]")
      }
      parameter.tensor = Tensor(held, shape: parameter.shape)
    }
  }

  enum Case: CaseIterable, Sendable {
    case dense, convolution, strided, sequence, norms, batchNorm, attention, lstm, gru, pools

    var layer: (any Layer, Shape) {
      switch self {
      case .dense:
        (
          Sequential {
            Dense(3, 4, dtype: .float64); Activation.gelu; Dense(4, 2, dtype: .float64)
          }, [5, 3]
        )
      case .convolution: (Conv2D(2, 3, kernelSize: 3, padding: .same, dtype: .float64), [2, 4, 5, 2])
      case .strided: (Conv2D(4, 4, kernelSize: [3, 2], stride: 2, groups: 2, dtype: .float64), [1, 6, 5, 4])
      case .sequence: (Conv1D(2, 3, kernelSize: 3, dilation: 2, dtype: .float64), [2, 7, 2])
      case .norms:
        (
          Sequential {
            LayerNorm(6, dtype: .float64)
            GroupNorm(6, groups: 3, dtype: .float64)
            RMSNorm(6, dtype: .float64)
          }, [2, 4, 6]
        )
      case .batchNorm:
        (
          Sequential {
            BatchNorm(3, dtype: .float64); Activation.tanh
          }, [4, 2, 3]
        )
      case .attention:
        (TransformerBlock(4, headCount: 2, isCausal: true, dtype: .float64), [2, 3, 4])
      case .lstm: (LSTM(3, 2, dtype: .float64), [2, 4, 3])
      case .gru: (GRU(3, 2, isReversed: true, dtype: .float64), [2, 4, 3])
      case .pools:
        (
          Sequential {
            MaxPool2D(windowSize: 2, stride: 1)
            AveragePool2D(windowSize: 3, stride: 2, padding: .same)
            GlobalAveragePool()
          }, [2, 6, 5, 2]
        )
      }
    }
  }
}
