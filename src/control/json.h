// SPDX-License-Identifier: Apache-2.0
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bc_buf;
struct json_t;

// An object or array under construction; lives on the builder's stack. A failed
// allocation sets `failed`, which stays set, so a builder adds everything and
// bc_json_end() tells. This is the only place that knows the JSON library.
struct bc_json {
    struct json_t *value; // owned until bc_json_end()
    bool failed;
};

void
bc_json_begin(struct bc_json *j);

void
bc_json_begin_array(struct bc_json *j);

// What was built, to be given to bc_json_put(), bc_json_append() or bc_json_dump(). NULL
// when anything failed.
struct json_t *
bc_json_end(struct bc_json *j);

// Members of an object. Keys are ours; values may come from anywhere.
void
bc_json_int(struct bc_json *j, const char *key, int64_t value);

// Microseconds as milliseconds.
void
bc_json_ms(struct bc_json *j, const char *key, int64_t us);

void
bc_json_bool(struct bc_json *j, const char *key, bool value);

// The same with microseconds behind the point.
void
bc_json_ms_exact(struct bc_json *j, const char *key, int64_t us);

// Rounded to two decimals; 0 for what is not finite.
void
bc_json_real(struct bc_json *j, const char *key, double value);

// Bytes that are no UTF-8 become U+FFFD, since peers name themselves as they like. NULL
// is null.
void
bc_json_text(struct bc_json *j, const char *key, const char *text);

// RFC 3339 in UTC; 0 is null.
void
bc_json_time(struct bc_json *j, const char *key, int64_t wall_us);

void
bc_json_null(struct bc_json *j, const char *key);

// null as a value.
struct json_t *
bc_json_nothing(void);

// Takes over `value`; NULL is a failure of whoever built it.
void
bc_json_put(struct bc_json *j, const char *key, struct json_t *value);

// Adds to an array; as bc_json_put().
void
bc_json_append(struct bc_json *j, struct json_t *value);

// What a client sent, when it is an object; NULL: it is none, or there is no memory.
struct json_t *
bc_json_parse(const void *text, size_t len);

// How many members an object has.
size_t
bc_json_size(const struct json_t *object);

// A member that is a text or an object; NULL: it is not there or something else. The text
// is borrowed, the object a reference of its own.
const char *
bc_json_get_text(const struct json_t *object, const char *key);

// 1 and the value; 0: it is not there; -1: it is something else.
int
bc_json_get_bool(const struct json_t *object, const char *key, bool *out);

int
bc_json_get_int(const struct json_t *object, const char *key, int64_t *out);

enum bc_json_kind {
    BC_JSON_MISSING,
    BC_JSON_NULL,
    BC_JSON_TEXT,
    BC_JSON_NUMBER,
    BC_JSON_OTHER,
};

// What a member is; a number's value in `*number`.
enum bc_json_kind
bc_json_get_kind(const struct json_t *object, const char *key, double *number);

// Whether all members are among `keys`, which ends with NULL.
bool
bc_json_has_only(const struct json_t *object, const char *const *keys);

struct json_t *
bc_json_get_object(const struct json_t *object, const char *key);

// NULL is fine.
void
bc_json_drop(struct json_t *value);

// The text, to be freed; takes over `value`. Numbers keep 15 digits. NULL without memory
// or when `value` is NULL.
char *
bc_json_print(struct json_t *value);

// The text and a line feed; takes over `value`. NULL without memory or when `value` is
// NULL.
struct bc_buf *
bc_json_dump(struct json_t *value);

#endif
