#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The few functions of libjpeg-turbo's C interface (version 2) that decoding needs, found at run time.
struct TurboJPEG: Sendable {
  /// File names under which the library is looked for.
  static let names = ["libturbojpeg.so.0", "libturbojpeg.0.dylib", "/opt/homebrew/lib/libturbojpeg.0.dylib"]

  /// The library, or nil if there is none or it lacks a function; looked for once.
  static let shared = TurboJPEG()

  private typealias Handle = UnsafeMutableRawPointer
  private typealias Bytes = UnsafePointer<UInt8>
  private typealias Number = UnsafeMutablePointer<Int32>
  private typealias ReadHeader =
    @convention(c) (Handle, Bytes?, UInt, Number, Number, Number, Number) -> Int32
  private typealias Decompress =
    @convention(c) (Handle, Bytes?, UInt, UnsafeMutablePointer<UInt8>?, Int32, Int32, Int32, Int32, Int32) -> Int32

  private let create: @convention(c) () -> Handle?
  private let destroy: @convention(c) (Handle) -> Int32
  private let readHeader: ReadHeader
  private let decompress: Decompress
  private let message: @convention(c) (Handle) -> UnsafePointer<CChar>?

  // The library's own numbers: pixel formats, the gray color space, and "stop at the first warning".
  private static let rgbFormat: Int32 = 0
  private static let grayFormat: Int32 = 6
  private static let grayColorSpace: Int32 = 2
  private static let stopOnWarning: Int32 = 8192

  private init?() {
    guard let library = TurboJPEG.names.lazy.compactMap({ dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first,
      let create = dlsym(library, "tjInitDecompress"), let destroy = dlsym(library, "tjDestroy"),
      let readHeader = dlsym(library, "tjDecompressHeader3"), let decompress = dlsym(library, "tjDecompress2"),
      let message = dlsym(library, "tjGetErrorStr2")
    else { return nil }
    self.create = unsafeBitCast(create, to: (@convention(c) () -> Handle?).self)
    self.destroy = unsafeBitCast(destroy, to: (@convention(c) (Handle) -> Int32).self)
    self.readHeader = unsafeBitCast(readHeader, to: ReadHeader.self)
    self.decompress = unsafeBitCast(decompress, to: Decompress.self)
    self.message = unsafeBitCast(message, to: (@convention(c) (Handle) -> UnsafePointer<CChar>?).self)
  }

  /// The most pixels that a file can hold: a block of 64 takes a bit at least, or 16 if another component is sampled
  /// so much finer.
  private static func mostPixels(of byteCount: Int) -> Int { 1 << 16 + byteCount * 1024 }

  func decode(
    _ buffer: UnsafeRawBufferPointer, file: String, limits: ImageLimits
  ) throws(FormatError) -> Image {
    guard let handle = create() else { throw FormatError(.system, file: file, "cannot start the JPEG decoder") }
    defer { _ = destroy(handle) }
    let bytes = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    var (width, height, sampling, space) = (Int32(0), Int32(0), Int32(0), Int32(0))
    guard readHeader(handle, bytes, UInt(buffer.count), &width, &height, &sampling, &space) == 0 else {
      throw error(handle, file)
    }
    guard width > 0, height > 0 else { throw FormatError(.malformed, file: file, "JPEG states no size") }
    let isGray = space == TurboJPEG.grayColorSpace
    let channels = isGray ? 1 : 3
    // JPEG sizes have 16 bits, so that the product cannot overflow.
    let pixelCount = Int(width) * Int(height)
    guard pixelCount <= limits.pixels, pixelCount <= limits.bytes / channels else {
      throw FormatError(.limit, file: file, "JPEG of \(width) × \(height) pixels is too large")
    }
    guard pixelCount <= TurboJPEG.mostPixels(of: buffer.count) else {
      throw FormatError(
        .limit, file: file, "JPEG of \(width) × \(height) pixels cannot be in a file of \(buffer.count) bytes")
    }
    var pixels = [UInt8](repeating: 0, count: pixelCount * channels)
    let status = pixels.withUnsafeMutableBufferPointer { target in
      decompress(
        handle, bytes, UInt(buffer.count), target.baseAddress, width, width * Int32(channels), height,
        isGray ? TurboJPEG.grayFormat : TurboJPEG.rgbFormat, TurboJPEG.stopOnWarning)
    }
    guard status == 0 else { throw error(handle, file) }
    return Image(height: Int(height), width: Int(width), channels: channels, pixels: pixels)
  }

  private func error(_ handle: Handle, _ file: String) -> FormatError {
    let text = message(handle).map { String(cString: $0) } ?? "unknown error"
    return FormatError(.malformed, file: file, "JPEG cannot be decoded: \(text)")
  }
}
