import MartletCPU
import MartletGraph

/// The engine that runs programs unless another is asked for.
package let defaultEngine: any Engine = CPUEngine.shared
