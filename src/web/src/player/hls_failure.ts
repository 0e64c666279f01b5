// SPDX-License-Identifier: Apache-2.0

import Hls, { type ErrorData } from 'hls.js/light';
import type { FailureKind } from './player';

// What an error of hls.js means for a viewer.
export function failureOf(data: ErrorData): FailureKind {
    const status = data.response?.code ?? 0;
    if (status === 404 || status === 410) {
        return 'not_found';
    }
    if (status === 401 || status === 403) {
        return 'forbidden';
    }
    if (data.details === Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR
        || data.details === Hls.ErrorDetails.BUFFER_ADD_CODEC_ERROR) {
        return 'unsupported';
    }
    return data.type === Hls.ErrorTypes.NETWORK_ERROR ? 'network' : 'media';
}
