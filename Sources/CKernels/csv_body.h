// The scan of `CKernels.h`, the same for all levels. Whoever includes this has defined, for its instructions,
//     masks classify(const uint8_t *bytes, uint8_t delimiter)     where in 64 bytes each sign stands, one bit a byte
//     uint64_t prefix_xor(uint64_t bits)                          bit n: the exclusive or of bits 0 to n
//     uint32_t *flatten(uint64_t bits, uint32_t base, uint32_t *places)    appends base + n for each bit n that is set
// and `LEVEL`, and `SCAN`, the name that the function gets.

/// What is carried from 64 bytes to the next.
typedef struct {
    /// All ones when inside a quoted field.
    uint64_t inside;
    /// Bit 0: the byte before ended a field; closed a quote; was a CR outside quotes.
    uint64_t after_end, after_close, after_carriage;
} carried;

typedef struct {
    /// Not zero when something is not plain.
    uint64_t odd;
    /// Not zero when there is a quote, one that is doubled, a line feed within quotes.
    uint64_t quotes, doubled, inner_feeds;
    bool beyond_ascii;
    uint32_t feeds, crlf;
} findings;

static inline uint64_t moved(uint64_t bits, uint64_t *carry) {
    uint64_t result = bits << 1 | *carry;
    *carry = bits >> 63;
    return result;
}

/// The ends of fields between `from` and `to`, which need not be a multiple of 64 apart.
static inline uint32_t *find_ends(
    const sitong_csv *scan, uint32_t from, uint32_t to, carried *state, uint32_t *places, findings *found
) {
    carried now = *state;
    findings all = {0};
    for (uint32_t base = from; base < to; base += 64) {
        masks at = classify(scan->bytes + base, scan->delimiter);
        all.beyond_ascii |= at.beyond_ascii;
        if (to - base < 64) {
            uint64_t present = (1ull << (to - base)) - 1;
            at.quote &= present;
            at.delimiter &= present;
            at.feed &= present;
            at.carriage &= present;
            at.zero &= present;
        }
        // A quote opens where an odd number of quotes ends, and closes where an even number does.
        uint64_t inside = prefix_xor(at.quote) ^ now.inside;
        now.inside = (uint64_t)((int64_t)inside >> 63);
        uint64_t open = at.quote & inside, close = at.quote & ~inside;
        uint64_t feeds = at.feed & ~inside;
        uint64_t ends = (at.delimiter & ~inside) | feeds;
        uint64_t carriages = at.carriage & ~inside;
        uint64_t after_end = moved(ends, &now.after_end);
        uint64_t after_close = moved(close, &now.after_close);
        uint64_t after_carriage = moved(carriages, &now.after_carriage);
        // A quote that opens just after one has closed is the second of a doubled one.
        all.odd |= (open & ~(after_end | after_close)) | (after_close & ~(ends | carriages | open))
            | (after_carriage & ~feeds) | at.zero;
        all.quotes |= at.quote;
        all.doubled |= open & after_close;
        all.inner_feeds |= at.feed & inside;
        all.feeds += (uint32_t)__builtin_popcountll(feeds);
        all.crlf += (uint32_t)__builtin_popcountll(after_carriage & feeds);
        places = flatten(ends, base, places);
    }
    *state = now;
    *found = all;
    return places;
}

/// Cells between neighbouring ends; the first begins after `ends[-1]`.
static inline void fill_cells(const uint32_t *ends, size_t count, sitong_cell *cells) {
    for (size_t index = 0; index < count; index++) {
        uint32_t start = ends[(ptrdiff_t)index - 1] + 1, end = ends[index];
        cells[index].start = start + (start == end);
        cells[index].end = end;
    }
}

static inline void fill_quoted_cells(const uint8_t *bytes, const uint32_t *ends, size_t count, sitong_cell *cells) {
    for (size_t index = 0; index < count; index++) {
        uint32_t start = ends[(ptrdiff_t)index - 1] + 1, end = ends[index];
        uint32_t quoted = bytes[start] == '"';
        cells[index].start = start + quoted + (start == end);
        cells[index].end = end - quoted;
    }
}

/// The last cell of a record that ends with CR LF ends before the CR.
static inline void trim_carriage(const uint8_t *bytes, const uint32_t *end, sitong_cell *cell) {
    uint32_t start = end[-1] + 1;
    if (*end == start || bytes[*end - 1] != '\r') return;
    uint32_t pair[2] = {end[-1], *end - 1};
    fill_quoted_cells(bytes, pair + 1, 1, cell);
}

/// Unquoted cells that are the text that means NULL.
static void clear_null_text(const sitong_csv *scan, sitong_cell *cells, size_t count) {
    for (size_t index = 0; index < count; index++) {
        sitong_cell cell = cells[index];
        if (cell.start > cell.end || cell.end - cell.start != scan->null_count) continue;
        if (memcmp(scan->bytes + cell.start, scan->null_text, scan->null_count) != 0) continue;
        if (cell.start > 0 && scan->bytes[cell.start - 1] == '"') continue;
        cells[index] = (sitong_cell){1, 0};
    }
}

