import Martlet
import MartletFormats

extension TensorDecoder {
  /// The value of a sparse tensor, with its zeros.
  func value(ofSparse proto: ONNXSparseTensorProto) throws -> ONNXValue {
    let shape = try TensorDecoder.shape(proto.dims)
    guard shape.checkedElementCount! <= Interpreter.elementLimit,
      let values = try value(of: proto.values).numbers, let places = try value(of: proto.indices).numbers,
      values.tensor.rank == 1, places.tensor.dtype == .int64
    else { throw ONNXError(.malformed, "a sparse tensor has no values, or no places of them") }
    let count = values.tensor.elementCount
    let isFlat = places.tensor.shape == [count]
    guard isFlat || places.tensor.shape == [count, shape.rank] else {
      throw ONNXError(.malformed, "\(places.tensor.shape) are not the places of \(count) values in \(shape)")
    }
    // Checked here: what a file says may not wait until the model runs.
    let numbers = places.tensor.scalars(as: Int64.self).map { Int($0) }
    let strides = shape.rowMajorStrides
    let flat = try (0..<count).map { row -> Int in
      if isFlat {
        guard numbers[row] >= 0, numbers[row] < shape.elementCount else {
          throw ONNXError(.malformed, "place \(numbers[row]) is outside \(shape)")
        }
        return numbers[row]
      }
      return try shape.indices.reduce(0) { sum, axis in
        let place = numbers[row * shape.rank + axis]
        guard place >= 0, place < shape[axis] else { throw ONNXError(.malformed, "place \(place) is outside \(shape)") }
        return sum + place * strides[axis]
      }
    }
    let zeros = Tensor.zeros([shape.elementCount], dtype: values.tensor.dtype)
    let dense = zeros.scattering(values.tensor, at: Tensor(flat)).reshaped(to: shape)
    return ONNXValue.tensor(try ONNXTensor(computed: dense, as: values.elementType)).marked(isConstant: true)
  }
}
