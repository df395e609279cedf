// Kernels in C, for what Swift has no words for: the vector instructions of the machine it runs on, chosen at run time.
// Each has a plain form that gives the same result on any machine. None allocates, none keeps anything between calls.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Which instructions a kernel may use. Every machine has the plain ones.
enum { sitong_plain = 0, sitong_vector = 1 };

/// The highest level this machine has: AVX2 with BMI and PCLMULQDQ, or NEON, is `sitong_vector`.
int sitong_level(void);

/// Whether bytes are well-formed UTF-8 (Unicode, table 3-7): no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool sitong_utf8_valid(const uint8_t *bytes, size_t count, int level);

/// A text in memory; at least 64 bytes are readable after it.
typedef struct {
    const uint8_t *start;
    int64_t count;
} sitong_text;

/// The code points of each text in well-formed UTF-8: its bytes but for those that continue a sequence.
void sitong_code_points(const sitong_text *texts, size_t count, int64_t *points, int level);

/// Texts of 32 hexadecimal digits, `0-9a-f`, as 128 bits: the digits' bytes in their order. `is_hex` tells which are; the
/// words of others stay as they are.
void sitong_hex(
    const sitong_text *texts, size_t count, uint64_t *first, uint64_t *second, uint8_t *is_hex, int level);

/// How two whole numbers may compare.
enum { sitong_equal = 0, sitong_less = 1, sitong_greater = 2 };

/// A bit for each pair of numbers that compare so, packed into words from the low end; the bits after the last are 0.
void sitong_compare(const int64_t *left, const int64_t *right, size_t count, int comparison, uint64_t *bits, int level);

/// A bit for each number that is this one; the bits after the last are 0.
void sitong_find(const uint64_t *numbers, uint64_t wanted, size_t count, uint64_t *bits, int level);

/// Where a value lies; NULL when it ends before it begins.
typedef struct {
    uint32_t start;
    uint32_t end;
} sitong_cell;

/// Records of RFC 4180 in a piece of memory, as far as they are plain: see `sitong_csv_scan`.
typedef struct {
    /// At least 64 bytes are readable after `limit`.
    uint8_t *bytes;
    /// Bytes not used for anything else: where values with doubled quotes are copied. Moved on by each.
    uint32_t free;
    uint32_t free_limit;
    /// Where the next record begins. Afterwards: where the first record begins that is not among the rows.
    uint32_t record;
    /// Just after the last line feed.
    uint32_t limit;
    uint32_t column_count;
    uint8_t delimiter;
    /// The unquoted text that means NULL beside the empty one, when its count is not 0.
    const uint8_t *null_text;
    uint32_t null_count;
    int level;

    /// `row_capacity * column_count` of them.
    sitong_cell *cells;
    /// `row_capacity` of them.
    uint32_t *starts;
    /// At which each row begins; `row_capacity` of them.
    int32_t *lines;
    uint32_t row_capacity;
    /// Rows before and after the call.
    uint32_t row_count;

    /// Of the next record, before and after the call.
    uint32_t line;
    /// Set when a row spans several lines.
    bool has_inner_lines;

    /// Working memory: `column_count + window + 64` numbers.
    uint32_t *places;
    /// How many bytes are judged at once; a multiple of 64.
    uint32_t window;
    /// Added to: records that ended with CR LF, and with LF alone.
    uint32_t crlf_count;
    uint32_t lf_count;
    /// Set when the result is `sitong_csv_odd`.
    uint32_t odd_limit;
} sitong_csv;

enum {
    /// No record ends in what is left before `limit`.
    sitong_csv_done = 0,
    /// There is no room for another row.
    sitong_csv_full = 1,
    /// Something between `record` and `odd_limit` needs to be read with care: a record that is malformed, a quote in an
    /// unquoted field, a lone CR. The records that begin there are the caller's to read.
    sitong_csv_odd = 2
};

/// Appends the cells of plain records from `record` on.
int sitong_csv_scan(sitong_csv *scan);
