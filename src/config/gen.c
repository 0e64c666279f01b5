// SPDX-License-Identifier: Apache-2.0
// bcconfgen: writes conf/branchcast.yaml or docs/config.md to standard output.
#include <stdio.h>
#include <string.h>

#include "config/config.h"

int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "sample") == 0) {
        bc_config_write_sample(stdout);
    } else if (argc == 2 && strcmp(argv[1], "docs") == 0) {
        bc_config_write_docs(stdout);
    } else {
        fputs("usage: bcconfgen sample|docs\n", stderr);
        return 2;
    }
    return fflush(stdout) != 0;
}
