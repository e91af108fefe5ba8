/* Products of rows and packed weights, and attention to cache rows: the leaf loops behind io.moonglass.tensor.NativeKernels.

   A panel is 16 rows of a weight side by side, so that no sum crosses the lanes of a vector: PanelMatrix.java draws its layout, and
   QuantizedRows.java that of a row of x. A block's dot product is an integer, and blocks are added up in order, rounded as the Java
   kernels round them: all of them give the same bits. So does attention, which computes in floats. Nothing here allocates, keeps state or starts a thread. */

#include <stdint.h>
#include <string.h>

#define LANES 16
#define BLOCK 32
#define INLINE static inline __attribute__((always_inline))

typedef struct {
    int8_t codes[BLOCK];
    float scale;
    int32_t sum;
} Block;

/* Each instruction set defines NAME, TARGET, TILE_ROWS and quantized_tile: the products of 1 to TILE_ROWS rows, a number that is known when
   it is compiled, with one panel of 4 or 8 bits. xStride is a row's distance to the next in blocks. */

INLINE int32_t word(const void *bytes) {
    int32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Element i of a row of bfloat16 numbers or floats. */
INLINE float element(const char *row, int bits, long i) {
    uint32_t stored = 0;
    float value;
    memcpy((char *)&stored + (bits == 16 ? 2 : 0), row + i * bits / 8, bits / 8);
    memcpy(&value, &stored, sizeof value);
    return value;
}

/* Floats rounded to bfloat16, to even where both neighbours are as near. */
INLINE void store_rounded(char *rounded, const float *values, int count) {
    for (int i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, values + i, sizeof bits);
        const uint16_t upper = (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
        memcpy(rounded + 2 * i, &upper, sizeof upper);
    }
}

/* Hints to read what lies AHEAD bytes after a block of weights. Processors do that by themselves, better, where a block is done with as
   fast as memory brings the next: with one row. */
#define AHEAD 4096
INLINE void fetch_ahead(const uint8_t *block, int bits, int rows) {
    for (int i = 0; rows > 1 && i <= bits; i++) __builtin_prefetch(block + AHEAD + 64 * i);
}

/* Dot products of bfloat16 pairs and their rounding, where no instruction does it. The odd product is added first, as by those that do. */
#define PAIR_DOT(sums, a, b) FMA(LOW_HALF(a), LOW_HALF(b), FMA(HIGH_HALF(a), HIGH_HALF(b), sums))
#define STORE_PAIR_ROUNDED(p, low, high)          \
    do {                                          \
        float both[2 * LANES];                    \
        STORE(both, low);                         \
        STORE(both + LANES, high);                \
        store_rounded(p, both, 2 * LANES);        \
    } while (0)

/* Below this, an exponential counts as 0. */
#define LEAST -87.3f

#if defined(__x86_64__)
#include <immintrin.h>

/* ---- AVX-512 with VNNI */

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")))
#define NAME(function) function##_avx512
#define quantized_tile quantized_tile_avx512
#define TILE_ROWS 12

TARGET INLINE void quantized_tile(const uint8_t *panel, long blocks, int bits, const Block *x, long xStride, float *out,
                                         long outStride, int rows) {
    const __m512i nibble = _mm512_set1_epi8(15);
    const int offset = bits == 4 ? 8 : 128;
    __m512 sums[TILE_ROWS];
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++) sums[r] = _mm512_setzero_ps();
    for (long b = 0; b < blocks; b++, panel += 64 * bits + 2 * LANES) {
        fetch_ahead(panel, bits, rows);
        __m512i dots[TILE_ROWS];
#pragma GCC unroll 12
        for (int r = 0; r < rows; r++) dots[r] = _mm512_set1_epi32(-offset * x[r * xStride + b].sum);
#pragma GCC unroll 8
        for (int j = 0; j < bits; j++) {
            __m512i w = _mm512_loadu_si512(panel + 64 * j);
            if (bits == 4) {
                __m512i low = _mm512_and_si512(w, nibble);
                __m512i high = _mm512_and_si512(_mm512_srli_epi16(w, 4), nibble);
#pragma GCC unroll 12
                for (int r = 0; r < rows; r++) {
                    const int8_t *codes = x[r * xStride + b].codes + 8 * j;
                    dots[r] = _mm512_dpbusd_epi32(dots[r], low, _mm512_set1_epi32(word(codes)));
                    dots[r] = _mm512_dpbusd_epi32(dots[r], high, _mm512_set1_epi32(word(codes + 4)));
                }
            } else {
#pragma GCC unroll 12
                for (int r = 0; r < rows; r++) {
                    const int8_t *codes = x[r * xStride + b].codes + 4 * j;
                    dots[r] = _mm512_dpbusd_epi32(dots[r], w, _mm512_set1_epi32(word(codes)));
                }
            }
        }
        __m512 scale = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(panel + 64 * bits)));
