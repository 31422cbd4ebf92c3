// A coverage-guided fuzzing target for ONNX models; see run.sh.

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  _ = try? FuzzModel.read([UInt8](UnsafeBufferPointer(start: data, count: count)))
  return 0
}
