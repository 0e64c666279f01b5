// SPDX-License-Identifier: Apache-2.0
#include "relay/flv_reader.h"

#include <stdlib.h>

#include "input_flv.h"

struct bc_flv_reader {
    struct input_sink sink;
    struct input_flv flv;
};

struct bc_flv_reader *
bc_flv_reader_create(bool (*on_packet)(void *user, struct bc_packet *packet), void *user)
{
    struct bc_flv_reader *r = calloc(1, sizeof(*r));
    if (r) {
        r->sink = (struct input_sink){ .on_packet = on_packet, .user = user };
        input_flv_init(&r->flv, &r->sink);
    }
    return r;
}

int
bc_flv_reader_bytes(struct bc_flv_reader *r, const uint8_t *data, size_t len)
{
    return input_flv_bytes(&r->flv, data, len);
}

void
bc_flv_reader_destroy(struct bc_flv_reader *r)
{
    if (r) {
        input_flv_finish(&r->flv);
        free(r);
    }
}