#pragma GCC unroll 12
        for (int r = 0; r < rows; r++) {
            __m512 both = _mm512_mul_ps(scale, _mm512_set1_ps(x[r * xStride + b].scale));
            sums[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots[r]), both, sums[r]);
        }
    }
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++) _mm512_storeu_ps(out + r * outStride, sums[r]);
}

/* The processor's rate: independent dot products in registers. Returns the number of operations. */
TARGET long moonglass_peak_avx512(long rounds) {
    __m512i sums[TILE_ROWS], one = _mm512_set1_epi8(1);
#pragma GCC unroll 12
    for (int r = 0; r < TILE_ROWS; r++) sums[r] = _mm512_setzero_si512();
    for (long i = 0; i < rounds; i++) {
#pragma GCC unroll 12
        for (int r = 0; r < TILE_ROWS; r++) {
            sums[r] = _mm512_dpbusd_epi32(sums[r], one, one);
            __asm__ volatile("" : "+v"(sums[r]));
        }
    }
    return rounds * TILE_ROWS * 64 * 2;
}

#define Lanes __m512
#define Words __m512i
#define LOAD(p) _mm512_loadu_ps(p)
#define LOAD_WORDS(p) _mm512_loadu_si512(p)
#define STORE(p, v) _mm512_storeu_ps(p, v)
#define STORE_WORDS(p, v) _mm512_storeu_si512(p, v)
#define ALL(x) _mm512_set1_ps(x)
#define ALL_WORDS(x) _mm512_set1_epi32(x)
#define LOW_HALF(w) _mm512_castsi512_ps(_mm512_slli_epi32(w, 16))
#define HIGH_HALF(w) _mm512_castsi512_ps(_mm512_and_si512(w, _mm512_set1_epi32(0xffff0000)))
#define HALVES(p) _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(p)))
#define PAIRS(p, q) _mm512_or_si512(HALVES(p), _mm512_slli_epi32(HALVES(q), 16))
#define JOINED(a, b) _mm512_or_si512(_mm512_srli_epi32(_mm512_castps_si512(a), 16), _mm512_castps_si512(b))
#define ROUNDED(v) rounded_avx512(v)
#define DOT(sums, a, b) PAIR_DOT(sums, a, b)
#define STORE_ROUNDED(p, low, high) STORE_PAIR_ROUNDED(p, low, high)
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define MUL(a, b) _mm512_mul_ps(a, b)
#define ADD(a, b) _mm512_add_ps(a, b)
#define SUB(a, b) _mm512_sub_ps(a, b)
#define MAX(a, b) _mm512_max_ps(a, b)
#define MIN(a, b) _mm512_min_ps(a, b)
#define TIMES_POWER(p, shifted, x) times_power_avx512(p, shifted, x)
#define HEAD_TILE 16
#define TOKEN_TILE 8
#define LARGEST(v) _mm512_reduce_max_ps(v)
#define QUERY_TILE 6
#define VECTOR_TILE 4
#define VALUE_TILE 4

/* p 2^n for the n that `shifted` ends with; 0 where x is below LEAST. */
TARGET INLINE __m512 times_power_avx512(__m512 p, __m512 shifted, __m512 x) {
    __m512i power = _mm512_slli_epi32(_mm512_castps_si512(shifted), 23);
    __m512 value = _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(p), power));
    return _mm512_mask_mov_ps(value, _mm512_cmp_ps_mask(x, ALL(LEAST), _CMP_LT_OQ), _mm512_setzero_ps());
}

