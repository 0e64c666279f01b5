// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_INPUT_URL_H
#define RELAY_INPUT_URL_H

#include <stdbool.h>

#include "input_net.h"

// The parts of an rtmp, rtmps, rtsp or rtsps URL.
struct input_url {
    bool tls;
    char user[128]; // "" for none; RTSP only, percent-decoding is not needed there
    char password[128];
    char authority[300];        // host:port
    char path[INPUT_URL_MAX];   // with its slash and query
    char app[INPUT_URL_MAX];    // RTMP: the path up to its last part
    char stream[INPUT_URL_MAX]; // RTMP: the last part and the query
};

// False when it is none of these, or a part is missing or too long.
bool
input_url_parse(const char *text, struct input_url *out);

#endif
