// SPDX-License-Identifier: Apache-2.0
#include "replay_job.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/query.h"
#include "base/writer.h"
#include "card/cards.h"
#include "record/cues.h"
#include "replay/playlist.h"

#define PLAYLIST_TYPE "application/vnd.apple.mpegurl"
#define VARY "Vary: Accept-Encoding\r\n"
#define GZIP "Content-Encoding: gzip\r\n"
#define ASK_AGAIN "Cache-Control: no-cache\r\n"
#define FOR_A_MINUTE "Cache-Control: max-age=60\r\n"
#define FOR_EVER "Cache-Control: public, max-age=3600, immutable\r\n"
#define TITLE_TEXT (3 * BC_RECORDING_TITLE_MAX + 1)

// "?format=2"; -1 without, and a format that there is none of for what is no number.
static int64_t
read_format(const char *query)
{
    char value[8];
    int len = bc_query_get(query, "format", value, sizeof(value));
    if (len == -ENOENT) {
        return -1;
    }
    bool number = len > 0 && strspn(value, "0123456789") == (size_t)len;
    return number ? (int64_t)strtoul(value, NULL, 10) : UINT32_MAX;
}

static bool
is_set(const char *query, const char *name)
{
    char value[8];
    return bc_query_get(query, name, value, sizeof(value)) >= 0
        && strcmp(value, "0") != 0;
}

void
bc_replay_job_init(struct bc_replay_job *job, const struct bc_media *media,
    const struct bc_replay_url *url, const struct bc_http_exchange *x)
{
    const char *query = bc_http_query(x);
    char skip[4];
    job->replays = media->replays;
    job->kind = url->kind;
    job->what = url->what;
    job->dvr = url->dvr;
    job->gzip = bc_http_accepts_gzip(x);
    job->skip = url->dvr && bc_query_get(query, "_HLS_skip", skip, sizeof(skip)) > 0
        && (strcmp(skip, "YES") == 0 || strcmp(skip, "v2") == 0);
    job->download = is_set(query, "download");
    job->format = read_format(query);
    // A longer name is no name of ours, and no file has the cut one.
    snprintf(job->file, sizeof(job->file), "%s", url->file);
    job->cards = media->cards;
}

static void
drop_items(struct bc_replay_job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        bc_buf_unref(&job->items[i].buf);
        bc_file_unref(&job->items[i].file);
    }
    free(job->items);
    job->items = NULL;
    job->count = 0;
}

void
bc_replay_job_finish(struct bc_replay_job *job)
{
    drop_items(job);
    bc_buf_unref(&job->text);
}

// --- finding it ---

static struct bc_replay_query
query_of(const struct bc_replay_job *job)
{
    return (struct bc_replay_query){
        .recording = job->recording,
        .text = job->what == BC_REPLAY_MULTIVARIANT ? BC_REPLAY_TEXT_MULTIVARIANT
            : !job->dvr                             ? BC_REPLAY_TEXT_MAIN
            : job->skip                             ? BC_REPLAY_TEXT_DVR_DELTA
                                                    : BC_REPLAY_TEXT_DVR,
        .gzip = job->gzip && job->what == BC_REPLAY_PLAYLIST,
        .window_us = job->window_us,
        .target_us = job->target_us,
    };
}

static bool
is_text(const struct bc_replay_job *job)
{
    return job->what == BC_REPLAY_MULTIVARIANT || job->what == BC_REPLAY_PLAYLIST;
}

bool
bc_replay_job_peek(struct bc_replay_job *job)
{
    struct bc_recording_info info;
    bc_recording_info(job->recording, &info);
    job->ended = info.ended_wall_us != 0;
    if (is_text(job)) {
        struct bc_replay_query query = query_of(job);
        job->text = bc_replays_peek(job->replays, &query);
    }
    return job->text != NULL;
}

