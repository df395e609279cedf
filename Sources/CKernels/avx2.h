// Sixty-four bytes at a time in two AVX2 registers. Included between `AVX2_BEGIN` and `AVX2_END`, inside which every
// function may use these instructions; `sitong_level` says whether the machine has them.
#pragma once
#include <immintrin.h>
#include <stdint.h>

#define AVX2_BEGIN \
    _Pragma("clang attribute push(__attribute__((target(\"avx2,bmi,bmi2,pclmul,popcnt\"))), apply_to = function)")
#define AVX2_END _Pragma("clang attribute pop")
