import Martlet
import MartletGraph
import Testing

/// Recorded cases of linear algebra and of Fourier transforms.
enum RecordedAlgebra {
  static func matrices(_ it: RecordedCase, _ operation: String, _ x: [Tensor]) throws -> [Tensor]? {
    switch operation {
    case "cholesky": return [cholesky(x[0], isUpper: it.bool("isUpper"))]
    case "luFactors":
      let factors = luFactors(x[0])
      return [factors.lower, factors.upper, factors.order]
    case "qr":
      let factors = qr(x[0], isComplete: it.bool("isComplete"))
      return [factors.q, factors.r]
    case "eigh":
      let (values, vectors) = eigh(x[0])
      return [values, vectors]
    case "svd":
      let factors = svd(x[0])
      return [factors.u, factors.s, factors.vt]
    case "signAndLogDeterminant":
      let (sign, logarithm) = signAndLogDeterminant(x[0])
      return [sign, logarithm]
    case "triangularSolve":
      return [
        triangularSolve(
          x[0], x[1], isLower: it.bool("isLower"), isTransposed: it.bool("isTransposed"),
          hasUnitDiagonal: it.bool("hasUnitDiagonal"))
      ]
    case "pseudoInverse": return [pseudoInverse(x[0], relativeTolerance: it.attributes["tolerance"]?.doubleValue)]
    case "matrixPower": return [matrixPower(x[0], it.int("exponent"))]
    case "matrixNorm":
      let kinds: [MatrixNorm] = [
        .frobenius, .nuclear, .spectral, .columns, .rows, .smallestSingular, .smallestColumn, .smallestRow,
      ]
      return [matrixNorm(x[0], try #require(kinds.first { "\($0)" == it.string("kind") }))]
    case "cross": return [cross(x[0], x[1], axis: it.int("axis"))]
    case "vectorDot": return [vectorDot(x[0], x[1], axis: it.int("axis"))]
    case "chainedProduct": return [chainedProduct(x)]
    default: return nil
    }
  }

  static func transforms(_ it: RecordedCase, _ operation: String, _ x: [Tensor]) throws -> [Tensor]? {
    let axis = it.attributes["axis"]?.intValue ?? -1
    let length = it.attributes["length"]?.intValue
    let lengths = it.attributes["lengths"].map { _ in it.ints("lengths") }
    let scaling = FourierScaling.allCases.first { "\($0)" == it.string("scaling") } ?? .backward
    func parts(_ z: ComplexTensor) -> [Tensor] { [z.real, z.imaginary] }
    func complex() -> ComplexTensor { ComplexTensor(real: x[0], imaginary: x[1]) }
    switch operation {
    case "fft": return parts(fft(complex(), length: length, axis: axis, scaling: scaling))
    case "inverseFFT": return parts(inverseFFT(complex(), length: length, axis: axis, scaling: scaling))
    case "realFFT": return parts(realFFT(x[0], length: length, axis: axis, scaling: scaling))
    case "inverseRealFFT": return [inverseRealFFT(complex(), length: length, axis: axis, scaling: scaling)]
    case "fftN": return parts(fftN(complex(), lengths: lengths, axes: it.axes, scaling: scaling))
    case "inverseFFTN": return parts(inverseFFTN(complex(), lengths: lengths, axes: it.axes, scaling: scaling))
    case "realFFTN": return parts(realFFTN(x[0], lengths: lengths, axes: it.axes, scaling: scaling))
    case "inverseRealFFTN": return [inverseRealFFTN(complex(), lengths: lengths, axes: it.axes, scaling: scaling)]
    case "fftFrequencies": return [fftFrequencies(it.int("count"), spacing: it.double("spacing"))]
    case "realFFTFrequencies": return [realFFTFrequencies(it.int("count"), spacing: it.double("spacing"))]
    default: return nil
    }
  }
}
