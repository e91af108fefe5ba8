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
    int32_t start; /* -8 times the sum of the codes: where the dot product with Q4 begins */
} Block;

/* What a panel holds; known when it is compiled, as all that depends on it. */
typedef enum { Q4, Q8, Q4A } Type;

/* Groups of 64 bytes in a block, which are as many as a weight's bits. */
#define GROUPS(type) (type == Q8 ? 8 : 4)

/* Where the dot product of a block begins: stored weights are 128 or 8 too large, or as they are. */
#define START(type, block) ((type == Q8 ? 16 : type == Q4 ? 1 : 0) * (block).start)

/* What the sum of the codes is of a block's start. */
#define SUM_OF_START (-0.125f)

/* Where a block's minima are, if it has some, and where it ends. */
#define MINIMA(type) (64 * GROUPS(type) + 2 * LANES)
#define BLOCK_BYTES(type) (MINIMA(type) + (type == Q4A ? 2 * LANES : 0))

/* Each instruction set defines NAME, TARGET, TILE_ROWS and quantized_tile: the products of 1 to TILE_ROWS rows, a number that is known when
   it is compiled, with one panel. xStride is a row's distance to the next in blocks. */

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

/* Hints to bring what lies AHEAD bytes after a block of weights into the second-level cache. Processors do that by themselves, better, where a
   block is done with as fast as memory brings the next: with one row. */
#define AHEAD 8192
INLINE void fetch_ahead(const uint8_t *block, int groups, int rows) {
    for (int i = 0; rows > 1 && i <= groups; i++) __builtin_prefetch(block + AHEAD + 64 * i, 0, 2);
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
#include "avx512.inc"
#include "avx2.inc"

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
#include "neon.inc"

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
