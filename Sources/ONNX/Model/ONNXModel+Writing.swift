import Foundation
import Martlet
import MartletFormats
import SwiftProtobuf

extension ONNXModel {
  /// Writes the model as it was read, with the values that its weights have now.
  ///
  /// Data that was in other files is put into this one.
  ///
  /// - Throws: ``ONNXError`` if the model has 2 GiB or more, `FormatError` if the file cannot be written.
  public func write(to path: String) throws {
    var model = file.model
    let decoder = TensorDecoder(folder: file.folder)
    for (place, proto) in model.graph.initializer.enumerated() {
      let value: ONNXValue
      if let weight = weights[proto.name] {
        value = ONNXValue(try weight.tensor.evaluated())
      } else if file.payloads[place] != nil || proto.dataLocation == .external {
        value = try decoder.value(of: proto, payload: file.payloads[place])
      } else {
        continue
      }
      guard let numbers = value.numbers else { continue }
      var written = ONNXTensorProto()
      written.name = proto.name
      written.docString = proto.docString
      written.dataType = proto.dataType
      written.dims = proto.dims
      written.rawData = Data(try numbers.packedElements())
      model.graph.initializer[place] = written
    }
    let bytes: [UInt8]
    do {
      bytes = try model.serializedBytes(partial: true)
    } catch {
      throw ONNXError(.limit, "the model cannot be written: \(error)")
    }
    var target = try AtomicFile(path: path)
    try target.write(SharedBytes(bytes))
    try target.commit()
  }
}
