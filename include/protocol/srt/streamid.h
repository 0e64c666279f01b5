// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_SRT_STREAMID_H
#define PROTOCOL_SRT_STREAMID_H

#include <stdbool.h>
#include <stddef.h>

// What a caller wants, as its stream id tells: SRT's access-control syntax
// ("#!::r=live/hq,m=publish,key=K", nested "#!:{...}" is refused), and the short forms
// "publish:live/hq:K", "read:live/hq", "live/hq?mode=publish&key=K".

#define BC_SRT_STREAMID_MAX 512
#define BC_SRT_KEY_MAX 256
#define BC_SRT_CHANNEL_MAX (5 * 64 + 4)

enum bc_srt_mode {
    BC_SRT_MODE_NONE,
    BC_SRT_REQUEST, // wants to receive; what m= means when it is left out
    BC_SRT_PUBLISH,
};

// Lives on the parser's stack.
struct bc_srt_streamid {
    enum bc_srt_mode mode;
    // Valid by form ("app/stream"), whether it exists is another matter.
    char channel[BC_SRT_CHANNEL_MAX + 1];
    char key[BC_SRT_KEY_MAX + 1]; // key=, or the part behind the name; "" without
    char user[64];                // u=; for logs
    bool backup;                  // role=backup
};

// 0; -EINVAL bytes that are no stream id (answer 400); -ENOENT it names no channel (404);
// -ENOTSUP a mode or type that we have not (405): bidirectional, file, auth. `text` needs no
// terminating zero. Leading slashes, and "%2F"-style escapes, are accepted in names.
int
bc_srt_streamid_parse(const char *text, size_t len, struct bc_srt_streamid *out);

#endif
