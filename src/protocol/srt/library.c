// SPDX-License-Identifier: Apache-2.0
#include "library.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "protocol/srt/srt.h"

// What one connection may have unsent or unacknowledged; the library drops by age long
// before, unless the rate is far above that of a broadcast.
#define SEND_BUFFER_BYTES (4 * 1024 * 1024)
// Packets under way. The library has lists of this length for each connection, a megabyte
// at its default; as many as its receive buffer has are enough.
#define WINDOW_PACKETS 8192
#define IDLE_WINDOW_PACKETS 128

static pthread_mutex_t g_log_lock = PTHREAD_MUTEX_INITIALIZER;
static struct bc_log_limit g_log_limit; // guarded by g_log_lock

// Any of the library's threads.
static void
on_log(void *opaque, int level, const char *file, int line, const char *area,
    const char *message)
{
    (void)opaque;
    (void)level;
    (void)file;
    (void)line;
    if (!bc_log_enabled(BC_LOG_DEBUG)) {
        return;
    }
    unsigned suppressed;
    pthread_mutex_lock(&g_log_lock);
    bool pass = bc_log_limit_pass(&g_log_limit, bc_clock_us(), &suppressed);
    pthread_mutex_unlock(&g_log_lock);
    if (pass) {
        bc_debug(NULL, "libsrt %s: %.*s (%u more)", area, (int)strcspn(message, "\n"),
            message, suppressed);
    }
}

bool
srt_library_start(void)
{
    // These may be set before the library runs, so that its first words come here too.
    srt_setloghandler(NULL, on_log);
    srt_setlogflags(SRT_LOGF_DISABLE_TIME | SRT_LOGF_DISABLE_THREADNAME
        | SRT_LOGF_DISABLE_SEVERITY | SRT_LOGF_DISABLE_EOL);
    srt_setloglevel(LOG_WARNING);
    if (srt_startup() == SRT_ERROR) {
        bc_error(NULL, "cannot start libsrt: %s", srt_getlasterror_str());
        return false;
    }
    return true;
}

void
srt_library_end(void)
{
    srt_cleanup();
}

bool
srt_library_configure(SRTSOCKET socket, int64_t latency_ms)
{
    SRT_TRANSTYPE live = SRTT_LIVE;
    return srt_setsockflag(socket, SRTO_TRANSTYPE, &live, sizeof(live)) != SRT_ERROR
        && srt_glue_set_int(socket, SRTO_RCVSYN, 0)
        && srt_glue_set_int(socket, SRTO_SNDSYN, 0)
        && srt_glue_set_int(socket, SRTO_TLPKTDROP, 1)
        && srt_glue_set_int(socket, SRTO_LATENCY, (int)latency_ms)
        && srt_glue_set_int(socket, SRTO_PAYLOADSIZE, SRT_LIVE_DEF_PLSIZE)
        && srt_glue_set_int(socket, SRTO_FC, WINDOW_PACKETS)
        && srt_glue_set_int(socket, SRTO_SNDBUF, SEND_BUFFER_BYTES)
        && srt_glue_set_int(socket, SRTO_ENFORCEDENCRYPTION, 1);
}

void
srt_library_expect_nothing(SRTSOCKET socket)
{
    // Savings only, so it does not matter should the library refuse.
    srt_glue_set_int(socket, SRTO_FC, IDLE_WINDOW_PACKETS);
    srt_glue_set_int(socket, SRTO_RCVBUF, IDLE_WINDOW_PACKETS * SRT_LIVE_MAX_PLSIZE);
}

const char *
srt_library_refusal(int reason)
{
    static const struct {
        int reason;
        const char *words;
    } REFUSALS[] = {
        { SRT_REJ_PEER, "refused by the peer" },
        { SRT_REJ_BACKLOG, "refused: too many callers" },
        { SRT_REJ_CLOSE, "refused: the peer is closing" },
        { SRT_REJ_VERSION, "refused: another version of SRT" },
        { SRT_REJ_BADSECRET, "wrong passphrase" },
        { SRT_REJ_UNSECURE, "one end has a passphrase, the other has none" },
        { SRT_REJ_MESSAGEAPI, "the peer is not in live mode" },
        { SRT_REJ_CONGESTION, "the peer is not in live mode" },
        { SRT_REJ_TIMEOUT, "no answer" },
        { BC_SRT_BAD_REQUEST, "refused: 1400 bad request" },
        { BC_SRT_UNAUTHORISED, "refused: 1401 unauthorised" },
        { BC_SRT_OVERLOAD, "refused: 1402 overloaded" },
        { BC_SRT_FORBIDDEN, "refused: 1403 forbidden" },
        { BC_SRT_NOT_FOUND, "refused: 1404 not found" },
        { BC_SRT_BAD_MODE, "refused: 1405 mode not supported" },
        { BC_SRT_UNACCEPTABLE, "refused: 1406 not acceptable" },
        { BC_SRT_CONFLICT, "refused: 1409 conflict" },
        { 1415, "refused: 1415 media type not supported" },
        { 1423, "refused: 1423 locked" },
        { 1500, "refused: 1500 internal error" },
        { BC_SRT_DOWN, "refused: 1503 down" },
    };
    for (size_t i = 0; i < sizeof(REFUSALS) / sizeof(REFUSALS[0]); i++) {
        if (REFUSALS[i].reason == reason) {
            return REFUSALS[i].words;
        }
    }
    if (reason >= SRT_REJC_USERDEFINED) {
        return "refused with a code of the peer's own";
    }
    return reason >= SRT_REJC_PREDEFINED ? "refused with a code that is not known here"
                                         : "the connection could not be made";
}