/* The nearest bfloat16, ties to even, of finite numbers. */
TARGET INLINE __m512 rounded_avx512(__m512 v) {
    __m512i w = _mm512_castps_si512(v);
    __m512i even = _mm512_and_si512(_mm512_srli_epi32(w, 16), _mm512_set1_epi32(1));
    w = _mm512_add_epi32(_mm512_add_epi32(w, even), _mm512_set1_epi32(0x7fff));
    return _mm512_castsi512_ps(_mm512_and_si512(w, _mm512_set1_epi32(0xffff0000)));
}

#include "attention.inc"
#include "tiles.inc"

/* The same with dot products of bfloat16, for processors that have them. */
#undef TARGET
#undef NAME
#undef DOT
#undef STORE_ROUNDED
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,avx512bf16,avx2,fma,f16c")))
#define NAME(function) function##_avx512bf16
#define DOT(sums, a, b) _mm512_dpbf16_ps(sums, (__m512bh)(a), (__m512bh)(b))
#define STORE_ROUNDED(p, low, high) _mm512_storeu_si512(p, (__m512i)_mm512_cvtne2ps_pbh(high, low))
#define ONLY_PAIRS
#include "attention.inc"
#include "tiles.inc"

#undef TARGET
#undef NAME
#undef ONLY_PAIRS
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")))
#define NAME(function) function##_avx512
#include "panels.inc"

/* ---- AVX2: a panel is two vectors wide, dot products take two steps */

#define TARGET __attribute__((target("avx2,fma,f16c")))
#define NAME(function) function##_avx2
#define quantized_tile quantized_tile_avx2
#define TILE_ROWS 4

/* Sums of four products a lane. No pair of products leaves 16 bits: weights are at most 15, or codes at most 127. */
TARGET INLINE __m256i dot_avx2(__m256i sums, __m256i w, int32_t codes, int bits) {
    __m256i x = _mm256_set1_epi32(codes), pairs;
    if (bits == 4) {
        pairs = _mm256_maddubs_epi16(w, x);
    } else {
        w = _mm256_xor_si256(w, _mm256_set1_epi8((char)128));
        pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w));
    }
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

TARGET INLINE void quantized_tile(const uint8_t *panel, long blocks, int bits, const Block *x, long xStride, float *out,
                                       long outStride, int rows) {
    const __m256i nibble = _mm256_set1_epi8(15);
    __m256 sums[TILE_ROWS][2];
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++) sums[r][0] = sums[r][1] = _mm256_setzero_ps();
    for (long b = 0; b < blocks; b++, panel += 64 * bits + 2 * LANES) {
        fetch_ahead(panel, bits, rows);
        __m256i dots[TILE_ROWS][2];
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++) dots[r][0] = dots[r][1] = _mm256_set1_epi32(bits == 4 ? -8 * x[r * xStride + b].sum : 0);
#pragma GCC unroll 8
        for (int j = 0; j < bits; j++) {
#pragma GCC unroll 2
            for (int half = 0; half < 2; half++) {
                __m256i w = _mm256_loadu_si256((const __m256i *)(panel + 64 * j + 32 * half));
                __m256i low = bits == 4 ? _mm256_and_si256(w, nibble) : w;
                __m256i high = _mm256_and_si256(_mm256_srli_epi16(w, 4), nibble);
#pragma GCC unroll 4
                for (int r = 0; r < rows; r++) {
                    const int8_t *codes = x[r * xStride + b].codes + 32 / bits * j;
                    dots[r][half] = dot_avx2(dots[r][half], low, word(codes), bits);
                    if (bits == 4) dots[r][half] = dot_avx2(dots[r][half], high, word(codes + 4), bits);
                }
            }
        }
#pragma GCC unroll 2
        for (int half = 0; half < 2; half++) {
            __m256 scale = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(panel + 64 * bits + 16 * half)));
