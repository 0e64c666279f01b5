// SPDX-License-Identifier: Apache-2.0
// What parses is written as AMF0, which must parse again to as many values.
#include <stdlib.h>

#include "base/writer.h"
#include "protocol/rtmp/amf.h"
#include "protocol/rtmp/metadata.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_amf amf = { 0 };
    struct bc_amf again = { 0 };
    struct bc_writer w = { 0 };
    char text[16];
    int ret = bc_amf_parse(&amf, data, len);
    for (const struct bc_amf_value *v = bc_amf_at(&amf, 0); v; v = bc_amf_next(&amf, v)) {
        (void)bc_amf_number(v, 0);
        (void)bc_amf_copy_text(v, text, sizeof(text));
        (void)bc_amf_get(&amf, v, "tcUrl");
        bc_amf_write_value(&w, &amf, v);
    }
    if (!w.failed && (bc_amf_parse(&again, w.data, w.len) != 0
            || (ret == 0 && again.count != amf.count))) {
        abort();
    }
    struct bc_rtmp_metadata md;
    if (bc_rtmp_metadata_parse(&md, data, len) == 0) {
        bc_rtmp_metadata_write(&w, &md);
    }
    bc_writer_finish(&w);
    bc_amf_finish(&again);
    bc_amf_finish(&amf);
    return 0;
}
