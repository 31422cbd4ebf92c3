#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The few functions that training needs.
enum Math {
  static func log(_ x: Double) -> Double {
    #if canImport(Glibc)
      Glibc.log(x)
    #elseif canImport(Musl)
      Musl.log(x)
    #else
      Darwin.log(x)
    #endif
  }

  static func exp(_ x: Double) -> Double {
    #if canImport(Glibc)
      Glibc.exp(x)
    #elseif canImport(Musl)
      Musl.exp(x)
    #else
      Darwin.exp(x)
    #endif
  }

  /// The derivative of the logarithm of the gamma function, for positive arguments.
  ///
  /// - Note: Recurrence up to 7, then the asymptotic series; Bernardo, *Algorithm AS 103* (1976).
  static func digamma(_ x: Double) -> Double {
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
