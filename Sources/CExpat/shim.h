// The one header through which Swift sees the library; wrappers for macros and variadics live here.
#pragma once
#include <expat.h>
