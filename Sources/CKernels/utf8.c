#include "utf8.h"

#include <string.h>

#include "CKernels.h"

static bool plain_valid(const uint8_t *bytes, size_t count) {
    size_t index = 0;
    while (index < count) {
        uint8_t first = bytes[index];
        if (first < 0x80) {
            index += 1;
            continue;
        }
        size_t length;
        uint8_t low = 0x80, high = 0xBF;
        if (first < 0xC2 || first > 0xF4) return false;
        if (first < 0xE0) {
            length = 2;
        } else if (first < 0xF0) {
            length = 3;
            if (first == 0xE0) low = 0xA0;
            if (first == 0xED) high = 0x9F;
        } else {
            length = 4;
            if (first == 0xF0) low = 0x90;
            if (first == 0xF4) high = 0x8F;
        }
        if (count - index < length || bytes[index + 1] < low || bytes[index + 1] > high) return false;
        for (size_t follower = 2; follower < length; follower++) {
            if ((bytes[index + follower] & 0xC0) != 0x80) return false;
        }
        index += length;
    }
    return true;
}

#if defined(__x86_64__)
#include "avx2.h"

AVX2_BEGIN

static inline __m256i twice(const uint8_t table[16]) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table));
}

/// The bytes of `now`, moved up by `n` places, with the last of `before` in front.
#define AFTER(n, now, before) _mm256_alignr_epi8(now, _mm256_permute2x128_si256(before, now, 0x21), 16 - (n))

static inline __m256i errors(__m256i now, __m256i before) {
    const __m256i low_half = _mm256_set1_epi8(0x0F);
    __m256i one = AFTER(1, now, before), two = AFTER(2, now, before), three = AFTER(3, now, before);
    __m256i first_high = _mm256_shuffle_epi8(
        twice(utf8_first_high), _mm256_and_si256(_mm256_srli_epi16(one, 4), low_half));
    __m256i first_low = _mm256_shuffle_epi8(twice(utf8_first_low), _mm256_and_si256(one, low_half));
    __m256i second_high = _mm256_shuffle_epi8(
        twice(utf8_second_high), _mm256_and_si256(_mm256_srli_epi16(now, 4), low_half));
    __m256i pairs = _mm256_and_si256(_mm256_and_si256(first_high, first_low), second_high);
    __m256i third = _mm256_subs_epu8(two, _mm256_set1_epi8((char)(0xE0 - 0x80)));
    __m256i fourth = _mm256_subs_epu8(three, _mm256_set1_epi8((char)(0xF0 - 0x80)));
    __m256i due = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));
    return _mm256_xor_si256(due, pairs);
}

/// Not zero when a sequence that begins here ends in the next register.
static inline __m256i unfinished(__m256i now) {
    const __m256i most = _mm256_setr_epi8(
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        -1, (char)(0xF0 - 1), (char)(0xE0 - 1), (char)(0xC0 - 1));
    return _mm256_subs_epu8(now, most);
}

static bool vector_valid(const uint8_t *bytes, size_t count) {
    __m256i wrong = _mm256_setzero_si256(), before = wrong, open = wrong;
    uint8_t last[64] = {0};
    for (size_t index = 0; index < count; index += 64) {
        const uint8_t *place = bytes + index;
        if (count - index < 64) {
            memcpy(last, place, count - index);
            place = last;
        }
        __m256i low = _mm256_loadu_si256((const __m256i *)place);
        __m256i high = _mm256_loadu_si256((const __m256i *)(place + 32));
        if (_mm256_movemask_epi8(_mm256_or_si256(low, high)) == 0) {
            wrong = _mm256_or_si256(wrong, open);
            open = _mm256_setzero_si256();
        } else {
            wrong = _mm256_or_si256(wrong, _mm256_or_si256(errors(low, before), errors(high, low)));
            open = unfinished(high);
        }
        before = high;
    }
    wrong = _mm256_or_si256(wrong, open);
    return _mm256_testz_si256(wrong, wrong);
}

AVX2_END

#elif defined(__aarch64__)
#include <arm_neon.h>

static inline uint8x16_t errors(uint8x16_t now, uint8x16_t before) {
    uint8x16_t one = vextq_u8(before, now, 15), two = vextq_u8(before, now, 14), three = vextq_u8(before, now, 13);
    uint8x16_t first_high = vqtbl1q_u8(vld1q_u8(utf8_first_high), vshrq_n_u8(one, 4));
    uint8x16_t first_low = vqtbl1q_u8(vld1q_u8(utf8_first_low), vandq_u8(one, vdupq_n_u8(0x0F)));
    uint8x16_t second_high = vqtbl1q_u8(vld1q_u8(utf8_second_high), vshrq_n_u8(now, 4));
    uint8x16_t pairs = vandq_u8(vandq_u8(first_high, first_low), second_high);
    uint8x16_t third = vqsubq_u8(two, vdupq_n_u8(0xE0 - 0x80)), fourth = vqsubq_u8(three, vdupq_n_u8(0xF0 - 0x80));
    return veorq_u8(vandq_u8(vorrq_u8(third, fourth), vdupq_n_u8(0x80)), pairs);
}

static bool vector_valid(const uint8_t *bytes, size_t count) {
    uint8x16_t wrong = vdupq_n_u8(0), before = wrong;
    uint8_t last[16] = {0};
    size_t index = 0;
    for (; count - index >= 16; index += 16) {
        uint8x16_t now = vld1q_u8(bytes + index);
        wrong = vorrq_u8(wrong, errors(now, before));
        before = now;
    }
    // Zeros follow the last byte, so that a sequence that is cut off shows.
    memcpy(last, bytes + index, count - index);
    wrong = vorrq_u8(wrong, errors(vld1q_u8(last), before));
    return vmaxvq_u8(wrong) == 0;
}

#else
#define vector_valid plain_valid
#endif

bool sitong_utf8_valid(const uint8_t *bytes, size_t count, int level) {
    return level >= sitong_vector ? vector_valid(bytes, count) : plain_valid(bytes, count);
}
