// SPDX-License-Identifier: Apache-2.0
// The server's cues, posting and ending them.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "board.h"
#include "file.h"
#include "values.h"

// What was shown last is no measure for now when it is so far away.
#define STILL_US 5000000
#define FNV_OFFSET 0xcbf29ce484222325u
#define FNV_PRIME 0x100000001b3u

// --- the lock and the clock ---

// Times that were told before the media clock ran are moved onto it.
static void
anchor(struct bc_cues *cues)
{
    int64_t before_us = cues_clock_us(cues);
    int64_t clock_us = cues->ops->clock_us(cues->user);
    if (cues->anchored || clock_us <= 0) {
        return;
    }
    cues->anchored = true;
    struct board *board;
    struct board *next;
    HASH_ITER(hh, cues->boards, board, next)
    {
        for (size_t i = 0; i < board->own_count; i++) {
            struct cue_values v = cue_values_of(board->own[i].cue);
            v.at_us += clock_us - before_us;
            v.revision++;
            struct bc_cue *cue = cue_create(&v);
            if (cue) {
                board_replace(&board->own[i], cue);
            }
        }
    }
    HASH_ITER(hh, cues->boards, board, next)
    {
        board_refresh(board);
    }
}

void
cues_lock(struct bc_cues *cues)
{
    pthread_mutex_lock(&cues->lock);
    if (!cues->anchored) {
        anchor(cues);
    }
}

void
cues_unlock(struct bc_cues *cues)
{
    pthread_mutex_unlock(&cues->lock);
}

void
cues_tell_own(struct bc_cues *cues, const char *channel, const struct bc_cue *cue)
{
    if (cue && cues->ops->on_own) {
        cues->ops->on_own(cues->user, channel, cue);
    }
}

void
cues_tell_change(struct bc_cues *cues, const char *channel)
{
    if (cues->ops->on_change) {
        cues->ops->on_change(cues->user, channel);
    }
}

// --- opening ---

struct bc_cues *
bc_cues_open(const char *data_dir, const struct bc_cues_ops *ops, void *user)
{
    struct bc_cues *cues = calloc(1, sizeof(*cues));
    size_t size = strlen(data_dir) + sizeof("/cues");
    if (!cues) {
        return NULL;
    }
    bc_logger_init(&cues->log, NULL, "cues");
    pthread_mutex_init(&cues->lock, NULL);
    cues->ops = ops;
    cues->user = user;
    cues->opened_us = bc_clock_us();
    cues->folder = malloc(size);
    if (!cues->folder) {
        bc_cues_close(cues);
        return NULL;
    }
    snprintf(cues->folder, size, "%s/cues", data_dir);
    cue_files_read(cues);
    struct board *board;
    struct board *next;
    HASH_ITER(hh, cues->boards, board, next)
    {
        board_refresh(board);
    }
    return cues;
}

void
bc_cues_close(struct bc_cues *cues)
{
    if (!cues) {
        return;
    }
    struct board *board;
    struct board *next;
    HASH_ITER(hh, cues->boards, board, next)
    {
        board->program = NULL; // which may go before it
    }
    HASH_ITER(hh, cues->boards, board, next)
    {
        board_free(board);
    }
    pthread_mutex_destroy(&cues->lock);
    free(cues->folder);
    free(cues);
}

void
bc_cues_tick(struct bc_cues *cues)
{
    cues_lock(cues);
    int64_t clock_us = cues_clock_us(cues);
    struct board *board;
    struct board *next;
    HASH_ITER(hh, cues->boards, board, next)
    {
        if (board_sweep(board, clock_us)) {
            board_free(board);
        }
    }
    cues_unlock(cues);
    cue_files_write(cues);
}

void
bc_cues_save(struct bc_cues *cues)
{
    cue_files_write(cues);
}

void
bc_cues_tell_own(struct bc_cues *cues, const char *channel)
{
    struct bc_cue *list[BC_CUES_RUNNING_MAX];
    size_t count = bc_cues_list(cues, channel, BC_CUES_OWN, list, BC_CUES_RUNNING_MAX);
    for (size_t i = 0; i < count && i < BC_CUES_RUNNING_MAX; i++) {
        cues_tell_own(cues, channel, list[i]);
        bc_cue_unref(&list[i]);
    }
}

void
bc_cues_set_program(struct bc_cues *cues, const char *channel, const char *program)
{
    bool own = program && strcmp(program, channel) == 0;
    bool others = program && !own;
    cues_lock(cues);
    struct board *board
        = others ? board_obtain(cues, channel) : board_find(cues, channel);
    if (board) {
        board_set_program(board, others ? board_obtain(cues, program) : NULL);
    }
    cues_unlock(cues);
    if (own && board) {
        bc_cues_tell_own(cues, channel); // its media is to carry what counts
    }
}

// --- posting ---

// Texts of the kind "c5f0a9d2e81b7344": told apart, not secret.
void
cues_make_id(const char *channel, const char *data, size_t len, int64_t at_us,
    char out[BC_CUE_ID_MAX + 1])
{
    uint64_t hash = FNV_OFFSET ^ (uint64_t)at_us;
    for (const char *c = channel; *c; c++) {
        hash = (hash ^ (uint8_t)*c) * FNV_PRIME;
    }
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (uint8_t)data[i]) * FNV_PRIME;
    }
    snprintf(out, BC_CUE_ID_MAX + 1, "c%015llx",
        (unsigned long long)(hash & 0xfffffffffffffff));
}

