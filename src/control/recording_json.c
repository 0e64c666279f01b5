// SPDX-License-Identifier: Apache-2.0
// Replays and clips in JSON. Addresses are relative, so that they hold behind a proxy too.
#include "recording_json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clip/clip.h"
#include "control_internal.h"
#include "json.h"
#include "record/library.h"

#define GAPS_MAX 1000 // told one by one; beyond they are counted only
#define FORMATS_MAX 64
#define AT_A_TIME 64

static void
put_url(struct bc_json *j, const char *key, const struct bc_recording_info *info,
    const char *before, const char *after)
{
    char url[BC_RECORDING_ID_MAX + 64];
    snprintf(url, sizeof(url), "%s/%s/%s%s", before,
        info->kind == BC_RECORDING_CLIP ? "clip" : "replay", info->id, after);
    bc_json_text(j, key, url);
}

static void
put_urls(struct bc_json *j, const struct bc_catalogue_entry *e)
{
    const struct bc_recording_info *info = &e->info;
    bool plays = info->kind == BC_RECORDING_REPLAY || e->state == BC_CATALOGUE_READY;
    const struct {
        const char *key;
        const char *after;
        bool there;
    } rows[] = { { "hls_url", "/index.m3u8", plays }, { "mp4_url", ".mp4", plays },
        { "poster_url", "/poster.jpg", plays && e->has_poster },
        { "thumbnails_url", "/thumbnails.vtt", plays } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].there) {
            put_url(j, rows[i].key, info, "", rows[i].after);
        } else {
            bc_json_null(j, rows[i].key);
        }
    }
    put_url(j, "watch_url", info, "/watch", "");
}

// What is true now of a running one: the catalogue hears of it now and then only.
static void
refresh(struct bc_control *control, struct bc_catalogue_entry *e,
    const struct bc_recording *r)
{
    struct bc_recording *open = NULL;
    if (!r && e->state == BC_CATALOGUE_RUNNING && e->info.kind == BC_RECORDING_REPLAY) {
        r = open = bc_library_peek(control->params.library, e->info.kind, e->info.id);
    }
    if (r) {
        struct bc_recording_info now;
        bc_recording_info(r, &now);
        e->info.duration_us = now.duration_us;
        e->info.bytes = now.bytes;
        e->info.gaps = now.gaps;
        e->info.formats = now.formats;
    }
    bc_recording_unref(&open);
}

static struct json_t *
make_gap(const struct bc_recording_gap *gap)
{
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_ms(&j, "at_ms", gap->at_us);
    bc_json_time(&j, "started_at", gap->wall_us);
    bc_json_ms(&j, "duration_ms", gap->duration_us);
    return bc_json_end(&j);
}

static struct json_t *
make_gaps(const struct bc_recording *r)
{
    struct bc_recording_gap gaps[AT_A_TIME];
    struct bc_json list;
    bc_json_begin_array(&list);
    size_t n;
    for (size_t first = 0; first < GAPS_MAX; first += n) {
        n = bc_recording_gaps(r, first, gaps, AT_A_TIME);
        for (size_t i = 0; i < n; i++) {
            bc_json_append(&list, make_gap(&gaps[i]));
        }
        if (n == 0) {
            break;
        }
    }
    return bc_json_end(&list);
}

static void
put_gaps(struct bc_json *j, const struct bc_catalogue_entry *e,
    const struct bc_recording *r)
{
    bc_json_int(j, "gap_count", (int64_t)e->info.gaps);
    if (r) {
        bc_json_put(j, "gaps", make_gaps(r));
    }
}

// One file for each format, as a player cannot change it within one.
static void
put_files(struct bc_json *j, const struct bc_recording_info *info,
    const struct bc_recording *r)
{
    int64_t durations_us[FORMATS_MAX] = { 0 };
    struct bc_recording_segment segments[AT_A_TIME];
    size_t first = 0;
    size_t n;
    while ((n = bc_recording_segments(r, first, segments, AT_A_TIME)) > 0) {
        for (size_t i = 0; i < n; i++) {
            if (segments[i].format < FORMATS_MAX) {
                durations_us[segments[i].format] += segments[i].duration_us;
            }
        }
        first += n;
    }
    struct bc_json list;
    bc_json_begin_array(&list);
    for (size_t i = 0; i < info->formats && i < FORMATS_MAX; i++) {
        char after[32];
        snprintf(after, sizeof(after), ".mp4?format=%zu", i);
        struct bc_json file;
        bc_json_begin(&file);
        put_url(&file, "url", info, "", after);
        bc_json_ms(&file, "duration_ms", durations_us[i]);
        bc_json_append(&list, bc_json_end(&file));
    }
    bc_json_put(j, "mp4_urls", bc_json_end(&list));
}

