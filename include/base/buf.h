// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bc_writer;

// Reference-counted bytes, shared by every viewer and thread that needs them. The creator
// fills them while it holds the only reference; from then on they are immutable. Any
// thread may take or drop references; the last one frees.
struct bc_buf {
    atomic_uint refs;
    size_t len;
    uint8_t data[];
};

// `len` bytes to be filled by the caller, count 1; NULL when there is no memory. The
// bytes are followed by BC_BUF_PADDING zero bytes so that decoders may over-read.
#define BC_BUF_PADDING 64

struct bc_buf *
bc_buf_create(size_t len);

struct bc_buf *
bc_buf_copy(const void *data, size_t len);

// What the writer holds, as a new buf; NULL when the writer failed or there is no memory.
struct bc_buf *
bc_buf_from_writer(const struct bc_writer *w);

// Another length for bytes that only the caller holds; those up to the smaller length stay,
// the others are undefined. The buf may move. False without memory; nothing changed then.
bool
bc_buf_resize(struct bc_buf **holder, size_t len);

struct bc_buf *
bc_buf_ref(struct bc_buf *buf);

// Drops the reference and makes the holder NULL; a NULL holder is fine.
void
bc_buf_unref(struct bc_buf **holder);

#endif