#pragma GCC unroll 4
            for (int r = 0; r < rows; r++) {
                __m256 both = _mm256_mul_ps(scale, _mm256_set1_ps(x[r * xStride + b].scale));
                sums[r][half] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots[r][half]), both, sums[r][half]);
            }
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++) {
        _mm256_storeu_ps(out + r * outStride, sums[r][0]);
        _mm256_storeu_ps(out + r * outStride + 8, sums[r][1]);
    }
}

TARGET long moonglass_peak_avx2(long rounds) {
    __m256i sums[8], one = _mm256_set1_epi8(1);
#pragma GCC unroll 8
    for (int r = 0; r < 8; r++) sums[r] = _mm256_setzero_si256();
    for (long i = 0; i < rounds; i++) {
#pragma GCC unroll 8
        for (int r = 0; r < 8; r++) {
            sums[r] = dot_avx2(sums[r], one, 0x01010101, 4);
            __asm__ volatile("" : "+x"(sums[r]));
        }
    }
    return rounds * 8 * 32 * 2;
}

/* Sixteen floats, or sixteen words. */
typedef struct {
    __m256 half[2];
} Floats_avx2;
typedef struct {
    __m256i half[2];
} Words_avx2;

#define BOTH(type, name, parameters, expression)                  \
    TARGET INLINE type name##_avx2 parameters {                   \
        type both;                                                \
        for (int i = 0; i < 2; i++) both.half[i] = (expression);  \
        return both;                                              \
    }
BOTH(Floats_avx2, load, (const float *p), _mm256_loadu_ps(p + 8 * i))
BOTH(Floats_avx2, all, (float x), _mm256_set1_ps(x))
BOTH(Words_avx2, all_words, (int32_t x), _mm256_set1_epi32(x))
BOTH(Words_avx2, halves, (const char *p), _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p + i)))
BOTH(Words_avx2, load_words, (const void *p), _mm256_loadu_si256((const __m256i *)p + i))
BOTH(Words_avx2, pairs, (Words_avx2 a, Words_avx2 b), _mm256_or_si256(a.half[i], _mm256_slli_epi32(b.half[i], 16)))
BOTH(Words_avx2, joined, (Floats_avx2 a, Floats_avx2 b),
     _mm256_or_si256(_mm256_srli_epi32(_mm256_castps_si256(a.half[i]), 16), _mm256_castps_si256(b.half[i])))
BOTH(Floats_avx2, rounded, (Floats_avx2 v),
     _mm256_castsi256_ps(_mm256_and_si256(
         _mm256_add_epi32(_mm256_castps_si256(v.half[i]),
                          _mm256_add_epi32(_mm256_and_si256(_mm256_srli_epi32(_mm256_castps_si256(v.half[i]), 16), _mm256_set1_epi32(1)),
                                           _mm256_set1_epi32(0x7fff))),
         _mm256_set1_epi32(0xffff0000))))
BOTH(Floats_avx2, low, (Words_avx2 w), _mm256_castsi256_ps(_mm256_slli_epi32(w.half[i], 16)))
BOTH(Floats_avx2, high, (Words_avx2 w), _mm256_castsi256_ps(_mm256_and_si256(w.half[i], _mm256_set1_epi32(0xffff0000))))
BOTH(Floats_avx2, fma, (Floats_avx2 a, Floats_avx2 b, Floats_avx2 c), _mm256_fmadd_ps(a.half[i], b.half[i], c.half[i]))
BOTH(Floats_avx2, mul, (Floats_avx2 a, Floats_avx2 b), _mm256_mul_ps(a.half[i], b.half[i]))
BOTH(Floats_avx2, add, (Floats_avx2 a, Floats_avx2 b), _mm256_add_ps(a.half[i], b.half[i]))
BOTH(Floats_avx2, sub, (Floats_avx2 a, Floats_avx2 b), _mm256_sub_ps(a.half[i], b.half[i]))
BOTH(Floats_avx2, max, (Floats_avx2 a, Floats_avx2 b), _mm256_max_ps(a.half[i], b.half[i]))
BOTH(Floats_avx2, min, (Floats_avx2 a, Floats_avx2 b), _mm256_min_ps(a.half[i], b.half[i]))
BOTH(Floats_avx2, times_power, (Floats_avx2 p, Floats_avx2 shifted, Floats_avx2 x),
     _mm256_andnot_ps(_mm256_cmp_ps(x.half[i], _mm256_set1_ps(LEAST), _CMP_LT_OQ),
                      _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p.half[i]),
                                                           _mm256_slli_epi32(_mm256_castps_si256(shifted.half[i]), 23)))))