// One stretch is all there is. Takes over the reference.
static int
set_item(struct bc_replay_job *job, struct bc_http_extent item)
{
    job->items = calloc(1, sizeof(*job->items));
    if (!job->items) {
        bc_buf_unref(&item.buf);
        bc_file_unref(&item.file);
        return -ENOMEM;
    }
    job->items[0] = item;
    job->count = 1;
    return 0;
}

static int
find_media(struct bc_replay_job *job)
{
    bool init = false;
    uint64_t number = 0;
    struct bc_recording_segment s;
    bc_replay_media_name(job->file, &init, &number);
    if (init) {
        struct bc_buf *buf = number <= UINT32_MAX
            ? bc_recording_init_section(job->recording, (uint32_t)number)
            : NULL;
        return buf ? set_item(job, (struct bc_http_extent){ buf, NULL, 0, buf->len })
                   : -ENOENT;
    }
    if (number > SIZE_MAX
        || bc_recording_segments(job->recording, (size_t)number, &s, 1) == 0 || !s.closed) {
        return -ENOENT;
    }
    struct bc_file *file = bc_recording_file(job->recording, s.file);
    return file ? set_item(job, (struct bc_http_extent){ NULL, file, s.offset, s.bytes })
                : -errno;
}

// A file of its own in the recording's folder.
static int
find_file(struct bc_replay_job *job, const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    int n = snprintf(path, sizeof(path), "%s%s/%s", bc_recording_folder(job->recording),
        folder, name);
    struct bc_file *file = n < (int)sizeof(path) ? bc_file_open(path) : NULL;
    if (!file || fstat(file->fd, &st) != 0) {
        int err = file ? -errno : -ENOENT;
        bc_file_unref(&file);
        return err;
    }
    job->modified_s = (int64_t)st.st_mtime;
    snprintf(job->etag, sizeof(job->etag), "\"%" PRIx64 ".%lx-%" PRIx64 "\"",
        (uint64_t)st.st_mtim.tv_sec, (unsigned long)st.st_mtim.tv_nsec,
        (uint64_t)st.st_size);
    return set_item(
        job, (struct bc_http_extent){ NULL, file, 0, (uint64_t)st.st_size });
}

static int
find_picture(struct bc_replay_job *job)
{
    // Where there is none yet, who asks later gets it.
    return find_file(job, "/pictures", job->file);
}

static int
find_mp4(struct bc_replay_job *job)
{
    char text[64];
    if (job->kind == BC_RECORDING_CLIP) {
        return find_file(job, "", "clip.mp4");
    }
    struct bc_recording_info info;
    bc_recording_info(job->recording, &info);
    int err = bc_replays_mp4(
        job->replays, job->recording, job->format, &job->items, &job->count, text);
    if (err == 0) {
        snprintf(job->etag, sizeof(job->etag), "\"%s\"", text);
        job->modified_s = info.ended_wall_us / 1000000;
    }
    return err;
}

static int
find_text(struct bc_replay_job *job)
{
    struct bc_replay_query query = query_of(job);
    job->text = bc_replays_make(job->replays, &query);
    return job->text ? 0 : -ENOENT;
}

static int
find_cues(struct bc_replay_job *job)
{
    struct bc_recording_cues cues;
    int err = bc_recording_cues_read(job->recording, &cues);
    if (err != 0) {
        return err;
    }
    job->text = bc_recording_cues_json(&cues);
    bc_recording_cues_finish(&cues);
    return job->text ? 0 : -ENOMEM;
}

// "card-ID-REVISION.svg"
static bool
is_card_of(const char *file, const struct bc_recording_cue *cue)
{
    char name[sizeof(((struct bc_replay_job *)0)->file)];
    snprintf(name, sizeof(name), "card-%s-%u.svg", cue->id, cue->revision);
    return strcmp(name, file) == 0;
}

