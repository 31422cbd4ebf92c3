import MartletFormats
import MartletGraph
import Testing

struct TorchTests {
  static let plain = [
    "weight", "transposed", "window", "expanded", "scalar", "empty", "parameter", "float64", "float16", "bfloat16",
    "int32", "int16", "int8", "uint8", "bool",
  ]

  @Test(arguments: [("nested.pt", plain + ["uint16", "uint32", "uint64"]), ("legacy.pt", plain)])
  func `tensors, views and parameters are PyTorch's, bit for bit`(name: String, tensors: [String]) throws {
    let file = try TorchFile(path: Fixture.weights(name))
    let expected = try NpzFile(path: Fixture.weights("torch_expected.npz"))
    for name in tensors {
      var tensor = try file.tensor("model." + name)
      if name == "bfloat16" {
        #expect(tensor.dtype == .bfloat16)
        tensor = try tensor.converted(to: .float32)
      }
      #expect(isSame(tensor, try expected.tensor(name)), "\(name)")
    }
    #expect(file["model.weight"]?.isContiguous == true)
    #expect(file["model.transposed"]?.isContiguous == false)
  }

  @Test func `names are paths, and plain values are kept as text`() throws {
    let file = try TorchFile(path: Fixture.weights("nested.pt"))
    #expect(file.names.first == "model.weight")
    #expect(file.names.contains("optimizer.state.0.step"))
    let values = Dictionary(uniqueKeysWithValues: file.values.map { ($0.key, $0.value) })
    #expect(values["epoch"] == "3")
    #expect(values["rate"] == "0.25")
    #expect(values["name"] == "märz")
    #expect(values["big"] == "9 bytes")
    #expect(values["flags.0"] == "True")
    #expect(values["dtype"] == "torch.float16")
    #expect(values["shape.1"] == "3")
    #expect(values["set.0"] == "5")
  }

  @Test func `types that tensors do not have are listed and refused by name`() throws {
    let file = try TorchFile(path: Fixture.weights("nested.pt"))
    #expect(file["model.float8"]?.typeName == "float8_e4m3fn")
    let error = formatError { () throws(FormatError) in _ = try file.tensor("model.complex") }
    #expect(error?.kind == .unsupported)
    #expect(error?.message == "has elements of type complex64, which tensors do not have")
  }

  @Test func `whole models and programs are refused by name`() throws {
    let module = formatError { () throws(FormatError) in _ = try TorchFile(path: Fixture.weights("module.pt")) }
    #expect(module?.kind == .unsupported)
    #expect(module?.message.contains("\"torch.nn.modules.linear.Linear\"") == true)
    let script = formatError { () throws(FormatError) in _ = try TorchFile(path: Fixture.weights("script.pt")) }
    #expect(script?.message == "is a TorchScript program; save its state_dict instead")
  }

  @Test func `what is written comes back`() throws {
    let scratch = try Scratch()
    var tensors = Sample.names.map { (name: $0, tensor: Sample.tensor($0)) }
    tensors.append(("scalar", StoredTensor([Float(2.5)], shape: [])))
    tensors.append(("empty", StoredTensor([Int32](), shape: [0, 3])))
    let path = (outputFolder ?? scratch.path) + "/all.pt"
    try FileSystem.createDirectory(FileSystem.directory(of: path))
    try TorchWriter.write(tensors, to: path)
    let file = try TorchFile(path: path)
    #expect(file.names == tensors.map(\.name))
    for (name, tensor) in tensors { #expect(isSame(try file.tensor(name), tensor), "\(name)") }
  }
}
