/* Products of rows and packed weights: the leaf loops behind io.moonglass.tensor.NativeKernels.

   A panel is 16 rows of a weight side by side, so that no sum crosses the lanes of a vector: PanelMatrix.java draws its layout, and
   QuantizedRows.java that of a row of x. A block's dot product is an integer, and blocks are added up in order, rounded as the Java
   kernels round them: all of them give the same bits. Nothing here allocates, keeps state or starts a thread. */

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

INLINE int32_t four(const int8_t *codes) {
    int32_t word;
    memcpy(&word, codes, sizeof word);
    return word;
}

#if defined(__x86_64__)
#include <immintrin.h>

/* ---- AVX-512 with VNNI */

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")))
#define NAME(function) function##_avx512
#define quantized_tile quantized_tile_avx512
#define TILE_ROWS 12

TARGET INLINE void quantized_tile(const uint8_t *panel, long blocks, int bits, const Block *x, long xStride, float *out,
                                         long outStride, int rows) {
    const uint8_t *scales = panel + blocks * BLOCK * LANES * bits / 8;
    const __m512i nibble = _mm512_set1_epi8(15);
    const int offset = bits == 4 ? 8 : 128;
    __m512 sums[TILE_ROWS];
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++) sums[r] = _mm512_setzero_ps();
    for (long b = 0; b < blocks; b++) {
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
                    dots[r] = _mm512_dpbusd_epi32(dots[r], low, _mm512_set1_epi32(four(codes)));
                    dots[r] = _mm512_dpbusd_epi32(dots[r], high, _mm512_set1_epi32(four(codes + 4)));
                }
            } else {
#pragma GCC unroll 12
                for (int r = 0; r < rows; r++) {
                    const int8_t *codes = x[r * xStride + b].codes + 4 * j;
                    dots[r] = _mm512_dpbusd_epi32(dots[r], w, _mm512_set1_epi32(four(codes)));
                }
            }
        }
        panel += 64 * bits;
        __m512 scale = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(scales + 2 * LANES * b)));
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
    const uint8_t *scales = panel + blocks * BLOCK * LANES * bits / 8;
    const __m256i nibble = _mm256_set1_epi8(15);
    __m256 sums[TILE_ROWS][2];
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++) sums[r][0] = sums[r][1] = _mm256_setzero_ps();
    for (long b = 0; b < blocks; b++) {
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
                    dots[r][half] = dot_avx2(dots[r][half], low, four(codes), bits);
                    if (bits == 4) dots[r][half] = dot_avx2(dots[r][half], high, four(codes + 4), bits);
                }
            }
        }
        panel += 64 * bits;
#pragma GCC unroll 2
        for (int half = 0; half < 2; half++) {
            __m256 scale = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(scales + 2 * LANES * b + 16 * half)));
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

#include "panels.inc"

/* The best instruction set here: 2 AVX-512 with VNNI, 1 AVX2, 0 none of these. */
int moonglass_level(void) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni")) return 2;
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
    const uint8_t *scales = panel + blocks * BLOCK * LANES * bits / 8;
    float32x4_t sums[TILE_ROWS][4];
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++) sums[r][q] = vdupq_n_f32(0);
    for (long b = 0; b < blocks; b++) {
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
                    dots[r][q] = vdotq_s32(dots[r][q], low, vreinterpretq_s8_s32(vdupq_n_s32(four(codes))));
                    if (bits == 4)
                        dots[r][q] = vdotq_s32(dots[r][q], high, vreinterpretq_s8_s32(vdupq_n_s32(four(codes + 4))));
                }
            }
        }
        panel += 64 * bits;
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++) {
            float16x4_t half;
            memcpy(&half, scales + 2 * LANES * b + 8 * q, sizeof half);
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
