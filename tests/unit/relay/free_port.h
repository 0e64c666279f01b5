// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_RELAY_FREE_PORT_H
#define TESTS_RELAY_FREE_PORT_H

// A port of loopback that nobody uses, for UDP and TCP. Tests that run at the same time
// begin at different places.
unsigned
free_port(void);

#endif
