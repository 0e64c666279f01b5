// SPDX-License-Identifier: Apache-2.0
#ifndef COMMAND_CLIP_H
#define COMMAND_CLIP_H

#include "config/config.h"

// The command "clip", apart from its options.

#define BC_CLIP_WORDS 4

extern const char BC_CLIP_HELP[];

// `words` are ID, FROM, TO and the file's name. An exit code.
int
bc_clip_command(char *const words[BC_CLIP_WORDS], const struct bc_config *config);

#endif
