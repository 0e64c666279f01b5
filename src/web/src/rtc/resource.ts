// SPDX-License-Identifier: Apache-2.0
// The HTTP side of WHEP and WHIP (RFC 9725): an offer is posted, the answer comes back, and
// the session it made has an address, by which it is ended.

import { learnServers } from './servers';

const MAX_MESSAGE = 300;

// The server said no. Status 0: it said nothing.
export class Refusal extends Error {
    constructor(
        readonly status: number,
        readonly code: string,
        message: string,
        readonly retry_after_s: number | null = null,
    ) {
        super(message);
    }
}

export interface Resource {
    answer: string;
    url: string | null;
}

async function refusalOf(response: Response): Promise<Refusal> {
    let code = '';
    let message = '';
    try {
        const body = await response.json() as { error?: { code?: unknown; message?: unknown } };
        code = typeof body.error?.code === 'string' ? body.error.code : '';
        message = typeof body.error?.message === 'string' ? body.error.message : '';
    } catch {
        // A proxy's answer; the status says enough.
    }
    const wait_s = Number(response.headers.get('Retry-After') ?? NaN);
    return new Refusal(response.status, code, message.slice(0, MAX_MESSAGE) || `HTTP ${response.status}`,
        Number.isFinite(wait_s) && wait_s >= 0 ? wait_s : null);
}

function headersOf(key: string): Record<string, string> {
    return key === '' ? {} : { Authorization: `Bearer ${key}` };
}

// The address is resolved by hand: a redirect may have moved the post elsewhere.
function resourceUrl(response: Response, asked: string): string | null {
    const location = response.headers.get('Location');
    try {
        return location === null ? null : new URL(location, response.url || asked).href;
    } catch {
        return null;
    }
}

export async function postOffer(url: string, offer: string, key: string, timeout_ms: number):
    Promise<Resource> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), timeout_ms);
    try {
        const response = await fetch(url, {
            method: 'POST',
            headers: { 'Content-Type': 'application/sdp', ...headersOf(key) },
            body: offer,
            cache: 'no-store',
            signal: abort.signal,
        });
        if (response.status !== 201) {
            throw await refusalOf(response);
        }
        learnServers(response.headers.get('Link'));
        return { answer: await response.text(), url: resourceUrl(response, url) };
    } catch (error) {
        throw error instanceof Refusal ? error : new Refusal(0, 'unreachable', String(error));
    } finally {
        clearTimeout(timer);
    }
}

// Also while the page is being left. The connection must stand until the answer is there, or for
// the server it broke before the goodbye.
export async function endResource(resource: Resource | null, key: string): Promise<void> {
    if (resource?.url) {
        await fetch(resource.url, { method: 'DELETE', headers: headersOf(key), keepalive: true })
            .catch(() => undefined);
    }
}
