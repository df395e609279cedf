#include "CKernels.h"

// A byte begins a code point unless it is 10xxxxxx: the top bit set and the one below it clear.
static int64_t plain_points(const uint8_t *bytes, int64_t count) {
    int64_t points = 0;
    for (int64_t index = 0; index < count; index++) points += (int8_t)bytes[index] >= -64;
    return points;
}

static bool compares(int64_t left, int64_t right, int comparison) {
    switch (comparison) {
    case sitong_equal: return left == right;
    case sitong_less: return left < right;
    default: return left > right;
    }
}

static uint64_t plain_word(const int64_t *left, const int64_t *right, size_t count, int comparison) {
    uint64_t word = 0;
    for (size_t index = 0; index < count; index++) {
        word |= (uint64_t)compares(left[index], right[index], comparison) << index;
    }
    return word;
}

static uint64_t plain_found(const uint64_t *numbers, uint64_t wanted, size_t count) {
    uint64_t word = 0;
    for (size_t index = 0; index < count; index++) word |= (uint64_t)(numbers[index] == wanted) << index;
    return word;
}

static int digit(uint8_t byte) {
    if (byte >= '0' && byte <= '9') return byte - '0';
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static bool plain_hex(const uint8_t *bytes, uint64_t *first, uint64_t *second) {
    uint64_t words[2] = {0, 0};
    for (int index = 0; index < 16; index++) {
        int high = digit(bytes[2 * index]), low = digit(bytes[2 * index + 1]);
        if ((high | low) < 0) return false;
        words[index / 8] |= (uint64_t)(high * 16 + low) << (index % 8 * 8);
    }
    *first = words[0];
    *second = words[1];
    return true;
}

static void plain_hex_texts(const sitong_text *texts, size_t count, uint64_t *first, uint64_t *second, uint8_t *is_hex) {
    for (size_t row = 0; row < count; row++) {
        is_hex[row] = texts[row].count == 32 && plain_hex(texts[row].start, first + row, second + row);
    }
}

#if defined(__x86_64__)
#include "avx2.h"

AVX2_BEGIN

static int64_t vector_points(const uint8_t *bytes, int64_t count) {
    const __m256i continuation = _mm256_set1_epi8(-65);
    int64_t points = 0;
    for (int64_t index = 0; index < count; index += 32) {
        __m256i now = _mm256_loadu_si256((const __m256i *)(bytes + index));
        uint32_t begins = (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(now, continuation));
        int64_t rest = count - index;
        points += _mm_popcnt_u32(rest >= 32 ? begins : _bzhi_u32(begins, (uint32_t)rest));
    }
    return points;
}

static void vector_code_points(const sitong_text *texts, size_t count, int64_t *points) {
    for (size_t row = 0; row < count; row++) points[row] = vector_points(texts[row].start, texts[row].count);
}

static void vector_hex_texts(
    const sitong_text *texts, size_t count, uint64_t *first, uint64_t *second, uint8_t *is_hex
) {
    for (size_t row = 0; row < count; row++) {
        is_hex[row] = 0;
        if (texts[row].count != 32) continue;
        __m256i bytes = _mm256_loadu_si256((const __m256i *)texts[row].start);
        __m256i digits = _mm256_sub_epi8(bytes, _mm256_set1_epi8('0'));
        __m256i letters = _mm256_sub_epi8(bytes, _mm256_set1_epi8('a'));
        // As numbers without a sign: at most 9, at most 5.
        __m256i is_digit = _mm256_cmpeq_epi8(_mm256_min_epu8(digits, _mm256_set1_epi8(9)), digits);
        __m256i is_letter = _mm256_cmpeq_epi8(_mm256_min_epu8(letters, _mm256_set1_epi8(5)), letters);
        if (_mm256_movemask_epi8(_mm256_or_si256(is_digit, is_letter)) != -1) continue;
        __m256i nibbles = _mm256_blendv_epi8(_mm256_add_epi8(letters, _mm256_set1_epi8(10)), digits, is_digit);
        __m256i pairs = _mm256_maddubs_epi16(nibbles, _mm256_set1_epi16(0x0110));
        __m256i packed = _mm256_packus_epi16(pairs, pairs);
        first[row] = (uint64_t)_mm256_extract_epi64(packed, 0);
        second[row] = (uint64_t)_mm256_extract_epi64(packed, 2);
        is_hex[row] = 1;
    }
}

#define FOUR(sign, a, b, index)                                                                        \
    (uint64_t)_mm256_movemask_pd(_mm256_castsi256_pd(sign(                                             \
        _mm256_loadu_si256((const __m256i *)((a) + (index))), _mm256_loadu_si256((const __m256i *)((b) + (index))))))

static uint64_t vector_word(const int64_t *left, const int64_t *right, int comparison) {
    uint64_t word = 0;
    switch (comparison) {
    case sitong_equal:
        for (int index = 0; index < 64; index += 4) word |= FOUR(_mm256_cmpeq_epi64, left, right, index) << index;
        break;
    case sitong_less:
        for (int index = 0; index < 64; index += 4) word |= FOUR(_mm256_cmpgt_epi64, right, left, index) << index;
        break;
    default:
        for (int index = 0; index < 64; index += 4) word |= FOUR(_mm256_cmpgt_epi64, left, right, index) << index;
        break;
    }
    return word;
}

static uint64_t vector_found(const uint64_t *numbers, uint64_t wanted) {
    const __m256i same = _mm256_set1_epi64x((int64_t)wanted);
    uint64_t word = 0;
    for (int index = 0; index < 64; index += 4) {
        __m256i now = _mm256_loadu_si256((const __m256i *)(numbers + index));
        word |= (uint64_t)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(now, same))) << index;
    }
    return word;
}

