#include "CKernels.h"

// A byte begins a code point unless it is 10xxxxxx, which as a signed number is below -64.
static size_t plain_points(const uint8_t *bytes, size_t count) {
    size_t points = 0;
    for (size_t index = 0; index < count; index++) points += (int8_t)bytes[index] >= -64;
    return points;
}

#if defined(__x86_64__)
#include "avx2.h"

AVX2_BEGIN

static size_t vector_points(const uint8_t *bytes, size_t count) {
    const __m256i continuation = _mm256_set1_epi8(-65);
    size_t points = 0, index = 0;
    while (count - index >= 32) {
        // A lane counts to 255 at most.
        __m256i lanes = _mm256_setzero_si256();
        for (int round = 0; round < 255 && count - index >= 32; round++, index += 32) {
            __m256i now = _mm256_loadu_si256((const __m256i *)(bytes + index));
            lanes = _mm256_sub_epi8(lanes, _mm256_cmpgt_epi8(now, continuation));
        }
        __m256i sums = _mm256_sad_epu8(lanes, _mm256_setzero_si256());
        points += (size_t)(_mm256_extract_epi64(sums, 0) + _mm256_extract_epi64(sums, 1)
            + _mm256_extract_epi64(sums, 2) + _mm256_extract_epi64(sums, 3));
    }
    return points + plain_points(bytes + index, count - index);
}

AVX2_END

#else
// The compiler makes vectors of it by itself.
#define vector_points plain_points
#endif

size_t sitong_code_points(const uint8_t *bytes, size_t count, int level) {
    return level >= sitong_vector ? vector_points(bytes, count) : plain_points(bytes, count);
}
