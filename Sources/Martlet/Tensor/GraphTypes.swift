public import MartletGraph

// The few names of the graph that users of tensors meet. The rest stays behind `import MartletGraph`, so that a
// user's program does not find its own `Slice` or `Element` shadowed by an operation.

/// The element type of a tensor.
public typealias DType = MartletGraph.DType
/// The sizes of a tensor's dimensions, outermost first.
public typealias Shape = MartletGraph.Shape
/// Element type and shape.
public typealias TensorType = MartletGraph.TensorType
/// Where an operation was written.
public typealias SourceLocation = MartletGraph.SourceLocation
/// A failure that only the values could show.
public typealias ExecutionError = MartletGraph.ExecutionError
/// An operation of the user's own.
public typealias CustomOperation = MartletGraph.CustomOperation