// With the lock held.
static int
find_place(struct bc_cues *cues, const char *channel, const char *id, struct board **out)
{
    struct board *board = board_obtain(cues, channel);
    if (!board) {
        return -ENOMEM;
    }
    if (board_shown(board, id) || board_own(board, id)) {
        return -EEXIST;
    }
    *out = board;
    return board_counting(board, cues_clock_us(cues)) < BC_CUES_RUNNING_MAX ? 0 : -ENOSPC;
}

struct cue_moment
cues_shown_now(struct bc_cues *cues, const char *channel)
{
    struct cue_moment shown = { 0 };
    bool any = cues->ops->shown(cues->user, channel, &shown.clock_us, &shown.wall_us);
    cues_lock(cues);
    struct cue_moment now = { cues_clock_us(cues), bc_clock_wall_us() };
    cues_unlock(cues);
    return any && llabs(shown.clock_us - now.clock_us) < STILL_US ? shown : now;
}

void
bc_cues_now(
    struct bc_cues *cues, const char *channel, int64_t *clock_us, int64_t *wall_us)
{
    struct cue_moment now = cues_shown_now(cues, channel);
    *clock_us = now.clock_us;
    *wall_us = now.wall_us;
}

// 0 and the times.
static int
find_time(const struct bc_cue_wish *wish, const struct cue_moment *now, struct cue_values *out)
{
    if (wish->has_at) {
        out->at_us = wish->at_us;
    } else if (wish->at_wall_us != 0) {
        out->at_us = now->clock_us + (wish->at_wall_us - now->wall_us);
    } else {
        out->at_us = now->clock_us + wish->delay_us;
    }
    out->at_wall_us = now->wall_us + (out->at_us - now->clock_us);
    out->duration_us = wish->duration_us;
    return out->at_us >= now->clock_us - BC_CUE_BACK_MAX_US
            && out->at_us <= now->clock_us + BC_CUE_AHEAD_MAX_US && wish->duration_us >= 0
            && wish->duration_us <= BC_CUE_DURATION_MAX_US
        ? 0
        : -ERANGE;
}

// With the lock held.
static int
post(struct bc_cues *cues, const struct bc_cue_wish *wish, struct cue_values *v,
    struct bc_cue **out)
{
    struct board *board;
    char id[BC_CUE_ID_MAX + 1];
    if (!wish->id) {
        cues_make_id(v->channel, v->data, v->data_len, bc_clock_us(), id);
        v->id = id;
    }
    int ret = find_place(cues, v->channel, v->id, &board);
    if (ret != 0) {
        return ret;
    }
    struct bc_cue *cue = cue_create(v);
    ret = cue ? board_add(board, cue, false) : -ENOMEM;
    if (ret == 0) {
        *out = bc_cue_ref(cue);
        board->dirty = true;
        board_changed(board);
    }
    return ret;
}

int
bc_cues_post(struct bc_cues *cues, const char *channel, const struct bc_cue_wish *wish,
    struct bc_cue **out)
{
    char *data;
    struct cue_values v = { .id = wish->id, .kind = wish->kind, .channel = channel,
        .revision = 1 };
    if (wish->id && !bc_cue_id_is_valid(wish->id)) {
        return -EINVAL;
    }
    int ret = data_read(wish->data, wish->data_len, &data, &v.data_len);
    if (ret != 0) {
        return ret;
    }
    v.data = data;
    struct cue_moment now = cues_shown_now(cues, channel);
    ret = find_time(wish, &now, &v);
    if (ret == 0) {
        cues_lock(cues);
        ret = post(cues, wish, &v, out);
        cues_unlock(cues);
    }
    free(data);
    if (ret == 0) {
        cues_tell_own(cues, channel, *out);
        cues_tell_change(cues, channel);
    }
    return ret;
}

// --- ending ---

// With the lock held.
static int
end(struct board *board, struct own *own, int64_t now_us, struct bc_cue **told)
{
    struct cue_values v = cue_values_of(own->cue);
    v.ended = true;
    v.revision++;
    v.duration_us = now_us > v.at_us ? now_us - v.at_us : 0;
    struct bc_cue *cue = cue_create(&v);
    if (!cue) {
        return -ENOMEM;
    }
    board_replace(own, cue);
    *told = bc_cue_ref(cue);
    board->dirty = board->dirty || !own->imported;
    board_changed(board);
    return 0;
}

int
bc_cues_end(struct bc_cues *cues, const char *channel, const char *id)
{
    struct bc_cue *told = NULL;
    struct cue_moment now = cues_shown_now(cues, channel);
    int ret = -ENOENT;
    cues_lock(cues);
    struct board *board = board_find(cues, channel);
    struct own *own = board ? board_own(board, id) : NULL;
    if (own) {
        ret = bc_cue_counts(own->cue, cues_clock_us(cues))
            ? end(board, own, now.clock_us, &told)
            : -EALREADY;
    } else if (board && board_inherited(board, id)) {
        ret = -EPERM;
    }
    cues_unlock(cues);
    cues_tell_own(cues, channel, told);
    bc_cue_unref(&told);
    if (ret == 0) {
        cues_tell_change(cues, channel);
    }
    return ret;
}
