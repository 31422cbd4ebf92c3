import Martlet
import MartletFormats

extension OperatorTable {
  /// Pictures in files.
  static let images: [Operator] = [
    Operator("ImageDecoder") { call in
      let numbers = try call.numbers(0)
      let bytes = try call.packedElements(of: numbers)
      let format = try call.string("pixel_format", default: "RGB")
      guard ["RGB", "BGR", "Grayscale"].contains(format) else { throw call.unknown("pixel_format", format) }
      do throws(FormatError) {
        var image = try PictureFile.decode(SharedBytes(bytes))
        image = image.converted(toChannels: format == "Grayscale" ? 1 : 3)
        let tensor = Tensor(image.pixels, shape: [image.height, image.width, image.channels])
        return [ONNXValue(format == "BGR" ? tensor.reversed(axes: 2) : tensor)]
      } catch {
        throw ONNXError(error)
      }
    }
  ]
}

/// Pictures of the formats that are known here, recognized by their first bytes.
enum PictureFile {
  static func decode(_ bytes: SharedBytes) throws(FormatError) -> Image {
    if PNG.recognizes(bytes) { return try PNG.decode(bytes) }
    if JPEG.recognizes(bytes) { return try JPEG.decode(bytes) }
    if PortableAnymap.recognizes(bytes) { return try PortableAnymap.decode(bytes) }
    if Bitmap.recognizes(bytes) { return try Bitmap.decode(bytes) }
    throw FormatError(.unsupported, file: "picture data", "is neither PNG, JPEG, PNM nor BMP")
  }
}