// By the templates of today: the cue tells what stands on it, not how it looks.
static int
find_card(struct bc_replay_job *job)
{
    struct bc_recording_cues cues;
    int err = bc_recording_cues_read(job->recording, &cues);
    if (err != 0) {
        return err;
    }
    size_t i = 0;
    while (i < cues.count && !is_card_of(job->file, &cues.items[i])) {
        i++;
    }
    if (i < cues.count && job->cards) {
        char why[BC_CARD_WHY];
        job->text = bc_cards_fill(
            job->cards, cues.items[i].kind, cues.items[i].data, cues.items[i].data_len, why);
    }
    bc_recording_cues_finish(&cues);
    return job->text ? 0 : -ENOENT;
}

void
bc_replay_job_run(struct bc_replay_job *job)
{
    job->error = is_text(job)                  ? find_text(job)
        : job->what == BC_REPLAY_CUES          ? find_cues(job)
        : job->what == BC_REPLAY_CARD          ? find_card(job)
        : job->what == BC_REPLAY_MEDIA         ? find_media(job)
        : job->what == BC_REPLAY_MP4           ? find_mp4(job)
        : job->what == BC_REPLAY_CLASSIC       ? find_file(job, "", "replay.mp4")
                                               : find_picture(job);
}

// --- answering ---

static void
refuse(const struct bc_replay_job *job, struct bc_http_exchange *x)
{
    if (job->error != -ENOENT) {
        bc_http_respond_error(x, 503, job->error == -ENOMEM ? "no_memory" : "unavailable",
            "this cannot be read at the moment");
        return;
    }
    bool later = is_text(job) || (job->what == BC_REPLAY_MP4 && job->format < 0)
        || job->what == BC_REPLAY_PICTURE;
    const char *code = job->what == BC_REPLAY_CLASSIC ? "export_missing"
        : job->what == BC_REPLAY_PICTURE              ? "no_picture"
        : later                                       ? "nothing_yet"
        : job->what == BC_REPLAY_MP4                  ? "no_such_format"
                                                      : "not_found";
    const char *why = job->what == BC_REPLAY_CLASSIC
        ? "this file has not been made yet: ask for the export first"
        : later ? "there is nothing of this yet"
                : "there is no such file in this recording";
    char body[192];
    snprintf(body, sizeof(body), "{\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}\n", code,
        why);
    bc_http_respond_text(x, 404, "application/json",
        later ? "Cache-Control: max-age=1\r\nRetry-After: 2\r\n"
              : "Cache-Control: no-store\r\n",
        body);
}

// The kept text with this viewer's URI in it; takes over `text`. The URI is the last line.
static struct bc_buf *
with_uri(struct bc_buf *text, const char *uri)
{
    static const char PLACE[] = "\n" BC_REPLAY_URI "\n";
    size_t end = sizeof(PLACE) - 1;
    struct bc_writer w = { 0 };
    bool found = text->len >= end && memcmp(text->data + text->len - end, PLACE, end) == 0;
    if (found) {
        bc_write_bytes(&w, text->data, text->len - end + 1);
        bc_write_str(&w, uri);
        bc_write_u8(&w, '\n');
    }
    struct bc_buf *out = found ? bc_buf_from_writer(&w) : NULL;
    bc_writer_finish(&w);
    bc_buf_unref(&text);
    return out;
}

static void
answer_text(struct bc_replay_job *job, struct bc_http_exchange *x)
{
    bool list = job->what == BC_REPLAY_PLAYLIST;
    struct bc_buf *text = job->text;
    job->text = NULL;
    if (!list) {
        text = with_uri(text, job->uri);
    }
    if (!text) {
        bc_http_respond_error(x, 503, "no_memory", "the server is out of memory");
        return;
    }
    bool stays = list && job->ended && !job->dvr;
    struct bc_http_response r = {
        .status = 200,
        .content_type = PLAYLIST_TYPE,
        .headers = !list           ? ASK_AGAIN
            : stays && job->gzip   ? FOR_A_MINUTE VARY GZIP
            : stays                ? FOR_A_MINUTE VARY
            : job->gzip            ? ASK_AGAIN VARY GZIP
                                   : ASK_AGAIN VARY,
        .bufs = &text,
        .count = 1,
    };
    bc_http_respond(x, &r);
    bc_buf_unref(&text);
}

