// SPDX-License-Identifier: Apache-2.0
#include "protocol/srt/streamid.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "text.h"

#define LEVELS_MAX 5
#define LEVEL_MAX 64

// A stretch of the caller's text.
struct piece {
    const char *text;
    size_t len;
};

static bool
is(struct piece p, const char *text)
{
    return p.len == strlen(text) && memcmp(p.text, text, p.len) == 0;
}

static bool
begins_with(struct piece p, const char *prefix)
{
    return p.len >= strlen(prefix) && memcmp(p.text, prefix, strlen(prefix)) == 0;
}

static struct piece
behind(struct piece p, size_t n)
{
    return (struct piece){ p.text + n, p.len - n };
}

// Takes what stands before the first `separator`; `*rest` is what stands behind it. False
// when nothing is left; a piece at the end needs no separator.
static bool
next_piece(struct piece *rest, char separator, struct piece *out)
{
    if (!rest->text) {
        return false;
    }
    const char *at = rest->len > 0 ? memchr(rest->text, separator, rest->len) : NULL;
    *out = *rest;
    if (at) {
        out->len = (size_t)(at - rest->text);
        *rest = behind(*rest, out->len + 1);
    } else {
        rest->text = NULL;
    }
    return true;
}

// --- values ---

// "app/stream": two to five levels of 1 to 64 letters, digits, '_', '-', '.', the first
// of them no dot.
static bool
is_channel(const char *s)
{
    unsigned levels = 1;
    size_t n = 0;
    for (; *s; s++) {
        bool letter = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z')
            || (*s >= '0' && *s <= '9') || *s == '_' || *s == '-';
        if (*s == '/') {
            if (n == 0) {
                return false;
            }
            levels++;
            n = 0;
        } else if ((!letter && !(*s == '.' && n > 0)) || ++n > LEVEL_MAX) {
            return false;
        }
    }
    return n > 0 && levels >= 2 && levels <= LEVELS_MAX;
}

static int
set_channel(struct bc_srt_streamid *out, struct piece value)
{
    char name[BC_SRT_STREAMID_MAX + 1];
    srt_text_unescape(value.text, value.len, name);
    const char *s = name;
    while (*s == '/') {
        s++;
    }
    if (strlen(s) >= sizeof(out->channel) || !is_channel(s)) {
        return -ENOENT;
    }
    strcpy(out->channel, s);
    return 0;
}

static int
set_key(struct bc_srt_streamid *out, struct piece value, bool escaped)
{
    char key[BC_SRT_STREAMID_MAX + 1];
    if (escaped) {
        srt_text_unescape(value.text, value.len, key);
    } else {
        memcpy(key, value.text, value.len);
        key[value.len] = '\0';
    }
    if (strlen(key) >= sizeof(out->key)) {
        return -EINVAL;
    }
    strcpy(out->key, key);
    return 0;
}

// Only for logs, so a long one is cut.
static void
set_user(struct bc_srt_streamid *out, struct piece value)
{
    size_t n = value.len < sizeof(out->user) - 1 ? value.len : sizeof(out->user) - 1;
    while (n > 0 && n < value.len && ((uint8_t)value.text[n] & 0xc0) == 0x80) {
        n--; // in the middle of a character
    }
    memcpy(out->user, value.text, n);
    out->user[n] = '\0';
}

static int
set_mode(struct bc_srt_streamid *out, struct piece value)
{
    if (is(value, "publish")) {
        out->mode = BC_SRT_PUBLISH;
    } else if (is(value, "request") || is(value, "read") || is(value, "play")) {
        out->mode = BC_SRT_REQUEST;
    } else {
        return -ENOTSUP;
    }
    return 0;
}

// --- the forms ---

// "key=K&mode=publish" of the short forms.
static int
parse_query(struct piece query, struct bc_srt_streamid *out)
{
    struct piece item;
    int ret = 0;
    while (ret == 0 && next_piece(&query, '&', &item)) {
        struct piece name;
        if (!next_piece(&item, '=', &name) || !item.text) {
            continue;
        }
        if (is(name, "mode") || is(name, "m")) {
            ret = set_mode(out, item);
        } else if (is(name, "key")) {
            ret = set_key(out, item, true);
        } else if (is(name, "user") || is(name, "u")) {
            set_user(out, item);
        } else if (is(name, "role")) {
            out->backup = is(item, "backup");
        }
    }
    return ret;
}

