// SPDX-License-Identifier: Apache-2.0
#include "rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base64.h"
#include "card/card.h"

#define NUMBER_MAX 8192.0
#define BLUR_MAX 64.0
#define DATA_MAX 200

// --- elements ---

static const char *const ELEMENTS[] = { "svg", "g", "defs", "symbol", "use", "style",
    "rect", "circle", "ellipse", "line", "polyline", "polygon", "path", "text", "tspan",
    "image", "linearGradient", "radialGradient", "stop", "clipPath", "mask", "filter",
    "feBlend", "feColorMatrix", "feComposite", "feDropShadow", "feFlood",
    "feGaussianBlur", "feMerge", "feMergeNode", "feOffset", NULL };

static const struct {
    const char *name;
    const char *problem;
} REFUSED[] = {
    { "script", "is not allowed: cards hold no scripts" },
    { "foreignObject", "is not allowed: cards hold no HTML" },
    { "animate", "is not allowed: cards do not move by themselves" },
    { "animateColor", "is not allowed: cards do not move by themselves" },
    { "animateMotion", "is not allowed: cards do not move by themselves" },
    { "animateTransform", "is not allowed: cards do not move by themselves" },
    { "set", "is not allowed: cards do not move by themselves" },
    { "a", "is not allowed: the page makes the card a link, by the cue's url" },
    { "textPath", "is not allowed: text goes in straight lines" },
    { "pattern", "is not allowed: use a gradient or a picture" },
};

static bool
is_among(const char *const *list, const char *name)
{
    while (*list && strcmp(*list, name) != 0) {
        list++;
    }
    return *list;
}

const char *
card_rule_element(const char *name)
{
    for (size_t i = 0; i < sizeof(REFUSED) / sizeof(REFUSED[0]); i++) {
        if (strcasecmp(REFUSED[i].name, name) == 0) {
            return REFUSED[i].problem;
        }
    }
    return is_among(ELEMENTS, name) ? NULL : "is not allowed in a card";
}

// --- CSS, in attributes and in <style> ---

static const char *
skip_space(const char *p)
{
    return p + strspn(p, " \t\r\n\f");
}

const char *
card_rule_css(const char *text)
{
    // An escape could spell any of the words below, a comment could part them.
    static const char *const WORDS[] = { "expression", "javascript:", "-moz-binding",
        "image-set", "image(", "src(", "behavior", "attr(", "var(" };
    if (strchr(text, '\\') || strstr(text, "/*")) {
        return "holds \\ or a comment, which is not allowed in style";
    }
    if (strchr(text, '@')) {
        return "holds an @ rule: nothing is loaded from elsewhere, and nothing moves";
    }
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (strcasestr(text, WORDS[i])) {
            return "holds a word that is not allowed in style";
        }
    }
    for (const char *p = strcasestr(text, "url("); p; p = strcasestr(p, "url(")) {
        p = skip_space(p + strlen("url("));
        p += *p == '"' || *p == '\'';
        if (*p != '#') {
            return "holds url(): only url(#…), something in this file, is allowed";
        }
    }
    return NULL;
}

// --- numbers ---

static bool
is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '#' || c == '_';
}

// Numbers that are part of a name or colour do not count; in a path they stand right behind
// the command's letter.
static bool
numbers_are_small(const char *text, bool path)
{
    while (*text) {
        if (!path && is_word_byte(*text)) {
            while (
                is_word_byte(*text) || (*text >= '0' && *text <= '9') || *text == '-') {
                text++;
            }
        } else if (strchr("0123456789.+-", *text)) {
            char *end;
            double value = strtod(text, &end);
            if (end != text && !(value >= -NUMBER_MAX && value <= NUMBER_MAX)) {
                return false;
            }
            text = end == text ? text + 1 : end;
        } else {
            text++;
        }
    }
    return true;
}

