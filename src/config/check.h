// SPDX-License-Identifier: Apache-2.0
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "schema.h"

struct bc_config;
struct bc_report;

// Where the value of each key was written, for errors that show only when all is read.
struct bc_origins {
    struct {
        const char *file; // borrowed; NULL: the default
        unsigned line;
    } at[BC_CONFIG_MAX_KEYS]; // by row of the schema
};

// Checks of single strings for the schema's rows: NULL, or what is wrong with a text.

const char *
bc_check_secret(const char *text);

const char *
bc_check_origin(const char *text);

const char *
bc_check_ice_servers(const char *text);

const char *
bc_check_passphrase(const char *text);

// What must hold between keys.
void
bc_check_config(
    const struct bc_config *cfg, const struct bc_origins *origins, struct bc_report *r);

#endif