TARGET INLINE void store_avx2(float *p, Floats_avx2 v) {
    for (int i = 0; i < 2; i++) _mm256_storeu_ps(p + 8 * i, v.half[i]);
}
TARGET INLINE void store_words_avx2(void *p, Words_avx2 v) {
    for (int i = 0; i < 2; i++) _mm256_storeu_si256((__m256i *)p + i, v.half[i]);
}
TARGET INLINE float largest_avx2(Floats_avx2 v) {
    __m256 eight = _mm256_max_ps(v.half[0], v.half[1]);
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}
#undef BOTH

#define Lanes Floats_avx2
#define Words Words_avx2
#define LOAD(p) load_avx2(p)
#define LOAD_WORDS(p) load_words_avx2(p)
#define STORE(p, v) store_avx2(p, v)
#define STORE_WORDS(p, v) store_words_avx2(p, v)
#define ALL(x) all_avx2(x)
#define ALL_WORDS(x) all_words_avx2(x)
#define LOW_HALF(w) low_avx2(w)
#define HIGH_HALF(w) high_avx2(w)
#define PAIRS(p, q) pairs_avx2(halves_avx2(p), halves_avx2(q))
#define JOINED(a, b) joined_avx2(a, b)
#define ROUNDED(v) rounded_avx2(v)
#define DOT(sums, a, b) PAIR_DOT(sums, a, b)
#define STORE_ROUNDED(p, low, high) STORE_PAIR_ROUNDED(p, low, high)
#define FMA(a, b, c) fma_avx2(a, b, c)
#define MUL(a, b) mul_avx2(a, b)
#define ADD(a, b) add_avx2(a, b)
#define SUB(a, b) sub_avx2(a, b)
#define MAX(a, b) max_avx2(a, b)
#define MIN(a, b) min_avx2(a, b)
#define TIMES_POWER(p, shifted, x) times_power_avx2(p, shifted, x)
#define HEAD_TILE 4
#define TOKEN_TILE 4
#define LARGEST(v) largest_avx2(v)
#define QUERY_TILE 4
#define VECTOR_TILE 1
#define VALUE_TILE 1

#include "attention.inc"
#include "tiles.inc"
#include "panels.inc"

/* The best instruction set here: 3 AVX-512 with VNNI and BF16, 2 with VNNI, 1 AVX2, 0 none of these. */
int moonglass_level(void) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni"))
        return __builtin_cpu_supports("avx512bf16") ? 3 : 2;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

#elif defined(__aarch64__)
#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif

/* ---- NEON with dot products: a panel is four vectors wide */

#define TARGET __attribute__((target("arch=armv8.2-a+dotprod+fp16")))
#define NAME(function) function##_neon
#define quantized_tile quantized_tile_neon
#define TILE_ROWS 4

