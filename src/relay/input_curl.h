// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_INPUT_CURL_H
#define RELAY_INPUT_CURL_H

#include <curl/curl.h>

#include "input_net.h"

// What HTTP and plain connections have in common: a libcurl transfer that waits.

#define INPUT_WAIT_MS 100

// Embedded in a request and in a connection.
struct input_transfer {
    struct input_net *net; // borrowed
    CURL *easy;            // owned
    bool done;
    CURLcode result; // once done
    char error[CURL_ERROR_SIZE];
    char refused[64]; // the address that the guard did not let pass; ""
};

// Makes the handle with all that guards it. False without memory.
bool
input_transfer_init(struct input_transfer *t, struct input_net *net, const char *url);

void
input_transfer_finish(struct input_transfer *t);

// Starts it.
bool
input_transfer_start(struct input_transfer *t);

// Moves all transfers on; waits a little when `wait`.
void
input_transfer_turn(struct input_transfer *t, bool wait);

// Puts why it failed into net->error.
void
input_transfer_explain(const struct input_transfer *t);

#endif
