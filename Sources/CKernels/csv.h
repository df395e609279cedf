#pragma once
#include <string.h>

#include "CKernels.h"

int sitong_csv_scan_plain(sitong_csv *scan);
int sitong_csv_scan_vector(sitong_csv *scan);

/// Where the signs stand in 64 bytes; bit n is byte n.
typedef struct {
    uint64_t quote, delimiter, feed, carriage, zero;
    bool beyond_ascii;
} masks;
