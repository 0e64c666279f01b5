// SPDX-License-Identifier: Apache-2.0
#include "control_internal.h"
#include "json.h"

// The numbers of the sentence, for pages that say it in their own language.
static struct json_t *
make_params(const struct bc_channel_info *info, enum bc_advice advice)
{
    struct bc_json j;
    bc_json_begin(&j);
    switch (advice) {
    case BC_ADVICE_GOP_LONG:
        bc_json_real(&j, "gop_s", (double)(info->gop_max_us / 100000) / 10);
        break;
    case BC_ADVICE_BITRATE_LOW:
        bc_json_int(&j, "kbps", info->video.kbps + info->audio.kbps);
        bc_json_int(&j, "usual_kbps", info->usual_kbps);
        break;
    case BC_ADVICE_TIMESTAMPS_REPAIRED:
        bc_json_int(&j, "count",
            (int64_t)(info->timestamp_repairs + info->timestamp_jumps));
        bc_json_int(&j, "repairs", (int64_t)info->timestamp_repairs);
        bc_json_int(&j, "jumps", (int64_t)info->timestamp_jumps);
        break;
    case BC_ADVICE_B_FRAMES:
    case BC_ADVICE_NO_AUDIO:
    case BC_ADVICE_NO_VIDEO:
    case BC_ADVICE_END:
        break;
    }
    return bc_json_end(&j);
}

struct json_t *
bc_control_advice_json(const struct bc_channel_info *info)
{
    struct bc_json list;
    bc_json_begin_array(&list);
    for (unsigned bit = 1; bit < BC_ADVICE_END; bit <<= 1) {
        if (!(info->advice & bit)) {
            continue;
        }
        char text[256];
        bc_advice_text(info, (enum bc_advice)bit, text, sizeof(text));
        struct bc_json j;
        bc_json_begin(&j);
        bc_json_text(&j, "code", bc_advice_code((enum bc_advice)bit));
        bc_json_put(&j, "params", make_params(info, (enum bc_advice)bit));
        bc_json_text(&j, "message", text);
        bc_json_append(&list, bc_json_end(&j));
    }
    return bc_json_end(&list);
}