static bool
has_numbers(const char *name)
{
    static const char *const OTHER[] = { "id", "class", "href", "xlink:href",
        "font-family", "type", "xmlns", "version", "xml:lang", "lang", "xmlns:xlink",
        "xmlns:svg", "aria-label", NULL };
    return strncmp(name, "data-", 5) != 0 && !is_among(OTHER, name);
}

// A dash a thousandth long along a long line would be millions of them.
static bool
dashes_are_long(const char *value)
{
    while (*value) {
        char *end;
        double dash = strtod(value, &end);
        if (end == value) {
            return strcmp(value, "none") == 0;
        }
        if (dash < 1 || dash > NUMBER_MAX) {
            return false;
        }
        value = end + strspn(end, " ,px");
    }
    return true;
}

// --- data: URLs ---

const char *
card_rule_data_url(const char *url)
{
    static const char *const KINDS[] = { "data:image/png;base64,",
        "data:image/jpeg;base64," };
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        if (strncmp(url, KINDS[i], strlen(KINDS[i])) != 0) {
            continue;
        }
        size_t len;
        uint8_t *bytes = card_base64_decode(url + strlen(KINDS[i]), &len);
        struct bc_picture_head head;
        char why[BC_CARD_WHY];
        bool ok = bytes && bc_picture_head_read(bytes, len, &head, why);
        ok = ok && strstr(KINDS[i], head.type);
        free(bytes);
        return ok ? NULL
                  : "holds a data: URL that is no such picture of at most 4096 x 4096";
    }
    return "points outside: only #… and data:image/png;base64,… or jpeg are allowed";
}

// --- attributes ---

bool
card_rule_is_kept(const char *name)
{
    return (!strchr(name, ':') && strncmp(name, "xmlns", 5) != 0)
        || strcmp(name, "xlink:href") == 0 || strcmp(name, "xml:lang") == 0
        || strcmp(name, "xml:space") == 0;
}

static const char *
check_href(const char *element, const char *value)
{
    if (strcmp(element, "image") == 0) {
        // An empty one is filled later.
        return *value == '\0' ? NULL : card_rule_data_url(value);
    }
    return *value == '#' ? NULL : "points outside: only #… is allowed here";
}

static const char *
check_field(const char *element, const char *value)
{
    static const char *const WITH_FIELD[] = { "text", "tspan", "image", "rect", NULL };
    if (!is_among(WITH_FIELD, element)) {
        return "belongs to <text>, <tspan>, <image> or <rect>";
    }
    size_t len =
        strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return len > 0 && len <= BC_CARD_NAME_MAX && value[len] == '\0'
        ? NULL
        : "is no field's name: letters, digits, _ and -, at most 40";
}

const char *
card_rule_attribute(const char *element, const char *name, const char *value)
{
    if (strncasecmp(name, "on", 2) == 0) {
        return "is not allowed: cards hold no scripts";
    }
    if (strcmp(name, "xml:base") == 0 || strcmp(name, "src") == 0) {
        return "is not allowed: nothing is loaded from elsewhere";
    }
    if (strcmp(name, "href") == 0 || strcmp(name, "xlink:href") == 0) {
        return check_href(element, value);
    }
    if (!card_rule_is_kept(name)) {
        return NULL;
    }
    if (strncmp(name, "data-", 5) == 0 && strlen(value) > DATA_MAX) {
        return "is longer than 200 bytes";
    }
    if (strcmp(name, "data-field") == 0) {
        return check_field(element, value);
    }
    if (strcmp(name, "stroke-dasharray") == 0 && !dashes_are_long(value)) {
        return "must be numbers from 1 to 8192";
    }
    if (strcmp(name, "stdDeviation") == 0 && !(strtod(value, NULL) <= BLUR_MAX)) {
        return "is larger than 64";
    }
    bool path = strcmp(name, "d") == 0;
    if (has_numbers(name) && !numbers_are_small(value, path)) {
        return "holds a number beyond 8192";
    }
    return has_numbers(name) && !path ? card_rule_css(value) : NULL;
}
