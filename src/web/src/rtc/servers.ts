// SPDX-License-Identifier: Apache-2.0
// STUN and TURN servers that the server recommends by Link headers (RFC 9725, 4.6). They come with
// its answer, which is too late for the connection that asked, so they serve the next one. Most
// never need them: the server has an address that everybody can reach.

let known: RTCIceServer[] = [];

const MAX_SERVERS = 8;

// `<turn:h?transport=udp>; rel="ice-server"; username="u"; credential="c"`, several by commas.
export function parseLinks(header: string | null): RTCIceServer[] {
    const servers: RTCIceServer[] = [];
    for (const [, target = '', rest = ''] of (header ?? '').matchAll(
        /<([^>]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]+))*)/g)) {
        const parameters = new Map([...rest.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+))/g)]
            .map(([, name = '', quoted, bare]) =>
                [name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '']));
        if (parameters.get('rel') === 'ice-server' && /^(stun|turn)s?:/i.test(target)) {
            const username = parameters.get('username');
            servers.push(username === undefined ? { urls: target }
                : { urls: target, username, credential: parameters.get('credential') ?? '' });
        }
    }
    return servers.slice(0, MAX_SERVERS);
}

export function iceServers(): RTCIceServer[] {
    return known;
}

export function learnServers(header: string | null): void {
    const servers = parseLinks(header);
    if (servers.length > 0) {
        known = servers;
    }
}
