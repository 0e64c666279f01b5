// SPDX-License-Identifier: Apache-2.0
#ifndef COMMAND_COMPOSE_H
#define COMMAND_COMPOSE_H

// The command "compose": `argv` begins with its name. An exit code.
int
bc_compose_command(int argc, char **argv);

#endif
