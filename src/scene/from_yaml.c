// SPDX-License-Identifier: Apache-2.0
#include "from_yaml.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#define MAX_DEPTH 16
#define NUMBER_MAX 32

// One reading; on the stack of scene_yaml_parse().
struct builder {
    yaml_parser_t parser;
    struct scene_reading *reading; // borrowed
    json_t *root; // owned
    json_t *stack[MAX_DEPTH]; // borrowed from the tree; open maps and lists
    size_t depth;
    char *key; // owned; of the map on top, waits for its value
    bool had_root;
};

static bool
refuse(struct builder *b, unsigned line, const char *what)
{
    scene_refuse(b->reading, "", "line %u: %s", line, what);
    return false;
}

// Takes the value, also on failure.
static bool
place(struct builder *b, json_t *value, unsigned line)
{
    if (!value) {
        return refuse(b, line, "is no text, or there is no memory");
    }
    if (b->depth == 0) {
        if (b->had_root) {
            json_decref(value);
            return refuse(b, line, "only one document is read");
        }
        b->root = value;
        b->had_root = true;
        return true;
    }
    json_t *parent = b->stack[b->depth - 1];
    if (json_is_array(parent)) {
        return json_array_append_new(parent, value) == 0
            || refuse(b, line, "there is no memory");
    }
    if (!b->key) {
        json_decref(value);
        return refuse(b, line, "a key must be a single word");
    }
    bool twice = json_object_get(parent, b->key) != NULL;
    bool ok = json_object_set_new(parent, b->key, value) == 0;
    free(b->key);
    b->key = NULL;
    if (twice || !ok) {
        return refuse(b, line, twice ? "a key is given twice" : "there is no memory");
    }
    return true;
}

// A number as JSON writes them, so that 0571 and 1:30 stay texts; NULL: it is none.
static json_t *
create_number(const char *text, size_t len)
{
    size_t sign = text[0] == '-';
    size_t digits = strspn(text + sign, "0123456789");
    if (len > NUMBER_MAX || digits == 0 || (digits > 1 && text[sign] == '0')
        || strspn(text, "0123456789+-.eE") != len) {
        return NULL;
    }
    char *end;
    errno = 0;
    if (sign + digits == len) {
        long long number = strtoll(text, &end, 10);
        return errno == 0 ? json_integer(number) : NULL;
    }
    double number = strtod(text, &end);
    return *end == '\0' && isfinite(number) ? json_real(number) : NULL;
}

static json_t *
create_scalar(const yaml_event_t *ev)
{
    const char *text = (const char *)ev->data.scalar.value;
    size_t len = ev->data.scalar.length;
    if (ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) {
        return json_stringn(text, len);
    }
    if (len == 0 || strcmp(text, "~") == 0 || strcmp(text, "null") == 0) {
        return json_null();
    }
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
        return json_boolean(text[0] == 't');
    }
    json_t *number = create_number(text, len);
    return number ? number : json_stringn(text, len);
}

static bool
on_scalar(struct builder *b, const yaml_event_t *ev, unsigned line)
{
    const char *text = (const char *)ev->data.scalar.value;
    if (ev->data.scalar.anchor || ev->data.scalar.tag) {
        return refuse(b, line, "anchors (&) and tags (!) are not supported");
    }
    if (memchr(text, '\0', ev->data.scalar.length)) {
        return refuse(b, line, "a value may not contain a zero byte");
    }
    bool is_key = b->depth > 0 && json_is_object(b->stack[b->depth - 1]) && !b->key;
    if (!is_key) {
        return place(b, create_scalar(ev), line);
    }
    b->key = strdup(text);
    return b->key || refuse(b, line, "there is no memory");
}

static bool
on_start(struct builder *b, json_t *value, unsigned line)
{
    if (b->depth == MAX_DEPTH) {
        json_decref(value);
        return refuse(b, line, "nested too deep");
    }
    if (!place(b, value, line)) {
        return false;
    }
    b->stack[b->depth++] = value;
    return true;
}

static bool
on_event(struct builder *b, const yaml_event_t *ev)
{
    unsigned line = (unsigned)ev->start_mark.line + 1;
    switch (ev->type) {
    case YAML_ALIAS_EVENT:
        return refuse(b, line, "aliases (*) are not supported");
    case YAML_SCALAR_EVENT:
        return on_scalar(b, ev, line);
    case YAML_MAPPING_START_EVENT:
        if (ev->data.mapping_start.anchor || ev->data.mapping_start.tag) {
            return refuse(b, line, "anchors (&) and tags (!) are not supported");
        }
        return on_start(b, json_object(), line);
    case YAML_SEQUENCE_START_EVENT:
        if (ev->data.sequence_start.anchor || ev->data.sequence_start.tag) {
            return refuse(b, line, "anchors (&) and tags (!) are not supported");
        }
        return on_start(b, json_array(), line);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        b->depth--;
        return true;
    default:
        return true;
    }
}

static bool
build(struct builder *b)
{
    for (;;) {
        yaml_event_t ev;
        if (!yaml_parser_parse(&b->parser, &ev)) {
            scene_refuse(b->reading, "", "line %zu: not valid YAML: %s",
                b->parser.problem_mark.line + 1,
                b->parser.problem ? b->parser.problem : "cannot be read");
            return false;
        }
        bool end = ev.type == YAML_STREAM_END_EVENT;
        bool ok = on_event(b, &ev);
        yaml_event_delete(&ev);
        if (end || !ok) {
            return ok;
        }
    }
}

json_t *
scene_yaml_parse(struct scene_reading *r, const void *text, size_t len)
{
    struct builder b = { .reading = r };
    if (!yaml_parser_initialize(&b.parser)) {
        scene_refuse_memory(r);
        return NULL;
    }
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, text, len);
    bool ok = build(&b);
    yaml_parser_delete(&b.parser);
    free(b.key);
    if (!ok || !b.root) {
        scene_refuse(r, "", "must not be empty");
        json_decref(b.root);
        return NULL;
    }
    return b.root;
}