TARGET INLINE void quantized_tile(const uint8_t *panel, long blocks, int bits, const Block *x, long xStride, float *out,
                                       long outStride, int rows) {
    float32x4_t sums[TILE_ROWS][4];
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++) sums[r][q] = vdupq_n_f32(0);
    for (long b = 0; b < blocks; b++, panel += 64 * bits + 2 * LANES) {
        fetch_ahead(panel, bits, rows);
        int32x4_t dots[TILE_ROWS][4];
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
            for (int q = 0; q < 4; q++) dots[r][q] = vdupq_n_s32(0);
#pragma GCC unroll 8
        for (int j = 0; j < bits; j++) {
#pragma GCC unroll 4
            for (int q = 0; q < 4; q++) {
                uint8x16_t w = vld1q_u8(panel + 64 * j + 16 * q);
                int8x16_t low = vreinterpretq_s8_u8(bits == 4 ? vandq_u8(w, vdupq_n_u8(15)) : veorq_u8(w, vdupq_n_u8(128)));
                int8x16_t high = vsubq_s8(vreinterpretq_s8_u8(vshrq_n_u8(w, 4)), vdupq_n_s8(8));
                if (bits == 4) low = vsubq_s8(low, vdupq_n_s8(8));
#pragma GCC unroll 4
                for (int r = 0; r < rows; r++) {
                    const int8_t *codes = x[r * xStride + b].codes + 32 / bits * j;
                    dots[r][q] = vdotq_s32(dots[r][q], low, vreinterpretq_s8_s32(vdupq_n_s32(word(codes))));
                    if (bits == 4)
                        dots[r][q] = vdotq_s32(dots[r][q], high, vreinterpretq_s8_s32(vdupq_n_s32(word(codes + 4))));
                }
            }
        }
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++) {
            float16x4_t half;
            memcpy(&half, panel + 64 * bits + 8 * q, sizeof half);
            float32x4_t scale = vcvt_f32_f16(half);
#pragma GCC unroll 4
            for (int r = 0; r < rows; r++)
                sums[r][q] = vfmaq_f32(sums[r][q], vcvtq_f32_s32(dots[r][q]), vmulq_n_f32(scale, x[r * xStride + b].scale));
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++) vst1q_f32(out + r * outStride + 4 * q, sums[r][q]);
}

TARGET long moonglass_peak_neon(long rounds) {
    int32x4_t sums[16];
    int8x16_t one = vdupq_n_s8(1);
#pragma GCC unroll 16
    for (int r = 0; r < 16; r++) sums[r] = vdupq_n_s32(0);
    for (long i = 0; i < rounds; i++) {
#pragma GCC unroll 16
        for (int r = 0; r < 16; r++) {
            sums[r] = vdotq_s32(sums[r], one, one);
            __asm__ volatile("" : "+w"(sums[r]));
        }
    }
    return rounds * 16 * 16 * 2;
}

/* Sixteen floats, or sixteen words. */
typedef struct {
    float32x4_t part[4];
} Floats_neon;
typedef struct {
    uint32x4_t part[4];
} Words_neon;

#define ALL_FOUR(type, name, parameters, expression)              \
    TARGET INLINE type name##_neon parameters {                   \
        type all;                                                 \
        for (int i = 0; i < 4; i++) all.part[i] = (expression);   \
        return all;                                               \
    }
ALL_FOUR(Floats_neon, load, (const float *p), vld1q_f32(p + 4 * i))
ALL_FOUR(Floats_neon, all, (float x), vdupq_n_f32(x))
ALL_FOUR(Words_neon, all_words, (int32_t x), vdupq_n_u32((uint32_t)x))
ALL_FOUR(Words_neon, halves, (const char *p), vmovl_u16(vld1_u16((const uint16_t *)p + 4 * i)))
ALL_FOUR(Words_neon, load_words, (const uint32_t *p), vld1q_u32(p + 4 * i))
ALL_FOUR(Words_neon, pairs, (Words_neon a, Words_neon b), vorrq_u32(a.part[i], vshlq_n_u32(b.part[i], 16)))
ALL_FOUR(Words_neon, joined, (Floats_neon a, Floats_neon b),
         vorrq_u32(vshrq_n_u32(vreinterpretq_u32_f32(a.part[i]), 16), vreinterpretq_u32_f32(b.part[i])))
ALL_FOUR(Floats_neon, rounded, (Floats_neon v),
         vreinterpretq_f32_u32(vandq_u32(
             vaddq_u32(vreinterpretq_u32_f32(v.part[i]),
                       vaddq_u32(vandq_u32(vshrq_n_u32(vreinterpretq_u32_f32(v.part[i]), 16), vdupq_n_u32(1)), vdupq_n_u32(0x7fff))),
             vdupq_n_u32(0xffff0000))))
