#include "csv.h"

static inline masks classify(const uint8_t *bytes, uint8_t delimiter) {
    masks at = {0};
    for (int index = 0; index < 64; index++) {
        uint64_t bit = 1ull << index;
        uint8_t byte = bytes[index];
        if (byte == delimiter) at.delimiter |= bit;
        if (byte >= 0x80) at.beyond_ascii = true;
        if (byte == '"') at.quote |= bit;
        if (byte == '\n') at.feed |= bit;
        if (byte == '\r') at.carriage |= bit;
        if (byte == 0) at.zero |= bit;
    }
    return at;
}

static inline uint64_t prefix_xor(uint64_t bits) {
    for (int step = 1; step < 64; step *= 2) bits ^= bits << step;
    return bits;
}

static inline uint32_t *flatten(uint64_t bits, uint32_t base, uint32_t *places) {
    for (; bits != 0; bits &= bits - 1) *places++ = base + (uint32_t)__builtin_ctzll(bits);
    return places;
}

#define LEVEL sitong_plain
#define SCAN sitong_csv_scan_plain
#include "csv_body.h"

int sitong_csv_scan(sitong_csv *scan) {
    return scan->level >= sitong_vector ? sitong_csv_scan_vector(scan) : sitong_csv_scan_plain(scan);
}
