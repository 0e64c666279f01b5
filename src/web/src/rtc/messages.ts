// SPDX-License-Identifier: Apache-2.0
// Messages beside the media: JSON texts on the data channel "branchcast".

export type Message = Record<string, unknown> & { type: string };
export type MessageListener = (message: Message) => void;

const LABEL = 'branchcast';
const MAX_LENGTH = 64 * 1024;
const PING_MS = 5000;

export function parseMessage(data: unknown): Message | null {
    if (typeof data !== 'string' || data.length > MAX_LENGTH) {
        return null;
    }
    try {
        const value: unknown = JSON.parse(data);
        return typeof value === 'object' && value !== null
            && typeof (value as Message).type === 'string' ? value as Message : null;
    } catch {
        return null;
    }
}

// Must be made before the offer, which else has no section for it. Pings only once the server has
// used the channel: they tell it that the page still listens.
export class SideChannel {
    private readonly channel: RTCDataChannel;
    private ping_timer: ReturnType<typeof setInterval> | undefined;

    constructor(pc: RTCPeerConnection, onMessage: MessageListener) {
        this.channel = pc.createDataChannel(LABEL);
        this.channel.addEventListener('message', (event) => {
            const message = parseMessage(event.data);
            if (message !== null) {
                this.use();
                onMessage(message);
            }
        });
    }

    private use(): void {
        this.ping_timer ??= setInterval(() => {
            if (this.channel.readyState === 'open') {
                this.channel.send(JSON.stringify({ type: 'ping', t: Date.now() }));
            }
        }, PING_MS);
    }

    close(): void {
        clearInterval(this.ping_timer);
        this.channel.close();
    }
}