ALL_FOUR(Floats_neon, low, (Words_neon w), vreinterpretq_f32_u32(vshlq_n_u32(w.part[i], 16)))
ALL_FOUR(Floats_neon, high, (Words_neon w), vreinterpretq_f32_u32(vandq_u32(w.part[i], vdupq_n_u32(0xffff0000))))
ALL_FOUR(Floats_neon, fma, (Floats_neon a, Floats_neon b, Floats_neon c), vfmaq_f32(c.part[i], a.part[i], b.part[i]))
ALL_FOUR(Floats_neon, mul, (Floats_neon a, Floats_neon b), vmulq_f32(a.part[i], b.part[i]))
ALL_FOUR(Floats_neon, add, (Floats_neon a, Floats_neon b), vaddq_f32(a.part[i], b.part[i]))
ALL_FOUR(Floats_neon, sub, (Floats_neon a, Floats_neon b), vsubq_f32(a.part[i], b.part[i]))
ALL_FOUR(Floats_neon, max, (Floats_neon a, Floats_neon b), vmaxq_f32(a.part[i], b.part[i]))
ALL_FOUR(Floats_neon, min, (Floats_neon a, Floats_neon b), vminq_f32(a.part[i], b.part[i]))
ALL_FOUR(Floats_neon, times_power, (Floats_neon p, Floats_neon shifted, Floats_neon x),
         vbslq_f32(vcltq_f32(x.part[i], vdupq_n_f32(LEAST)), vdupq_n_f32(0),
                   vreinterpretq_f32_u32(vaddq_u32(vreinterpretq_u32_f32(p.part[i]), vshlq_n_u32(vreinterpretq_u32_f32(shifted.part[i]), 23)))))
TARGET INLINE void store_neon(float *p, Floats_neon v) {
    for (int i = 0; i < 4; i++) vst1q_f32(p + 4 * i, v.part[i]);
}
TARGET INLINE void store_words_neon(uint32_t *p, Words_neon v) {
    for (int i = 0; i < 4; i++) vst1q_u32(p + 4 * i, v.part[i]);
}
TARGET INLINE float largest_neon(Floats_neon v) {
    return vmaxvq_f32(vmaxq_f32(vmaxq_f32(v.part[0], v.part[1]), vmaxq_f32(v.part[2], v.part[3])));
}
#undef ALL_FOUR

#define Lanes Floats_neon
#define Words Words_neon
#define LOAD(p) load_neon(p)
#define LOAD_WORDS(p) load_words_neon((const uint32_t *)(p))
#define STORE(p, v) store_neon(p, v)
#define STORE_WORDS(p, v) store_words_neon((uint32_t *)(p), v)
#define ALL(x) all_neon(x)
#define ALL_WORDS(x) all_words_neon(x)
#define LOW_HALF(w) low_neon(w)
#define HIGH_HALF(w) high_neon(w)
#define PAIRS(p, q) pairs_neon(halves_neon(p), halves_neon(q))
#define JOINED(a, b) joined_neon(a, b)
#define ROUNDED(v) rounded_neon(v)
#define DOT(sums, a, b) PAIR_DOT(sums, a, b)
#define STORE_ROUNDED(p, low, high) STORE_PAIR_ROUNDED(p, low, high)
#define FMA(a, b, c) fma_neon(a, b, c)
#define MUL(a, b) mul_neon(a, b)
#define ADD(a, b) add_neon(a, b)
#define SUB(a, b) sub_neon(a, b)
#define MAX(a, b) max_neon(a, b)
#define MIN(a, b) min_neon(a, b)
#define TIMES_POWER(p, shifted, x) times_power_neon(p, shifted, x)
#define HEAD_TILE 4
#define TOKEN_TILE 4
#define LARGEST(v) largest_neon(v)
#define QUERY_TILE 4
#define VECTOR_TILE 1
#define VALUE_TILE 1

#include "attention.inc"
#include "tiles.inc"
#include "panels.inc"

/* 1 if the processor has the dot products, 0 if not. */
int moonglass_level(void) {
#if defined(__linux__)
    return (getauxval(AT_HWCAP) >> 20) & 1; /* HWCAP_ASIMDDP */
#else
    return 1;
#endif
}
#else
#error "no leaves for this processor"
#endif
