// Elements as unsigned keys of the same order, the same for both directions: sorting is ascending order of keys.
#ifndef MARTLET_SORT_KEYS_H
#define MARTLET_SORT_KEYS_H

#include <stdint.h>
#include <string.h>

/// NaN comes last either way; -0 equals 0.
static inline uint64_t key_of_float(double value, int is_descending) {
  if (value != value) return UINT64_MAX;
  uint64_t bits;
  value += 0.0;
  memcpy(&bits, &value, 8);
  uint64_t key = bits >> 63 ? ~bits : bits | (1ull << 63);
  return is_descending ? ~key : key;
}

static inline uint64_t key_of_unsigned(uint64_t value, int is_descending) { return is_descending ? ~value : value; }

static inline uint64_t key_of_signed(int64_t value, int is_descending) {
  return key_of_unsigned((uint64_t)value ^ (1ull << 63), is_descending);
}

/// The same order in 32 bits, for float32 and narrower floats that were widened to it.
static inline uint32_t short_key_of_float(float value, int is_descending) {
  if (value != value) return UINT32_MAX;
  uint32_t bits;
  value += 0.0f;
  memcpy(&bits, &value, 4);
  uint32_t key = bits >> 31 ? ~bits : bits | (1u << 31);
  return is_descending ? ~key : key;
}

static inline uint32_t short_key_of_unsigned(uint32_t value, int is_descending) { return is_descending ? ~value : value; }

static inline uint32_t short_key_of_signed(int32_t value, int is_descending) {
  return short_key_of_unsigned((uint32_t)value ^ (1u << 31), is_descending);
}

#define KEY_AS_IT_IS(x) (x)

/// Does `EACH(T, READ, KEY)` for the C type of a tensor's elements, the function that reads one of them and the one that
/// makes a key of it.
#define KEYS_OF_TYPE(type, EACH)                                                    \
  switch (type) {                                                                   \
    case MARTLET_BOOL:                                                              \
    case MARTLET_U8: EACH(uint8_t, KEY_AS_IT_IS, key_of_unsigned); break;           \
    case MARTLET_U16: EACH(uint16_t, KEY_AS_IT_IS, key_of_unsigned); break;         \
    case MARTLET_U32: EACH(uint32_t, KEY_AS_IT_IS, key_of_unsigned); break;         \
    case MARTLET_U64: EACH(uint64_t, KEY_AS_IT_IS, key_of_unsigned); break;         \
    case MARTLET_I8: EACH(int8_t, KEY_AS_IT_IS, key_of_signed); break;              \
    case MARTLET_I16: EACH(int16_t, KEY_AS_IT_IS, key_of_signed); break;            \
    case MARTLET_I32: EACH(int32_t, KEY_AS_IT_IS, key_of_signed); break;            \
    case MARTLET_I64: EACH(int64_t, KEY_AS_IT_IS, key_of_signed); break;            \
    case MARTLET_F16: EACH(uint16_t, float_from_f16, key_of_float); break;          \
    case MARTLET_BF16: EACH(uint16_t, float_from_bf16, key_of_float); break;        \
    case MARTLET_F32: EACH(float, KEY_AS_IT_IS, key_of_float); break;               \
    default: EACH(double, KEY_AS_IT_IS, key_of_float); break;                       \
  }

#endif