static void
answer_cues(const struct bc_replay_job *job, struct bc_http_exchange *x)
{
    struct bc_buf *text = job->text;
    struct bc_http_response r = {
        .status = 200,
        .content_type = "application/json",
        .headers = job->ended ? FOR_A_MINUTE : ASK_AGAIN,
        .bufs = &text,
        .count = 1,
    };
    bc_http_respond(x, &r);
}

static void
answer_card(const struct bc_replay_job *job, struct bc_http_exchange *x)
{
    struct bc_buf *text = job->text;
    struct bc_http_response r = {
        .status = 200,
        .content_type = "image/svg+xml",
        .headers = FOR_A_MINUTE
            "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
            "img-src data:\r\nX-Content-Type-Options: nosniff\r\n",
        .bufs = &text,
        .count = 1,
    };
    bc_http_respond(x, &r);
}

// What a title may be in a header: percent-encoded UTF-8 (RFC 8187).
static void
encode_title(const char *title, char out[TITLE_TEXT])
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-._~";
    for (; *title; title++) {
        unsigned char c = (unsigned char)*title;
        if (strchr(PLAIN, c)) {
            *out++ = (char)c;
        } else {
            out += sprintf(out, "%%%02X", c);
        }
    }
    *out = '\0';
}

static void
write_disposition(const struct bc_replay_job *job, struct bc_writer *w)
{
    struct bc_recording_info info;
    char title[TITLE_TEXT];
    bc_recording_info(job->recording, &info);
    encode_title(info.title, title);
    bc_write_fmt(w, "Content-Disposition: attachment; filename=\"%s.mp4\"", info.id);
    if (title[0]) {
        bc_write_fmt(w, "; filename*=UTF-8''%s.mp4", title);
    }
    bc_write_str(w, "\r\n");
}

static const char *
type_of(const struct bc_replay_job *job)
{
    const char *dot = strrchr(job->file, '.');
    return job->what != BC_REPLAY_PICTURE                     ? "video/mp4"
        : dot && strcmp(dot, ".vtt") == 0                     ? "text/vtt; charset=utf-8"
                                                              : "image/jpeg";
}

static const char *
caching_of(const struct bc_replay_job *job)
{
    // A sheet is never made again (docs/recording.md), a segment is what it is.
    bool fixed = job->what == BC_REPLAY_MEDIA || strncmp(job->file, "sheet-", 6) == 0;
    return fixed ? FOR_EVER : job->ended ? FOR_A_MINUTE : ASK_AGAIN;
}

static void
answer_files(struct bc_replay_job *job, struct bc_http_exchange *x)
{
    struct bc_writer headers = { 0 };
    bool file = job->what == BC_REPLAY_MP4 || job->what == BC_REPLAY_CLASSIC;
    bc_write_str(&headers, caching_of(job));
    if (file && job->download) {
        write_disposition(job, &headers);
    }
    bc_write_u8(&headers, 0);
    struct bc_http_extents body = {
        .content_type = type_of(job),
        .headers = headers.failed ? NULL : (const char *)headers.data,
        .etag = job->etag[0] ? job->etag : NULL,
        .modified_s = job->ended ? job->modified_s : 0,
        .items = job->items,
        .count = job->count,
    };
    bc_http_respond_extents(x, &body); // takes the references
    bc_writer_finish(&headers);
    free(job->items);
    job->items = NULL;
    job->count = 0;
}

void
bc_replay_job_answer(struct bc_replay_job *job, struct bc_http_exchange *x)
{
    if (job->error != 0) {
        refuse(job, x);
    } else if (is_text(job)) {
        answer_text(job, x);
    } else if (job->what == BC_REPLAY_CUES) {
        answer_cues(job, x);
    } else if (job->what == BC_REPLAY_CARD) {
        answer_card(job, x);
    } else {
        answer_files(job, x);
    }
}
