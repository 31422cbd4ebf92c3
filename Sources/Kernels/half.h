// float16 and bfloat16, to and from float32, rounding to nearest even. Branch-free where vectors matter.
#ifndef MARTLET_HALF_H
#define MARTLET_HALF_H

#include <stdint.h>
#include <string.h>

static inline float float_from_bf16(uint16_t x) {
  uint32_t bits = (uint32_t)x << 16;
  float result;
  memcpy(&result, &bits, 4);
  return result;
}

static inline uint16_t bf16_from_float(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  uint32_t quiet = (bits >> 16) | 0x40;
  return (uint16_t)(x != x ? quiet : rounded);
}

static inline float float_from_f16(uint16_t x) {
  uint32_t sign = (uint32_t)(x & 0x8000) << 16, body = x & 0x7fffu;
  uint32_t bits = (body << 13) + 0x38000000u;
  if (body >= 0x7c00) bits = body > 0x7c00 ? (body << 13) | 0x7fc00000u : 0x7f800000u;
  float result;
  if (body < 0x400) {
    result = (float)body * 0x1p-24f;
    memcpy(&bits, &result, 4);
  }
  bits |= sign;
  memcpy(&result, &bits, 4);
  return result;
}

static inline uint16_t f16_from_float(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  uint32_t sign = (bits >> 16) & 0x8000, body = bits & 0x7fffffff;
  if (body > 0x7f800000) return (uint16_t)(sign | 0x7e00 | ((body >> 13) & 0x3ff));
  if (body >= 0x477ff000) return (uint16_t)(sign | 0x7c00);
  if (body < 0x38800000) {
    // Subnormal: adding 1/2 leaves the rounded value, in units of 2^-24, in the low bits.
    float magnitude;
    memcpy(&magnitude, &body, 4);
    float shifted = magnitude + 0.5f;
    uint32_t shifted_bits;
    memcpy(&shifted_bits, &shifted, 4);
    return (uint16_t)(sign | (shifted_bits - 0x3f000000u));
  }
  uint32_t rounded = body + 0xfff + ((body >> 13) & 1) - 0x38000000u;
  return (uint16_t)(sign | (rounded >> 13));
}

#endif
