// SPDX-License-Identifier: Apache-2.0
#ifndef LSAN_H
#define LSAN_H

// For builds with the leak sanitizer, in each file that draws text: fontconfig keeps what it
// found of each font until the process ends, by pointers that the sanitizer does not see. Weak,
// as a test may have its own.
__attribute__((weak)) const char *
__lsan_default_suppressions(void);

__attribute__((weak)) const char *
__lsan_default_options(void);

const char *
__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\nleak:libpango";
}

const char *
__lsan_default_options(void)
{
    return "print_suppressions=0";
}

#endif