/// Whether two quotes stand together: in an empty value, or a doubled one.
static inline bool has_pair(const uint8_t *bytes, uint32_t from, uint32_t to) {
    const uint8_t *quote = memchr(bytes + from, '"', to - from);
    while (quote != NULL && quote[1] != '"') {
        quote = memchr(quote + 1, '"', (size_t)(bytes + to - quote - 1));
    }
    return quote != NULL;
}

/// Copies cells with doubled quotes to the free bytes, undoubled; false when there is no room.
static bool undouble(sitong_csv *scan, sitong_cell *cells, size_t count) {
    uint8_t *bytes = scan->bytes;
    uint32_t free = scan->free;
    for (size_t index = 0; index < count; index++) {
        sitong_cell cell = cells[index];
        // First what is nearly always so, and can be foretold, whether there is a value or none.
        if (bytes[cell.start - (cell.start > 0)] != '"' || cell.start == 0 || cell.start >= cell.end) continue;
        const uint8_t *from = bytes + cell.start, *end = bytes + cell.end;
        const uint8_t *quote = memchr(from, '"', (size_t)(end - from));
        if (quote == NULL) continue;
        if (cell.end - cell.start > scan->free_limit - free) return false;
        cells[index].start = free;
        for (; quote != NULL; quote = memchr(from, '"', (size_t)(end - from))) {
            size_t length = (size_t)(quote + 1 - from);
            memcpy(bytes + free, from, length);
            free += (uint32_t)length;
            from = quote + 2;
        }
        memcpy(bytes + free, from, (size_t)(end - from));
        free += (uint32_t)(end - from);
        cells[index].end = free;
    }
    scan->free = free;
    return true;
}

static inline uint32_t count_feeds(const uint8_t *bytes, uint32_t from, uint32_t to) {
    uint32_t count = 0;
    const uint8_t *place = bytes + from;
    while ((place = memchr(place, '\n', (size_t)(bytes + to - place))) != NULL) {
        count += 1;
        place += 1;
    }
    return count;
}

int SCAN(sitong_csv *scan) {
    const uint32_t columns = scan->column_count;
    // One place before the first, so that each cell begins after the end before it.
    uint32_t *const ends = scan->places + 1;
    uint32_t *next = ends;
    uint32_t position = scan->record;
    // Of the records that were not whole before.
    findings seen = {0};
    carried state = {.after_end = 1};
    ends[-1] = scan->record - 1;
    while (position < scan->limit) {
        uint32_t to = scan->limit - position < scan->window ? scan->limit : position + scan->window;
        findings found = {0};
        next = find_ends(scan, position, to, &state, next, &found);
        seen.quotes |= found.quotes;
        seen.doubled |= found.doubled;
        seen.inner_feeds |= found.inner_feeds;
        seen.beyond_ascii |= found.beyond_ascii;
        uint32_t records = (uint32_t)(next - ends) / columns;
        // Each record's last end is a line feed, and no other is.
        bool odd = found.odd != 0 || found.feeds != records;
        for (uint32_t record = 1; record <= records && !odd; record++) {
            odd = scan->bytes[ends[record * columns - 1]] != '\n';
        }
        if (!odd && records > 0 && seen.beyond_ascii) {
            uint32_t after = ends[records * columns - 1] + 1;
            odd = !sitong_utf8_valid(scan->bytes + scan->record, after - scan->record, LEVEL);
        }
        uint32_t room = scan->row_capacity - scan->row_count;
        bool is_full = records > room;
        if (is_full) records = room;
        size_t count = (size_t)records * columns;
        sitong_cell *cells = scan->cells + (size_t)scan->row_count * columns;
        if (!odd) {
            if (seen.quotes != 0) fill_quoted_cells(scan->bytes, ends, count, cells);
            else fill_cells(ends, count, cells);
            for (size_t end = columns; end <= count && found.crlf > 0; end += columns) {
                trim_carriage(scan->bytes, ends + end - 1, cells + end - 1);
            }
            if (scan->null_count > 0) clear_null_text(scan, cells, count);
            for (size_t end = columns; end <= count && seen.doubled != 0 && !odd; end += columns) {
                const uint32_t *first = ends + end - columns;
                if (!has_pair(scan->bytes, first[-1] + 1, ends[end - 1])) continue;
                odd = !undouble(scan, cells + end - columns, columns);
            }
        }
        if (odd) {
            scan->odd_limit = to;
            return sitong_csv_odd;
        }
        position = to;
        for (size_t end = columns; end <= count; end += columns) {
            uint32_t start = ends[(ptrdiff_t)(end - columns) - 1] + 1;
            scan->starts[scan->row_count] = start;
            scan->lines[scan->row_count] = (int32_t)scan->line;
            scan->row_count += 1;
            scan->line += 1;
            if (seen.inner_feeds == 0) continue;
            uint32_t inner = count_feeds(scan->bytes, start, ends[end - 1]);
            scan->line += inner;
            scan->has_inner_lines |= inner > 0;
        }
        scan->crlf_count += found.crlf;
        scan->lf_count += found.feeds - found.crlf;
        scan->record = ends[(ptrdiff_t)count - 1] + 1;
        if (is_full) return sitong_csv_full;
        if (count == 0) continue;
        // What was found of the record that goes on.
        memmove(ends, ends + count, (size_t)(next - ends - count) * sizeof *ends);
        next -= count;
        ends[-1] = scan->record - 1;
        seen = found;
    }
    return sitong_csv_done;
}