AVX2_END

#else
// The compiler makes vectors of them by itself.
static void vector_code_points(const sitong_text *texts, size_t count, int64_t *points) {
    for (size_t row = 0; row < count; row++) points[row] = plain_points(texts[row].start, texts[row].count);
}
static void vector_hex_texts(
    const sitong_text *texts, size_t count, uint64_t *first, uint64_t *second, uint8_t *is_hex
) {
    plain_hex_texts(texts, count, first, second, is_hex);
}
static uint64_t vector_word(const int64_t *left, const int64_t *right, int comparison) {
    return plain_word(left, right, 64, comparison);
}
static uint64_t vector_found(const uint64_t *numbers, uint64_t wanted) { return plain_found(numbers, wanted, 64); }
#endif

void sitong_code_points(const sitong_text *texts, size_t count, int64_t *points, int level) {
    if (level >= sitong_vector) {
        vector_code_points(texts, count, points);
        return;
    }
    for (size_t row = 0; row < count; row++) points[row] = plain_points(texts[row].start, texts[row].count);
}

void sitong_hex(
    const sitong_text *texts, size_t count, uint64_t *first, uint64_t *second, uint8_t *is_hex, int level
) {
    (level >= sitong_vector ? vector_hex_texts : plain_hex_texts)(texts, count, first, second, is_hex);
}

void sitong_compare(const int64_t *left, const int64_t *right, size_t count, int comparison, uint64_t *bits, int level) {
    size_t row = 0;
    for (; level >= sitong_vector && row + 64 <= count; row += 64) {
        bits[row / 64] = vector_word(left + row, right + row, comparison);
    }
    for (; row < count; row += 64) {
        bits[row / 64] = plain_word(left + row, right + row, count - row < 64 ? count - row : 64, comparison);
    }
}

void sitong_find(const uint64_t *numbers, uint64_t wanted, size_t count, uint64_t *bits, int level) {
    size_t row = 0;
    for (; level >= sitong_vector && row + 64 <= count; row += 64) {
        bits[row / 64] = vector_found(numbers + row, wanted);
    }
    for (; row < count; row += 64) {
        bits[row / 64] = plain_found(numbers + row, wanted, count - row < 64 ? count - row : 64);
    }
}
