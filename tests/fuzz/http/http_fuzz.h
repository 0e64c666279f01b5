// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HTTP_FUZZ_H
#define TESTS_HTTP_FUZZ_H

#include <stddef.h>
#include <stdint.h>

// Runs a whole connection without a socket. The input is a row of reads: a byte says how
// long the next one is and what happens before it (answers of held requests, a timeout, a
// full wire). `preface` comes before all of it.
void
http_fuzz_run(const char *preface, const uint8_t *data, size_t len);

#endif
