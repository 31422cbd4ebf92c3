#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Functions of one double, where a tensor would be out of place.
package enum Math {
  package static func log(_ x: Double) -> Double {
    #if canImport(Glibc)
      Glibc.log(x)
    #elseif canImport(Musl)
      Musl.log(x)
    #else
      Darwin.log(x)
    #endif
  }

  package static func exp(_ x: Double) -> Double {
    #if canImport(Glibc)
      Glibc.exp(x)
    #elseif canImport(Musl)
      Musl.exp(x)
    #else
      Darwin.exp(x)
    #endif
  }

  /// The error function.
  static func erf(_ x: Double) -> Double {
    #if canImport(Glibc)
      Glibc.erf(x)
    #elseif canImport(Musl)
      Musl.erf(x)
    #else
      Darwin.erf(x)
    #endif
  }

  /// The derivative of the logarithm of the gamma function, for positive arguments.
  ///
  /// - Note: Recurrence up to 7, then the asymptotic series; Bernardo, *Algorithm AS 103* (1976).
  package static func digamma(_ x: Double) -> Double {
    var (x, result) = (x, 0.0)
    while x < 7 {
      result -= 1 / x
      x += 1
    }
    let inverse = 1 / (x * x)
    let series = inverse * (1 / 12.0 - inverse * (1 / 120.0 - inverse * (1 / 252.0 - inverse / 240.0)))
    return result + log(x) - 0.5 / x - series
  }
}
