// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_RTMP_AMF_H
#define PROTOCOL_RTMP_AMF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bc_writer;

// What wire bytes may make us keep. Deeper or more is an error, never a crash.
#define BC_AMF_MAX_DEPTH 16
#define BC_AMF_MAX_VALUES 2048

enum bc_amf_type {
    BC_AMF_NONE,
    BC_AMF_NUMBER, // also AMF3 integers
    BC_AMF_BOOLEAN,
    BC_AMF_STRING, // also long strings, XML and byte arrays
    BC_AMF_NULL,
    BC_AMF_UNDEFINED, // also references, which are not followed
    BC_AMF_DATE,
    BC_AMF_OBJECT, // also typed objects and ECMA arrays
    BC_AMF_ARRAY,  // strict arrays
};

// One value of a parsed message. Texts point into the parsed bytes and are not
// terminated.
struct bc_amf_value {
    enum bc_amf_type type;
    double number; // number; boolean as 0 or 1; date in ms since 1970
    const char *text;
    size_t text_len;
    const char *key; // its name inside an object
    size_t key_len;
    uint32_t child; // index of its first member, 0 when there is none
    uint32_t next;  // index of its next sibling, 0 when it is the last
};

// The values of one message as a flat tree. Zero-initialised is empty; may be parsed into
// again. Lives no longer than the bytes it was parsed from; its holder calls
// bc_amf_finish().
struct bc_amf {
    struct bc_amf_value *values; // owned; index 0 is the unnamed parent of all
    uint32_t count;
    uint32_t cap;
};

// Parses a sequence of AMF0 values with AMF3 values behind 0x11 (RTMP 7.1.1, AMF0 and
// AMF3 specifications). Returns 0, or -EINVAL / -ENOMEM with the top-level values that
// were complete before the trouble still in `amf`.
int
bc_amf_parse(struct bc_amf *amf, const uint8_t *data, size_t len);

void
bc_amf_finish(struct bc_amf *amf);

// The n-th top-level value (of a command: 0 name, 1 transaction, 2 object ...), or NULL.
const struct bc_amf_value *
bc_amf_at(const struct bc_amf *amf, size_t n);

// The member of an object with that name in any case of letters ("tcUrl", "tcurl"), or
// NULL, also when `object` is NULL or no object.
const struct bc_amf_value *
bc_amf_get(const struct bc_amf *amf, const struct bc_amf_value *object, const char *key);

// First member and next sibling, or NULL.
const struct bc_amf_value *
bc_amf_child(const struct bc_amf *amf, const struct bc_amf_value *v);

const struct bc_amf_value *
bc_amf_next(const struct bc_amf *amf, const struct bc_amf_value *v);

// True for a string with exactly this text.
bool
bc_amf_is(const struct bc_amf_value *v, const char *text);

// The number of a number, a boolean or a numeric string; `otherwise` for all else, also
// for NULL, infinities and NaN.
double
bc_amf_number(const struct bc_amf_value *v, double otherwise);

// Copies a string, terminated. False, and "" in `out`, when it is no string, does not fit
// or holds control characters.
bool
bc_amf_copy_text(const struct bc_amf_value *v, char *out, size_t size);

// Writing, always AMF0. Texts over 65535 bytes make the writer fail.
void
bc_amf_write_number(struct bc_writer *w, double v);

void
bc_amf_write_boolean(struct bc_writer *w, bool v);

void
bc_amf_write_string(struct bc_writer *w, const char *v);

void
bc_amf_write_null(struct bc_writer *w);

void
bc_amf_write_undefined(struct bc_writer *w);

// An object: begin, members as a key and a value each, end. An ECMA array also tells a
// count.
void
bc_amf_write_object_begin(struct bc_writer *w);

void
bc_amf_write_ecma_begin(struct bc_writer *w, uint32_t count);

void
bc_amf_write_strict_begin(struct bc_writer *w, uint32_t count);

void
bc_amf_write_key(struct bc_writer *w, const char *key);

void
bc_amf_write_object_end(struct bc_writer *w);

// A parsed value and all its members again, in AMF0.
void
bc_amf_write_value(
    struct bc_writer *w, const struct bc_amf *amf, const struct bc_amf_value *v);

#endif
