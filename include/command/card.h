// SPDX-License-Identifier: Apache-2.0
#ifndef COMMAND_CARD_H
#define COMMAND_CARD_H

// The command "card": a filled template as a file, for who designs one. `argv` begins with
// "card". An exit code.
int
bc_card_command(int argc, char **argv);

#endif
