// SPDX-License-Identifier: Apache-2.0
// Reading what the server's API says, with care: nothing here throws because of a field.

export type Json = Record<string, unknown>;

const TIMEOUT_MS = 8000;

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;
export const text = (value: unknown): string => (typeof value === 'string' ? value : '');
export const count = (value: unknown): number =>
    (typeof value === 'number' && Number.isFinite(value) ? value : 0);
export const objects = (value: unknown): Json[] =>
    (Array.isArray(value) ? value.filter(isObject) : []);

// An RFC 3339 instant in Unix milliseconds.
export function instant(value: unknown): number | null {
    const at_ms = Date.parse(text(value));
    return Number.isFinite(at_ms) ? at_ms : null;
}

export async function get(path: string, init: RequestInit = {}): Promise<Response> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
    try {
        return await fetch(path, { cache: 'no-store', ...init, signal: abort.signal });
    } finally {
        clearTimeout(timer);
    }
}

export async function getJson(path: string): Promise<unknown> {
    const response = await get(path);
    if (!response.ok) {
        throw new Error(`${path}: ${response.status}`);
    }
    return response.json();
}
