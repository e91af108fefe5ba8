/* Runs the leaf functions of one instruction set on numbers that a seed gives, and writes every bit of their results: what two
   instruction sets write must be the same. Compiled with -DSET=avx512, avx2 or neon. */

#include <stdio.h>
#include <stdlib.h>

#include "../../main/native/kernels.c"

#define JOIN(a, b) a##_##b
#define NAMED(a, b) JOIN(a, b)
#define LEAF(name) NAMED(name, SET)

static uint64_t state = 12345;

static uint32_t number(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

static float fraction(void) { return (float)((int)(number() % 2001) - 1000) / 1000; }

static void products(int bits, long numRows) {
    enum { BLOCKS = 3, PANELS = 3, COLUMNS = 37 };
    const long codeBytes = BLOCKS * LANES * BLOCK * bits / 8, panelBytes = codeBytes + BLOCKS * LANES * 2;
    uint8_t *panels = malloc(PANELS * panelBytes);
    Block *x = malloc(numRows * BLOCKS * sizeof(Block));
    float *out = malloc(numRows * COLUMNS * sizeof(float));
    for (int p = 0; p < PANELS; p++) {
        for (long i = 0; i < codeBytes; i++) panels[p * panelBytes + i] = (uint8_t)(1 + number() % 255);
        for (int i = 0; i < BLOCKS * LANES; i++) {
            uint16_t scale = (uint16_t)(0x2000 + number() % 4096);
            memcpy(panels + p * panelBytes + codeBytes + 2 * i, &scale, 2);
        }
    }
    for (long b = 0; b < numRows * BLOCKS; b++) {
        x[b].sum = 0;
        x[b].scale = (float)(1 + number() % 1000) / 5000;
        for (int i = 0; i < BLOCK; i++) x[b].sum += x[b].codes[i] = (int8_t)((int)(number() % 255) - 127);
    }
    (bits == 4 ? LEAF(moonglass_q4) : LEAF(moonglass_q8))(panels, BLOCKS, x, numRows, out, COLUMNS, 0, PANELS);
    fwrite(out, sizeof(float), numRows * COLUMNS, stdout);
    free(panels);
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
    (bits == 16 ? LEAF(moonglass_attend_bf16) : LEAF(moonglass_attend_f32))((char *)queries, (char *)rows, numTokens, ROW, LATENT, scores, maxima,
                                                                         totals, sums);
    fwrite(sums, sizeof(float), LANES * LATENT, stdout);
    fwrite(totals, sizeof(float), LANES, stdout);
    fwrite(maxima, sizeof(float), LANES, stdout);
}

int main(void) {
    for (long n = 1; n <= 14; n++) products(4, n), products(8, n);
    for (long n = 1; n <= 32; n++) attention(16, n), attention(32, n);
    return 0;
}
