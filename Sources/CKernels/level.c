#include "CKernels.h"

int sitong_level(void) {
#if defined(__x86_64__)
    bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")
        && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("popcnt");
    return has ? sitong_vector : sitong_plain;
#elif defined(__aarch64__)
    return sitong_vector;
#else
    return sitong_plain;
#endif
}