// "r=live/hq,m=publish,key=K" (SRT Access Control). Unknown keys are left alone.
static int
parse_standard(struct piece text, struct bc_srt_streamid *out)
{
    struct piece item;
    struct piece channel = { NULL, 0 };
    int ret = 0;
    while (ret == 0 && next_piece(&text, ',', &item)) {
        struct piece name;
        if (item.len == 0) {
            continue;
        }
        if (!next_piece(&item, '=', &name) || !item.text) {
            return -EINVAL;
        }
        if (is(name, "r")) {
            channel = item;
        } else if (is(name, "m")) {
            ret = set_mode(out, item);
        } else if (is(name, "t")) {
            ret = is(item, "stream") ? 0 : -ENOTSUP;
        } else if (is(name, "key")) {
            ret = set_key(out, item, false);
        } else if (is(name, "u")) {
            set_user(out, item);
        } else if (is(name, "role")) {
            out->backup = is(item, "backup");
        }
    }
    if (ret != 0) {
        return ret;
    }
    return channel.text ? set_channel(out, channel) : -ENOENT;
}

// What follows "publish:" and "read:": NAME, NAME:KEY, NAME:USER:KEY, with a query behind
// the last of them or as one field more.
static int
parse_fields(struct piece text, struct bc_srt_streamid *out)
{
    struct piece query = text;
    struct piece fields;
    struct piece name;
    struct piece first = { NULL, 0 };
    struct piece second = { NULL, 0 };
    struct piece last = { NULL, 0 };
    next_piece(&query, '?', &fields);
    next_piece(&fields, ':', &name);
    next_piece(&fields, ':', &first);
    next_piece(&fields, ':', &second);
    next_piece(&fields, ':', &last);
    if (fields.text) {
        return -EINVAL;
    }
    enum bc_srt_mode mode = out->mode;
    int ret = 0;
    if (second.text) {
        set_user(out, first);
        ret = set_key(out, second, false);
    } else if (first.text) {
        ret = set_key(out, first, false);
    }
    if (ret == 0 && last.text) {
        ret = parse_query(last, out);
    }
    if (ret == 0 && query.text) {
        ret = parse_query(query, out);
    }
    out->mode = mode; // the word before the name counts
    return ret != 0 ? ret : set_channel(out, name);
}

// "live/hq?mode=publish&key=K"
static int
parse_path(struct piece text, struct bc_srt_streamid *out)
{
    struct piece name;
    next_piece(&text, '?', &name);
    int ret = text.text ? parse_query(text, out) : 0;
    return ret != 0 ? ret : set_channel(out, name);
}

static int
parse(struct piece text, struct bc_srt_streamid *out)
{
    out->mode = BC_SRT_REQUEST;
    if (begins_with(text, "#!::")) {
        return parse_standard(behind(text, 4), out);
    }
    if (begins_with(text, "%23!::")) {
        return parse_standard(behind(text, 6), out); // FFmpeg passes on what a URL escapes
    }
    if (begins_with(text, "#!")) {
        return -EINVAL; // nested, or a syntax of somebody else's
    }
    if (begins_with(text, "publish:")) {
        out->mode = BC_SRT_PUBLISH;
        return parse_fields(behind(text, 8), out);
    }
    if (begins_with(text, "read:") || begins_with(text, "play:")) {
        return parse_fields(behind(text, 5), out);
    }
    if (begins_with(text, "request:")) {
        return parse_fields(behind(text, 8), out);
    }
    return parse_path(text, out);
}

int
bc_srt_streamid_parse(const char *text, size_t len, struct bc_srt_streamid *out)
{
    memset(out, 0, sizeof(*out));
    int ret = len > 0 && len <= BC_SRT_STREAMID_MAX && srt_text_is_clean(text, len)
        ? parse((struct piece){ text, len }, out)
        : -EINVAL;
    if (ret != 0) {
        memset(out, 0, sizeof(*out));
    }
    return ret;
}
