// SPDX-License-Identifier: Apache-2.0
#include "index_cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "index.h"
#include "layout.h"
#include "bounds.h"

int
record_cursor_open(struct record_cursor *c, int dir)
{
    *c = (struct record_cursor){ .fd = -1 };
    uint64_t size;
    int fd = record_open_file(dir, RECORD_INDEX_NAME, O_RDONLY, &size);
    if (fd < 0) {
        return fd == -ENOMEM ? fd : 0;
    }
    uint8_t head[RECORD_INDEX_HEAD_BYTES];
    if (size < sizeof(head) || record_read(fd, head, sizeof(head), 0) != 0
        || !record_index_head_is_ours(head)) {
        close(fd);
        return 0;
    }
    c->block = malloc((size_t)RECORD_CURSOR_RECORDS * RECORD_INDEX_BYTES);
    if (!c->block) {
        close(fd);
        return -ENOMEM;
    }
    c->fd = fd;
    c->records = (size - sizeof(head)) / RECORD_INDEX_BYTES;
    c->fits = size == sizeof(head) + c->records * RECORD_INDEX_BYTES;
    if (c->records > RECORD_PARTS_MAX) {
        c->records = RECORD_PARTS_MAX;
        c->fits = false;
    }
    return 0;
}

void
record_cursor_close(struct record_cursor *c)
{
    if (c->fd >= 0) {
        close(c->fd);
    }
    free(c->block);
    c->fd = -1;
    c->block = NULL;
}

static bool
load_block(struct record_cursor *c)
{
    if (c->place >= c->block_first && c->place - c->block_first < c->block_count) {
        return true;
    }
    uint64_t n = c->records - c->place;
    n = n < RECORD_CURSOR_RECORDS ? n : RECORD_CURSOR_RECORDS;
    c->block_count = 0;
    if (record_read(c->fd, c->block, (size_t)n * RECORD_INDEX_BYTES,
            RECORD_INDEX_HEAD_BYTES + c->place * RECORD_INDEX_BYTES)
        != 0) {
        c->records = c->place; // what cannot be read is as good as not there
        c->fits = false;
        return false;
    }
    c->block_first = c->place;
    c->block_count = n;
    return true;
}

bool
record_cursor_peek(struct record_cursor *c, struct bc_recording_part *out)
{
    if (c->place >= c->records || !load_block(c)) {
        return false;
    }
    const uint8_t *record = c->block + (c->place - c->block_first) * RECORD_INDEX_BYTES;
    return record_index_read(record, c->place, out);
}

void
record_cursor_seek(struct record_cursor *c, uint32_t file)
{
    struct bc_recording_part p;
    while (c->place < c->records && (!record_cursor_peek(c, &p) || p.file < file)) {
        c->fits = false;
        c->place += c->place < c->records;
    }
}
