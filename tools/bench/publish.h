// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_PUBLISH_H
#define BENCH_PUBLISH_H

// The publish command; returns the exit status.
int bc_publish(void);

#endif
