#!/usr/bin/env python3
"""Records what NumPy, SciPy, PyTorch and JAX answer, for Martlet's tests: Operators/FAMILY.{safetensors,json}.

    Benchmarks/Peers/setup.sh && .venv-peers/bin/python Tests/Fixtures/make_operator_cases.py [FOLDER]

FAMILY.safetensors holds CASE/in0, CASE/in1, ... and CASE/out0, ...; FAMILY.json lists {case, op, attributes, inputs,
outputs, source, tolerance {absolute, relative}}: agreement means |got - expected| <= absolute + relative * |expected|,
with NaN equal to NaN, infinities equal, and both tolerances 0 (integers, Booleans) meaning equal. The results of
float 32, float 16 and bfloat16 cases are rounded once from float 64, except floorDivide, modulo and remainder.
The attribute special: true marks every case with NaN or infinity in an input or output; the attributes named
meaning, note, form, of, running, ties, nan, sign, layout, mask, cotangent, filter and wraps are explanations only.
elementary.* has functions by name: float 32 in0, float 64 out0, from 50 digits; no tolerance, count units yourself.

Conventions: images [batch, height, width, channels] (1-D and 3-D alike), filters [height, width, in / groups, out],
dense weights [in, out]; negative axes count from the end; axes null means all. An op OPGradient takes the op's inputs
and then the cotangent of its (first) output, and gives gradients of the inputs named in withRespectTo (of in0 if that
is absent); activations' gradients (reluGradient ...) take no cotangent: it is one everywhere.

  op                                        attributes
  ----------------------------------------  -----------------------------------------------------------------------
  unary: negative abs sign exp exp2 ...     none; round is half to even; softplus has no threshold; gelu by erf,
                                            geluTanh by tanh; leakyRelu slope 0.01; elu alpha 1
  binary: add subtract multiply divide ...  none; operands broadcast; maximum and minimum give NaN if either is;
                                            modulo has the divisor's sign, remainder the dividend's; floorDivide rounds
                                            down, divideTruncating to zero; integers wrap; shiftRight keeps the sign
  select                                    none: in0 ? in1 : in2
  clip                                      low, high
  softmax logSoftmax logSumExp              axis (logSumExp drops it)
  sum product max min mean any all          axes, keepingAxes; integers keep their type and wrap
  variance standardDeviation                axes, keepingAxes, correction: divides by count - correction
  argMax argMin                             axis (dropped); int 64; first of equals; the first NaN wins
  cumulativeSum / Product / Max / Min       axis, reversed: runs from the end
  sort argSort                              axis, isDescending; stable both ways; NaN is the greatest
  topK                                      axis, count; outputs values (largest first), indices
  cast                                      to: bool, int8 ... uint64, float16, float32, float64, bfloat16
  matmul                                    none; NumPy's rules for vectors and broadcast batches
  einsum                                    equation
  conv1D conv2D conv3D                      stride, dilation, padding ("same" as TensorFlow and XLA have it, "valid", or
                                            [[before, after], ...]), groups, inputDilation if not 1
  convNDInputGradient, ...FilterGradient    the same; inputs x, filter, cotangent
  convTransposed2D                          stride, padding (taken off the result)
  maxPool averagePool                       window, stride, padding, countsPadding; max-pool's gradient: to the first
  reshape broadcast                         shape
  transpose                                 permutation
  slice                                     ranges: [start, end, step] an axis
  pad                                       padding, value, mode: constant, edge, wrap, reflect (edge not repeated)
  concatenate stack                         axis
  reverse roll                              axes, shifts (an element moves by +shift, around)
  tile / repeat                             counts / count and axis (each element in place)
  lowerTriangle upperTriangle               diagonal: 0 the main one, positive above it
  gather                                    axis; the axis is replaced by the indices' shape
  takeAlong                                 axis; one index an element
  gatherND                                  batchDimensions; indices [..., depth]
  scatter scatterND scatterAlong            kind: set add min max multiply; axis; inputs operand, indices, updates
  layerNorm rmsNorm                         axes, epsilon; inputs x, scale (, shift)
  groupNorm                                 groups, epsilon; channels last
  batchNorm                                 isTraining, momentum, epsilon; inputs x, scale, shift, running mean, running
                                            variance; outputs y (, new mean, new variance)
  embedding                                 none; inputs table, ids
  attention                                 isCausal, scale; inputs query, key, value (, mask)
  lstm gru                                  gates; inputs x, h0 (, c0), Wx, Wh, bx, bh; outputs y, last h (, last c)
  softmaxCrossEntropy                       reduction: mean sum none; labelSmoothing, ignoredLabel (mean is over the
                                            others); ...Probabilities has a distribution for a label. Outputs: loss,
                                            gradient of in0 (so for every loss)
  meanSquaredError meanAbsoluteError        reduction
  huber                                     reduction, delta
  binaryCrossEntropyWithLogits              reduction
  sgd adam adamW rmsProp adagrad            learningRate, momentum, isNesterov, dampening, weightDecay, betas, epsilon,
                                            isAMSGrad, decay; inputs parameter, five gradients; outputs after each step
  clipByGlobalNorm                          limit; outputs the norm before, then the gradients
"""

import os
import sys

sys.dont_write_bytecode = True
import numpy as np

from cases import contractions, elementary, elementwise, layers, reductions, shapes, training

np.seterr(all="ignore")
FAMILIES = (
    elementwise.unary,
    elementwise.binary,
    elementwise.softmax,
    reductions.reductions,
    reductions.cumulative,
    reductions.sorting,
    reductions.casts,
    contractions.contractions,
    contractions.convolutions,
    contractions.pooling,
    shapes.shapes,
    shapes.indexing,
    layers.normalisation,
    layers.attention,
    layers.recurrent,
    training.losses,
    training.optimizers,
)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "Operators")
    os.makedirs(folder, exist_ok=True)
    total = 0
    for family in FAMILIES:
        count = family().write(folder)
        total += count
        print(f"{family.__name__}: {count}")
    print(f"elementary: {elementary.elementary(folder)} functions\ntotal: {total} cases")


if __name__ == "__main__":
    main()
