// SPDX-License-Identifier: Apache-2.0
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bc_key_type {
    BC_KEY_INVALID,
    BC_KEY_BOOL,
    BC_KEY_INT,     // int64_t
    BC_KEY_SIZE,    // int64_t, bytes; KiB and MiB may follow the number
    BC_KEY_STRING,  // char *
    BC_KEY_PATH,    // char *
    BC_KEY_ENUM,    // an enum, of the size of int
    BC_KEY_LISTEN,  // struct bc_config_listen_list
    BC_KEY_ADDRESSES, // the same, with a host and perhaps a port
    BC_KEY_SOURCES, // struct bc_config_source_list
    BC_KEY_URLS,    // struct bc_config_url_list
    BC_KEY_PUSHES,  // struct bc_config_push_list
    BC_KEY_SCHEDULE, // struct bc_config_schedule
};

enum bc_key_scope {
    BC_SCOPE_INVALID,
    BC_SCOPE_LIVE,    // a reload changes it, for what begins afterwards at the latest
    BC_SCOPE_RESTART, // read once, at start
};

struct bc_key_choice {
    const char *name;
    int value;
};

// One row per key. The table is all there is to know about a key: parser, overrides,
// checks, reload, sample file and reference are driven by it.
struct bc_key {
    const char *name; // dotted, "hls.part_ms"; of a channel's key the last part only
    enum bc_key_type type;
    enum bc_key_scope scope;
    size_t offset;   // into struct bc_config or struct bc_config_channel
    const char *def; // the default as one would give it to --set
    int64_t min;
    int64_t max; // of numbers; of strings the length in bytes
    const char *unit;
    const struct bc_key_choice *choices; // of an enum, ended by a NULL name
    bool secret;                         // never shown
    const char *(*check)(const char *text); // of a set string: NULL, or what is wrong
    const char *text;
};

// One row per section, "" being the keys outside any section.
struct bc_section {
    const char *name;
    const char *text;
};

extern const struct bc_key BC_CONFIG_KEYS[];
extern const size_t BC_CONFIG_N_KEYS;
extern const struct bc_key BC_CHANNEL_KEYS[];
extern const size_t BC_CHANNEL_N_KEYS;
extern const struct bc_section BC_CONFIG_SECTIONS[];
extern const size_t BC_CONFIG_N_SECTIONS;

#define BC_CONFIG_MAX_KEYS 80

// NULL when there is none.
const struct bc_key *
bc_schema_key(const char *name);

const struct bc_key *
bc_schema_channel_key(const char *name);

const struct bc_section *
bc_schema_section(const char *name);

// The part of a key's name after its section; the section is `*section_len` bytes before
// it.
const char *
bc_schema_leaf(const struct bc_key *key, size_t *section_len);

bool
bc_schema_is_in(const struct bc_key *key, const struct bc_section *section);

// The known key or section most like a mistyped one, or NULL when none is near.
const char *
bc_schema_nearest(const char *name);

const char *
bc_schema_nearest_channel_key(const char *name);

#endif
