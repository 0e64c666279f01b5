// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

// The srtp-floor command: what SRTP and sending cost without a server around them;
// returns the exit status.
int
bc_floor(void);

// The memory-floor command: what OpenSSL and libsrtp keep per viewer; the exit status.
int
bc_floor_memory(void);

#endif
