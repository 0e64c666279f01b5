// SPDX-License-Identifier: Apache-2.0
// What is made of a recording for its viewers, once for all of them: playlists, their gzip,
// the head of its MP4. Made anew when something has come.
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/gzip.h"
#include "base/table.h"
#include "egress/media.h"
#include "protocol/http/extents.h"
#include "replay.h"
#include "replay/mp4.h"
#include "replay/playlist.h"

// What nobody has asked for is forgotten after that.
#define FORGET_US 60000000
// A playlist of hours with its gzip is a megabyte; beyond, what is oldest goes.
#define ENTRIES_MAX 256
// The playlist of an evening has 7000 lines that are nearly alike: any level packs them.
#define GZIP_LEVEL 1

struct text {
    uint64_t version; // 0: none
    struct bc_buf *plain;
    struct bc_buf *gzip;
};

// Of one recording. Lives while it is in the table or somebody makes something in it.
struct entry {
    UT_hash_handle hh;
    char id[BC_RECORDING_ID_MAX + 1];
    unsigned users;  // guarded by the cache's lock, as is last_us
    int64_t last_us;
    pthread_mutex_t making; // held while something is made; guards mp4
    pthread_mutex_t lock;   // guards texts; held for a look
    struct text texts[BC_REPLAY_TEXT_COUNT];
    uint64_t mp4_version; // 0: none
    struct bc_replay_mp4 mp4;
};

struct bc_replays {
    pthread_mutex_t lock; // guards table
    struct entry *table;
};

struct bc_replays *
bc_replays_create(void)
{
    struct bc_replays *replays = calloc(1, sizeof(*replays));
    if (replays) {
        pthread_mutex_init(&replays->lock, NULL);
    }
    return replays;
}

