// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#include "base/writer.h"

struct bc_buf *
bc_buf_create(size_t len)
{
    if (len > SIZE_MAX - sizeof(struct bc_buf) - BC_BUF_PADDING) {
        return NULL;
    }
    struct bc_buf *buf = malloc(sizeof(*buf) + len + BC_BUF_PADDING);
    if (!buf) {
        return NULL;
    }
    atomic_init(&buf->refs, 1);
    buf->len = len;
    memset(buf->data + len, 0, BC_BUF_PADDING);
    return buf;
}

struct bc_buf *
bc_buf_copy(const void *data, size_t len)
{
    struct bc_buf *buf = bc_buf_create(len);
    if (buf && len > 0) {
        memcpy(buf->data, data, len);
    }
    return buf;
}

struct bc_buf *
bc_buf_from_writer(const struct bc_writer *w)
{
    return w->failed ? NULL : bc_buf_copy(w->data, w->len);
}

bool
bc_buf_resize(struct bc_buf **holder, size_t len)
{
    if (len > SIZE_MAX - sizeof(struct bc_buf) - BC_BUF_PADDING) {
        return false;
    }
    struct bc_buf *buf = realloc(*holder, sizeof(*buf) + len + BC_BUF_PADDING);
    if (!buf) {
        return false;
    }
    buf->len = len;
    memset(buf->data + len, 0, BC_BUF_PADDING);
    *holder = buf;
    return true;
}

struct bc_buf *
bc_buf_ref(struct bc_buf *buf)
{
    atomic_fetch_add_explicit(&buf->refs, 1, memory_order_relaxed);
    return buf;
}

void
bc_buf_unref(struct bc_buf **holder)
{
    struct bc_buf *buf = *holder;
    *holder = NULL;
    if (buf && atomic_fetch_sub_explicit(&buf->refs, 1, memory_order_acq_rel) == 1) {
        free(buf);
    }
}
