/* Runs the leaf functions of one instruction set on numbers that a seed gives, and writes every bit of their results: what two
   instruction sets write must be the same. Compiled with -DSET=avx512, avx2 or neon. */

#include <stdio.h>
#include <stdlib.h>

#include "../../main/native/kernels.c"

#define JOIN(a, b) a##_##b
#define NAMED(a, b) JOIN(a, b)
#define LEAF(name) NAMED(name, SET)

/* With -DBF16, attention with dot products of bfloat16 pairs. */
#ifdef BF16
#define PAIR_LEAF(name) NAMED(name, avx512bf16)
#else
#define PAIR_LEAF(name) LEAF(name)
#endif

static uint64_t state = 12345;

static uint32_t number(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

static uint16_t bfloat16(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)(bits >> 16);
}

static float fraction(void) { return (float)((int)(number() % 2001) - 1000) / 1000; }

static void products(Type type, long numRows) {
    enum { BLOCKS = 3, PANELS = 3, COLUMNS = 37 };
    const long codeBytes = 64 * GROUPS(type), blockBytes = BLOCK_BYTES(type), panelBytes = BLOCKS * blockBytes;
    uint8_t *panels = malloc(PANELS * panelBytes);
    Block *x = malloc(numRows * BLOCKS * sizeof(Block));
    float *out = malloc(numRows * COLUMNS * sizeof(float));
    for (uint8_t *block = panels; block < panels + PANELS * panelBytes; block += blockBytes) {
        for (long i = 0; i < codeBytes; i++) block[i] = (uint8_t)number();
        for (int i = 0; i < LANES; i++) {
            uint16_t scale = (uint16_t)(0x2000 + number() % 4096);
            memcpy(block + codeBytes + 2 * i, &scale, 2);
        }
        for (int i = 0; type == Q4A && i < LANES; i++) {
            uint16_t minimum = (uint16_t)(0xac00 + number() % 4096); /* negative */
            memcpy(block + MINIMA(type) + 2 * i, &minimum, 2);
        }
    }
    for (long b = 0; b < numRows * BLOCKS; b++) {
        x[b].start = 0;
        x[b].scale = (float)(1 + number() % 1000) / 5000;
        for (int i = 0; i < BLOCK; i++) x[b].start -= 8 * (x[b].codes[i] = (int8_t)((int)(number() % 255) - 127));
    }
    switch (type) {
        case Q4: LEAF(moonglass_q4)(panels, BLOCKS, x, numRows, out, COLUMNS, 0, PANELS); break;
        case Q8: LEAF(moonglass_q8)(panels, BLOCKS, x, numRows, out, COLUMNS, 0, PANELS); break;
        case Q4A: LEAF(moonglass_q4a)(panels, BLOCKS, x, numRows, out, COLUMNS, 0, PANELS); break;
    }
    fwrite(out, sizeof(float), numRows * COLUMNS, stdout);
    free(panels);
    free(x);
    free(out);
}

/* Rows that do not fill their last block, from the second block on. */
static void quantized(long numRows) {
    enum { COLUMNS = 81, BLOCKS = 3 };
    float *x = malloc(numRows * COLUMNS * sizeof(float));
    Block *out = calloc(numRows * BLOCKS, sizeof(Block));
    for (long i = 0; i < numRows * COLUMNS; i++) x[i] = fraction() * (1 + number() % 7);
    LEAF(moonglass_quantize)(x, numRows, COLUMNS, out, 1, BLOCKS);
    fwrite(out, sizeof(Block), numRows * BLOCKS, stdout);
    free(x);
    free(out);
}

static void attention(int bits, long numTokens) {
    enum { ROW = 45, LATENT = 37, MOST = 32 };
    static float queries[(ROW + 1) * LANES], rows[MOST * ROW], scores[MOST * LANES], sums[LANES * LATENT];
    float maxima[LANES], totals[LANES];
    for (long i = 0; i < ROW; i++)
        for (int h = 0; h < LANES; h++) {
            float value = fraction();
            long at = bits == 16 ? (i / 2 * LANES + h) * 2 + i % 2 : i * LANES + h;
            memcpy((char *)queries + at * bits / 8, (char *)&value + 4 - bits / 8, bits / 8);
        }
    for (long i = 0; i < numTokens * ROW; i++) {
        float value = fraction();
        memcpy((char *)rows + i * bits / 8, (char *)&value + 4 - bits / 8, bits / 8);
    }
    for (int i = 0; i < LANES * LATENT; i++) sums[i] = fraction();
    for (int h = 0; h < LANES; h++) {
        maxima[h] = -1;
        totals[h] = 0.5f;
    }
    (bits == 16 ? PAIR_LEAF(moonglass_attend_bf16) : LEAF(moonglass_attend_f32))((char *)queries, (char *)rows, (char *)rows, numTokens, ROW, LATENT, scores, maxima,
                                                                         totals, sums);
    fwrite(sums, sizeof(float), LANES * LATENT, stdout);
    fwrite(totals, sizeof(float), LANES, stdout);
    fwrite(maxima, sizeof(float), LANES, stdout);
}

/* Causal, so that tiles are cut off in their middle. */
static void tiles(long numQueries, long numKeys, long firstVisible) {
    enum { PAIRS = 9, VALUE = 37, VALUE_SIZE = 48, MOST_QUERIES = 14, MOST_KEYS = 320 };
    static uint16_t queries[MOST_QUERIES * 2 * PAIRS], keys[MOST_KEYS * 2 * PAIRS], values[MOST_KEYS * VALUE_SIZE];
    static float scratch[(MOST_QUERIES + 8) * (VALUE_SIZE + 17) + 128 * 16], out[MOST_QUERIES * VALUE];
    for (int i = 0; i < MOST_QUERIES * 2 * PAIRS; i++) queries[i] = bfloat16(fraction());
    for (int i = 0; i < MOST_KEYS * 2 * PAIRS; i++) keys[i] = bfloat16(fraction());
    for (int i = 0; i < MOST_KEYS * VALUE_SIZE; i++) values[i] = bfloat16(fraction());
    PAIR_LEAF(moonglass_tiles_bf16)((char *)queries, numQueries, (char *)keys, (char *)values, PAIRS, VALUE, numKeys, firstVisible, 1, 1, 1, scratch, out, VALUE);
    fwrite(out, sizeof(float), numQueries * VALUE, stdout);
}

int main(void) {
    for (long n = 1; n <= 14; n++) products(Q4, n), products(Q8, n), products(Q4A, n);
    for (long n = 1; n <= 3; n++) quantized(n);
    for (long n = 1; n <= 32; n++) attention(16, n), attention(32, n);
    for (long n = 1; n <= 14; n++) tiles(n, 20 * n, 1), tiles(n, 20 * n, 19 * n);
    return 0;
}
