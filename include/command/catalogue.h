// SPDX-License-Identifier: Apache-2.0
#ifndef COMMAND_CATALOGUE_H
#define COMMAND_CATALOGUE_H

#include <stdbool.h>

struct bc_config;

extern const char BC_CATALOGUE_HELP[];

// Whether "branchcast catalogue NAME" is something; NULL is not.
bool
bc_catalogue_command_exists(const char *name);

// Runs it; returns the program's exit code.
int
bc_catalogue_command(const char *name, const struct bc_config *config);

#endif
