// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_CUES_PRIVATE_H
#define RECORD_CUES_PRIVATE_H

// What cues.jsonl may hold: bounds on what a damaged or forged one can cost.
#define RECORD_CUES_NAME "cues.jsonl"
#define RECORD_CUES_BYTES_MAX (UINT64_C(64) << 20)
#define RECORD_CUE_LINE_MAX ((size_t)32 << 10)
#define RECORD_CUE_NAME_MAX 64
#define RECORD_CUE_CHANNEL_MAX 256

#endif
