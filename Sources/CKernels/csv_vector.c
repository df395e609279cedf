#include "csv.h"

#if defined(__x86_64__)
#include "avx2.h"

AVX2_BEGIN

static inline uint64_t equal(__m256i low, __m256i high, char sign) {
    __m256i signs = _mm256_set1_epi8(sign);
    uint32_t below = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, signs));
    uint32_t above = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, signs));
    return (uint64_t)above << 32 | below;
}

static inline masks classify(const uint8_t *bytes, uint8_t delimiter) {
    __m256i low = _mm256_loadu_si256((const __m256i *)bytes);
    __m256i high = _mm256_loadu_si256((const __m256i *)(bytes + 32));
    return (masks){
        .quote = equal(low, high, '"'),
        .delimiter = equal(low, high, (char)delimiter),
        .feed = equal(low, high, '\n'),
        .carriage = equal(low, high, '\r'),
        .zero = equal(low, high, 0),
        .beyond_ascii = _mm256_movemask_epi8(_mm256_or_si256(low, high)) != 0,
    };
}

static inline uint64_t prefix_xor(uint64_t bits) {
    __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (int64_t)bits), _mm_set1_epi8(-1), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

/// Writes eight at once, so that most of the time nothing depends on how many there are.
static inline uint32_t *flatten(uint64_t bits, uint32_t base, uint32_t *places) {
    uint32_t *after = places + __builtin_popcountll(bits);
    do {
        for (int index = 0; index < 8; index++) {
            places[index] = base + (uint32_t)_tzcnt_u64(bits);
            bits = _blsr_u64(bits);
        }
        places += 8;
    } while (bits != 0);
    return after;
}

#define LEVEL sitong_vector
#define SCAN sitong_csv_scan_vector
#include "csv_body.h"

AVX2_END

#elif defined(__aarch64__)
#include <arm_neon.h>

static inline uint64_t bits(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d) {
    static const uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t weight = vld1q_u8(weights);
    uint8x16_t low = vpaddq_u8(vandq_u8(a, weight), vandq_u8(b, weight));
    uint8x16_t high = vpaddq_u8(vandq_u8(c, weight), vandq_u8(d, weight));
    low = vpaddq_u8(low, high);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(low, low)), 0);
}

static inline masks classify(const uint8_t *bytes, uint8_t delimiter) {
    uint8x16_t a = vld1q_u8(bytes), b = vld1q_u8(bytes + 16), c = vld1q_u8(bytes + 32), d = vld1q_u8(bytes + 48);
#define EQUAL(sign)                                                                                   \
    bits(                                                                                             \
        vceqq_u8(a, vdupq_n_u8(sign)), vceqq_u8(b, vdupq_n_u8(sign)), vceqq_u8(c, vdupq_n_u8(sign)), \
        vceqq_u8(d, vdupq_n_u8(sign)))
    return (masks){
        .quote = EQUAL('"'),
        .delimiter = EQUAL(delimiter),
        .feed = EQUAL('\n'),
        .carriage = EQUAL('\r'),
        .zero = EQUAL(0),
        .beyond_ascii = vmaxvq_u8(vorrq_u8(vorrq_u8(a, b), vorrq_u8(c, d))) >= 0x80,
    };
#undef EQUAL
}

static inline uint64_t prefix_xor(uint64_t bits) {
    for (int step = 1; step < 64; step *= 2) bits ^= bits << step;
    return bits;
}

static inline uint32_t *flatten(uint64_t bits, uint32_t base, uint32_t *places) {
    for (; bits != 0; bits &= bits - 1) *places++ = base + (uint32_t)__builtin_ctzll(bits);
    return places;
}

#define LEVEL sitong_vector
#define SCAN sitong_csv_scan_vector
#include "csv_body.h"

#else
int sitong_csv_scan_vector(sitong_csv *scan) { return sitong_csv_scan_plain(scan); }
#endif
