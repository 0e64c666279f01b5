// SPDX-License-Identifier: Apache-2.0
// channels.*.schedule
#include <string.h>

#include "base/clock.h"
#include "config/config.h"
#include "report.h"
#include "text.h"
#include "tree.h"
#include "value.h"
#include "value_list.h"

#define MS_US 1000

bool
bc_config_schedule_is_set(const struct bc_config_schedule *s)
{
    return s->starts_at_wall_us != 0 || s->ends_at_wall_us != 0
        || s->keys_from_wall_us != 0;
}

const char *
bc_config_schedule_problem(const struct bc_config_schedule *s)
{
    if (!bc_config_schedule_is_set(s)) {
        return s->title[0] || s->record != BC_RECORD_INVALID
            ? "needs starts_at, ends_at or keys_from"
            : NULL;
    }
    if (s->ends_at_wall_us != 0 && s->ends_at_wall_us <= s->starts_at_wall_us) {
        return "ends_at must be after starts_at";
    }
    if (s->ends_at_wall_us != 0 && s->ends_at_wall_us <= s->keys_from_wall_us) {
        return "ends_at must be after keys_from";
    }
    if (s->starts_at_wall_us != 0 && s->keys_from_wall_us > s->starts_at_wall_us) {
        return "keys_from must not be after starts_at";
    }
    return NULL;
}

// Why the member cannot be taken; NULL: it was.
static const char *
read_member(const struct bc_node *node, struct bc_config_schedule *out)
{
    const struct {
        const char *key;
        int64_t *field;
    } times[] = {
        { "starts_at", &out->starts_at_wall_us },
        { "ends_at", &out->ends_at_wall_us },
        { "keys_from", &out->keys_from_wall_us },
    };
    if (node->kind != BC_NODE_SCALAR || bc_node_is_null(node)) {
        return "expected a single value";
    }
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        if (strcmp(node->key, times[i].key) == 0) {
            if (!bc_clock_parse(node->text, times[i].field) || *times[i].field == 0) {
                return "is not a time such as 2026-03-01T20:00:00+08:00";
            }
            *times[i].field -= *times[i].field % MS_US;
            return NULL;
        }
    }
    if (strcmp(node->key, "record") == 0) {
        bool yes = strcmp(node->text, "true") == 0;
        out->record = yes ? BC_RECORD_ALWAYS : BC_RECORD_NEVER;
        return yes || strcmp(node->text, "false") == 0 ? NULL
                                                       : "is neither true nor false";
    }
    if (strcmp(node->key, "title") == 0) {
        if (strlen(node->text) > BC_SCHEDULE_TITLE_MAX) {
            return "is too long";
        }
        strcpy(out->title, node->text);
        return bc_text_problem(node->text);
    }
    return "unknown; a schedule has starts_at, ends_at, keys_from, record and title";
}

bool
bc_schedule_set(const struct bc_key *key, void *field, const struct bc_node *node,
    const char *path, struct bc_report *r)
{
    (void)key;
    struct bc_config_schedule s = { 0 };
    if (node->kind != BC_NODE_MAP) {
        bc_report_error(r, node->line, "%s: expected { starts_at: TIME, ends_at: TIME }",
            path);
        return false;
    }
    bool ok = true;
    for (const struct bc_node *c = node->first; c; c = c->next) {
        const char *wrong = read_member(c, &s);
        if (wrong) {
            char shown[BC_SHOWN_BYTES];
            bc_report_error(
                r, c->line, "%s.%s: %s", path, bc_report_shown(c->key, shown), wrong);
            ok = false;
        }
    }
    const char *wrong = ok ? bc_config_schedule_problem(&s) : NULL;
    if (wrong) {
        bc_report_error(r, node->line, "%s: %s", path, wrong);
    }
    if (!ok || wrong) {
        return false;
    }
    *(struct bc_config_schedule *)field = s;
    return true;
}

bool
bc_schedule_equal(const void *a, const void *b)
{
    const struct bc_config_schedule *x = a;
    const struct bc_config_schedule *y = b;
    return x->starts_at_wall_us == y->starts_at_wall_us
        && x->ends_at_wall_us == y->ends_at_wall_us
        && x->keys_from_wall_us == y->keys_from_wall_us && x->record == y->record
        && strcmp(x->title, y->title) == 0;
}

bool
bc_schedule_copy(void *to, const void *from)
{
    *(struct bc_config_schedule *)to = *(const struct bc_config_schedule *)from;
    return true;
}

static void
print_time(const char *name, int64_t wall_us, const char **comma, FILE *out)
{
    char text[BC_TIME_TEXT];
    if (wall_us != 0) {
        bc_clock_format(wall_us, text);
        fprintf(out, "%s%s: \"%s\"", *comma, name, text);
        *comma = ", ";
    }
}

void
bc_schedule_print(const struct bc_key *key, const void *field, FILE *out)
{
    (void)key;
    const struct bc_config_schedule *s = field;
    const char *comma = "";
    fputc('{', out);
    print_time("starts_at", s->starts_at_wall_us, &comma, out);
    print_time("ends_at", s->ends_at_wall_us, &comma, out);
    print_time("keys_from", s->keys_from_wall_us, &comma, out);
    if (s->record != BC_RECORD_INVALID) {
        fprintf(out, "%srecord: %s", comma, s->record == BC_RECORD_ALWAYS ? "true" : "false");
        comma = ", ";
    }
    if (s->title[0]) {
        fprintf(out, "%stitle: ", comma);
        bc_value_print_quoted(s->title, out);
    }
    fputc('}', out);
}