static struct json_t *
make_export(struct bc_control *control, const struct bc_catalogue_entry *e)
{
    static const char *const NAMES[] = { [BC_CLIP_JOB_NONE] = "none",
        [BC_CLIP_JOB_WAITING] = "waiting", [BC_CLIP_JOB_RUNNING] = "running",
        [BC_CLIP_JOB_DONE] = "done", [BC_CLIP_JOB_FAILED] = "failed" };
    struct bc_clip_job job = { .state = BC_CLIP_JOB_NONE };
    if (control->params.clips) {
        bc_clips_job(control->params.clips, e->info.id, &job);
    }
    if (job.state == BC_CLIP_JOB_NONE && e->has_classic) {
        job.state = BC_CLIP_JOB_DONE;
    }
    bool done = job.state == BC_CLIP_JOB_DONE;
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "state", NAMES[job.state]);
    bc_json_int(&j, "progress", done ? 100 : job.progress);
    if (done) {
        put_url(&j, "url", &e->info, "", "/classic.mp4");
    } else {
        bc_json_null(&j, "url");
    }
    bc_json_text(&j, "error", job.state == BC_CLIP_JOB_FAILED ? job.error : NULL);
    return bc_json_end(&j);
}

static const char *
state_name(enum bc_catalogue_state state)
{
    return state == BC_CATALOGUE_READY    ? "ready"
        : state == BC_CATALOGUE_RUNNING ? "running"
                                        : "failed";
}

// What replays and clips have in common.
static void
begin(struct bc_json *j, const struct bc_catalogue_entry *e)
{
    bc_json_begin(j);
    bc_json_text(j, "id", e->info.id);
    bc_json_text(j, "channel", e->info.channel);
    bc_json_text(j, "title", e->info.title);
    bc_json_text(j, "state", state_name(e->state));
    bc_json_time(j, "started_at", e->info.began_wall_us);
    bc_json_time(j, "ended_at", e->info.ended_wall_us);
    bc_json_ms(j, "duration_ms", e->info.duration_us);
}

struct json_t *
bc_replay_json(struct bc_control *control, const struct bc_catalogue_entry *entry,
    const struct bc_recording *r)
{
    struct bc_catalogue_entry e = *entry;
    refresh(control, &e, r);
    struct bc_json j;
    begin(&j, &e);
    bc_json_int(&j, "bytes", (int64_t)e.info.bytes);
    put_gaps(&j, &e, r);
    put_urls(&j, &e);
    if (r && e.info.formats > 1) {
        put_files(&j, &e.info, r);
    }
    bc_json_put(&j, "export", make_export(control, &e));
    return bc_json_end(&j);
}

// A clip's id tells when it was made: "20261122-153111-4f2a9c1b", in UTC. 0: it does not.
static int64_t
made_at(const char *id)
{
    struct tm tm = { 0 };
    const char *end = strptime(id, "%Y%m%d-%H%M%S", &tm);
    return end && *end == '-' ? (int64_t)timegm(&tm) * 1000000 : 0;
}

struct json_t *
bc_clip_json(struct bc_control *control, const struct bc_catalogue_entry *entry,
    const struct bc_recording *r)
{
    struct bc_clip_job job = { .state = BC_CLIP_JOB_NONE };
    int progress = entry->state == BC_CATALOGUE_READY ? 100 : entry->progress;
    if (entry->state == BC_CATALOGUE_RUNNING && control->params.clips) {
        bc_clips_job(control->params.clips, entry->info.id, &job);
        progress = job.progress > progress ? job.progress : progress;
    }
    struct bc_json j;
    begin(&j, entry);
    bc_json_int(&j, "progress", progress);
    bool failed = entry->state == BC_CATALOGUE_FAILED;
    bool noted = entry->state == BC_CATALOGUE_READY && entry->error[0] != '\0';
    bc_json_text(&j, "error", failed ? entry->error : NULL);
    bc_json_text(&j, "note", noted ? entry->error : NULL);
    bc_json_text(&j, "precision", entry->info.frame_exact ? "frame" : "keyframe");
    bc_json_text(&j, "source", entry->info.source);
    bc_json_ms(&j, "from_ms", entry->info.source_from_us);
    bc_json_ms(&j, "to_ms", entry->info.source_to_us);
    bc_json_int(&j, "bytes", (int64_t)entry->info.bytes);
    put_gaps(&j, entry, r);
    put_urls(&j, entry);
    bc_json_time(&j, "created_at", made_at(entry->info.id));
    return bc_json_end(&j);
}

struct json_t *
bc_public_recording_json(struct bc_control *control,
    const struct bc_catalogue_entry *entry, const struct bc_recording *r)
{
    struct bc_catalogue_entry e = *entry;
    refresh(control, &e, r);
    struct bc_json j;
    begin(&j, &e);
    bc_json_text(&j, "kind", e.info.kind == BC_RECORDING_CLIP ? "clip" : "replay");
    put_gaps(&j, &e, r);
    put_urls(&j, &e);
    return bc_json_end(&j);
}
