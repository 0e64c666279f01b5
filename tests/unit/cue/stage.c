// SPDX-License-Identifier: Apache-2.0
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

static int64_t
clock_us(void *user)
{
    const struct stage *s = user;
    return s->clock_us;
}

static bool
shown(void *user, const char *channel, int64_t *clock_out, int64_t *wall_us)
{
    const struct stage *s = user;
    (void)channel;
    *clock_out = s->shown_us;
    *wall_us = bc_clock_wall_us();
    return s->shown_us != 0;
}

static void
on_own(void *user, const char *channel, const struct bc_cue *cue)
{
    struct stage *s = user;
    s->own_told++;
    memcpy(s->own_id, cue->id, sizeof(s->own_id));
    snprintf(s->own_name, sizeof(s->own_name), "%s", channel);
}

static const struct bc_cues_ops OPS = { clock_us, shown, on_own, NULL };

int
stage_setup(void **state)
{
    struct stage *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    bc_log_set_level(BC_LOG_ERROR);
    strcpy(s->dir, "/tmp/cues-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    s->clock_us = 100 * SECOND_US;
    s->shown_us = s->clock_us;
    s->worker = bc_worker_create(0);
    assert_non_null(s->worker);
    s->cues = bc_cues_open(s->dir, &OPS, s);
    assert_non_null(s->cues);
    *state = s;
    return 0;
}

int
stage_teardown(void **state)
{
    struct stage *s = *state;
    char command[128];
    bc_cues_close(s->cues);
    bc_worker_destroy(s->worker);
    snprintf(command, sizeof(command), "rm -rf '%s'", s->dir);
    assert_int_equal(system(command), 0);
    free(s);
    return 0;
}

void
stage_restart(struct stage *s)
{
    bc_cues_save(s->cues);
    bc_cues_close(s->cues);
    s->cues = bc_cues_open(s->dir, &OPS, s);
    assert_non_null(s->cues);
}

void
stage_run(struct stage *s)
{
    while (bc_worker_run_leftovers(s->worker)) {
    }
}

int
stage_post(struct stage *s, const char *channel, const char *text)
{
    struct bc_cue_body body;
    struct bc_cue *cue = NULL;
    const char *wrong = bc_cue_body_read(s->cues, channel, text, strlen(text), &body);
    if (wrong) {
        fail_msg("%s", wrong);
    }
    int ret = bc_cues_post(s->cues, channel, &body.wish, &cue);
    bc_cue_body_finish(&body);
    bc_cue_unref(&cue);
    return ret;
}

const char *
stage_json(struct stage *s, const char *channel, const char *id)
{
    static char text[8192];
    struct bc_cue *cue = bc_cues_find(s->cues, channel, id);
    text[0] = '\0';
    if (cue) {
        const struct bc_buf *json = bc_cue_json(cue);
        snprintf(text, sizeof(text), "%.*s", (int)json->len, (const char *)json->data);
    }
    bc_cue_unref(&cue);
    return text;
}

size_t
stage_count(struct stage *s, const char *channel, enum bc_cue_which which)
{
    return bc_cues_list(s->cues, channel, which, NULL, 0);
}

int
stage_change(struct stage *s, const char *channel, const char *id, const char *text)
{
    struct bc_cue_change change;
    struct bc_cue *cue = NULL;
    char *data;
    assert_null(bc_cue_change_read(text, strlen(text), &change, &data));
    int ret = bc_cues_change(s->cues, channel, id, &change, &cue);
    bc_cue_unref(&cue);
    free(data);
    return ret;
}

static void
on_cue(struct bc_cue_watch *watch, const struct bc_cue *cue)
{
    struct ear *ear = bc_container_of(watch, struct ear, watch);
    const struct bc_buf *json = bc_cue_json(cue);
    ear->heard++;
    ear->revision = cue->revision;
    ear->ended = cue->ended;
    ear->last = cue;
    snprintf(ear->json, sizeof(ear->json), "%.*s", (int)json->len,
        (const char *)json->data);
}

void
ear_open(struct ear *ear, struct stage *s, const char *channel)
{
    *ear = (struct ear){ .lane = bc_cue_lane_open(s->cues, s->worker, channel) };
    assert_non_null(ear->lane);
    ear->watch.on_cue = on_cue;
    bc_cue_lane_watch(ear->lane, &ear->watch);
}

void
ear_close(struct ear *ear)
{
    bc_cue_lane_unwatch(&ear->watch);
    bc_cue_lane_close(&ear->lane);
}