static void
destroy_entry(struct entry *e)
{
    for (int i = 0; i < BC_REPLAY_TEXT_COUNT; i++) {
        bc_buf_unref(&e->texts[i].plain);
        bc_buf_unref(&e->texts[i].gzip);
    }
    if (e->mp4_version != 0) {
        bc_replay_mp4_finish(&e->mp4);
    }
    pthread_mutex_destroy(&e->making);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

static void
forget(struct bc_replays *replays, struct entry *e)
{
    HASH_DEL(replays->table, e);
    destroy_entry(e);
}

void
bc_replays_sweep(struct bc_replays *replays, int64_t now_us)
{
    struct entry *e;
    struct entry *tmp;
    pthread_mutex_lock(&replays->lock);
    HASH_ITER(hh, replays->table, e, tmp)
    {
        if (e->users == 0 && now_us - e->last_us > FORGET_US) {
            forget(replays, e);
        }
    }
    pthread_mutex_unlock(&replays->lock);
}

void
bc_replays_destroy(struct bc_replays *replays)
{
    if (replays) {
        bc_replays_sweep(replays, INT64_MAX);
        pthread_mutex_destroy(&replays->lock);
        free(replays);
    }
}

static void
forget_oldest(struct bc_replays *replays)
{
    struct entry *oldest = NULL;
    struct entry *e;
    struct entry *tmp;
    HASH_ITER(hh, replays->table, e, tmp)
    {
        if (e->users == 0 && (!oldest || e->last_us < oldest->last_us)) {
            oldest = e;
        }
    }
    if (oldest) {
        forget(replays, oldest);
    }
}

static struct entry *
add(struct bc_replays *replays, const char *id)
{
    struct entry *e = calloc(1, sizeof(*e));
    if (!e) {
        return NULL;
    }
    if (HASH_COUNT(replays->table) >= ENTRIES_MAX) {
        forget_oldest(replays);
    }
    snprintf(e->id, sizeof(e->id), "%s", id);
    pthread_mutex_init(&e->making, NULL);
    pthread_mutex_init(&e->lock, NULL);
    HASH_ADD_STR(replays->table, id, e);
    return e;
}

// The recording's entry, in use until let_go(). NULL when there is none, or without memory.
static struct entry *
hold(struct bc_replays *replays, const char *id, bool make)
{
    struct entry *e;
    pthread_mutex_lock(&replays->lock);
    HASH_FIND_STR(replays->table, id, e);
    if (!e && make) {
        e = add(replays, id);
    }
    if (e) {
        e->users++;
        e->last_us = bc_clock_us();
    }
    pthread_mutex_unlock(&replays->lock);
    return e;
}

static void
let_go(struct bc_replays *replays, struct entry *e)
{
    pthread_mutex_lock(&replays->lock);
    e->users--;
    pthread_mutex_unlock(&replays->lock);
}

// Changes whenever a segment closes and when the recording ends; never 0.
static uint64_t
version_of(const struct bc_recording *r, const struct bc_recording_info *info)
{
    struct bc_recording_segment last;
    uint64_t closed = info->segments;
    if (closed > 0 && bc_recording_segments(r, info->segments - 1, &last, 1) == 1
        && !last.closed) {
        closed--;
    }
    return closed << 2 | (info->ended_wall_us != 0 ? 2u : 0u) | 1u;
}

// --- texts ---

static struct bc_buf *
take(struct entry *e, enum bc_replay_text which, bool gzip, uint64_t version)
{
    struct bc_buf *found = NULL;
    pthread_mutex_lock(&e->lock);
    const struct text *t = &e->texts[which];
    struct bc_buf *buf = gzip ? t->gzip : t->plain;
    if (t->version == version && buf) {
        found = bc_buf_ref(buf);
    }
    pthread_mutex_unlock(&e->lock);
    return found;
}

// Takes over nothing; what another version left behind goes.
static void
put(struct entry *e, enum bc_replay_text which, bool gzip, uint64_t version,
    struct bc_buf *buf)
{
    pthread_mutex_lock(&e->lock);
    struct text *t = &e->texts[which];
    if (t->version != version) {
        bc_buf_unref(&t->plain);
        bc_buf_unref(&t->gzip);
        t->version = version;
    }
    struct bc_buf **place = gzip ? &t->gzip : &t->plain;
    bc_buf_unref(place);
    *place = bc_buf_ref(buf);
    pthread_mutex_unlock(&e->lock);
}

struct bc_buf *
bc_replays_peek(struct bc_replays *replays, const struct bc_replay_query *query)
{
    struct bc_recording_info info;
    bc_recording_info(query->recording, &info);
    struct entry *e = hold(replays, info.id, false);
    if (!e) {
        return NULL;
    }
    uint64_t version = version_of(query->recording, &info);
    struct bc_buf *found = take(e, query->text, query->gzip, version);
    let_go(replays, e);
    return found;
}

static struct bc_buf *
render(const struct bc_replay_query *query, const struct bc_recording_info *info)
{
    bool ended = info->ended_wall_us != 0;
    char prefix[BC_RECORDING_ID_MAX + 8];
    snprintf(prefix, sizeof(prefix), "dvr/%s/", info->id);
    if (query->text == BC_REPLAY_TEXT_MULTIVARIANT) {
        return bc_replay_multivariant(query->recording, BC_REPLAY_URI);
    }
    struct bc_replay_playlist_params params = {
        .form = ended ? BC_REPLAY_VOD : BC_REPLAY_EVENT,
        .ended = ended,
        .prefix = "",
        .target_us = query->target_us,
    };
    if (query->text != BC_REPLAY_TEXT_MAIN) {
        params.form = BC_REPLAY_DVR;
        params.window_us = query->window_us;
        params.prefix = prefix;
    }
    if (query->text == BC_REPLAY_TEXT_DVR_DELTA) {
        params.skip_until = UINT64_MAX;
    }
    struct bc_recording_cues cues;
    params.cues = bc_recording_cues_read(query->recording, &cues) == 0 ? &cues : NULL;
    struct bc_buf *text = bc_replay_playlist(query->recording, &params);
    if (params.cues) {
        bc_recording_cues_finish(&cues);
    }
    return text;
}

static struct bc_buf *
make_text(struct entry *e, const struct bc_replay_query *query,
    const struct bc_recording_info *info, uint64_t version)
{
    struct bc_buf *text = take(e, query->text, query->gzip, version);
    if (text) {
        return text; // made while we waited for our turn
    }
    struct bc_buf *plain = take(e, query->text, false, version);
    if (!plain) {
        plain = render(query, info);
        if (plain) {
            put(e, query->text, false, version, plain);
        }
    }
    if (!plain || !query->gzip) {
        return plain;
    }
    text = bc_gzip(plain, GZIP_LEVEL);
    bc_buf_unref(&plain);
    if (text) {
        put(e, query->text, true, version, text);
    }
    return text;
}

struct bc_buf *
bc_replays_make(struct bc_replays *replays, const struct bc_replay_query *query)
{
    struct bc_recording_info info;
    bc_recording_info(query->recording, &info);
    struct entry *e = hold(replays, info.id, true);
    if (!e) {
        return NULL;
    }
    pthread_mutex_lock(&e->making);
    // Looked at under the lock, so that a text never has an older version's name.
    bc_recording_info(query->recording, &info);
    struct bc_buf *text = make_text(
        e, query, &info, version_of(query->recording, &info));
    pthread_mutex_unlock(&e->making);
    let_go(replays, e);
    return text;
}

// --- MP4 ---

// The kept one if it still fits, else a new one in its place. Inside `making`.
static int
refresh_mp4(struct entry *e, struct bc_recording *r, uint32_t format, uint64_t version)
{
    if (e->mp4_version == version && e->mp4.format == format) {
        return 0;
    }
    struct bc_replay_mp4 fresh;
    memset(&fresh, 0, sizeof(fresh));
    int err = bc_replay_mp4_make(r, format, &fresh);
    if (err != 0) {
        return err;
    }
    if (e->mp4_version != 0) {
        bc_replay_mp4_finish(&e->mp4);
    }
    e->mp4 = fresh;
    e->mp4.format = format;
    e->mp4_version = version;
    return 0;
}

// Stretches of one file share its reference.
static int
open_stretches(const struct bc_replay_mp4 *mp4, struct bc_recording *r,
    struct bc_http_extent *items, size_t *count)
{
    items[0] = (struct bc_http_extent){ bc_buf_ref(mp4->head), NULL, 0, mp4->head->len };
    *count = 1;
    for (size_t i = 0; i < mp4->count; i++) {
        const struct bc_replay_stretch *s = &mp4->stretches[i];
        bool same = i > 0 && mp4->stretches[i - 1].file == s->file;
        struct bc_file *file = same ? bc_file_ref(items[*count - 1].file)
                                    : bc_recording_file(r, s->file);
        if (!file) {
            return errno ? -errno : -EIO;
        }
        items[(*count)++] = (struct bc_http_extent){ NULL, file, s->offset, s->bytes };
    }
    return 0;
}

int
bc_replays_mp4(struct bc_replays *replays, struct bc_recording *r, int64_t format,
    struct bc_http_extent **items, size_t *count, char etag_text[64])
{
    struct bc_recording_info info;
    bc_recording_info(r, &info);
    struct entry *e = hold(replays, info.id, true);
    if (!e) {
        return -ENOMEM;
    }
    pthread_mutex_lock(&e->making);
    bc_recording_info(r, &info);
    uint32_t wanted = format >= 0 ? (uint32_t)format : bc_replay_mp4_main_format(r);
    uint64_t version = version_of(r, &info);
    *count = 0;
    *items = NULL;
    int err = refresh_mp4(e, r, wanted, version);
    if (err == 0) {
        *items = calloc(e->mp4.count + 1, sizeof(**items));
        err = *items ? open_stretches(&e->mp4, r, *items, count) : -ENOMEM;
        snprintf(etag_text, 64, "%" PRIu32 "-%" PRIu64 "-%" PRIu64, wanted, version >> 2,
            e->mp4.bytes);
    }
    pthread_mutex_unlock(&e->making);
    let_go(replays, e);
    return err;
}
