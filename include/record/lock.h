// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_LOCK_H
#define RECORD_LOCK_H

// Makes sure that one process works in a data directory (DATA/lock). The lock goes with the
// process, however that ends. The descriptor that holds it, to be closed; or negative errno:
// -EWOULDBLOCK, another process has it.
int
bc_record_lock(const char *data_dir);

#endif
