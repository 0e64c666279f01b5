// SPDX-License-Identifier: Apache-2.0
// Thumbnails of one recording: their list, and the sheets that were needed so far.

import { get } from '../json';
import { parseThumbs, type Thumb, thumbAt } from './vtt';

// Pictures of a running recording come as it goes on.
const REFRESH_MS = 15_000;
// They are made when somebody asks; the first ones come soon.
const RETRY_MS = 2000;
const MAX_SHEETS = 24;

export type Headers = Record<string, string>;

export class Thumbnails {
    private thumbs: Thumb[] = [];
    // null: on its way, or it did not come.
    private readonly sheets = new Map<string, HTMLImageElement | null>();
    private loaded_ms = -Infinity;
    private loading = false;

    constructor(
        private readonly url: string,
        // Something new can be drawn.
        private readonly onChange: () => void,
        private readonly query = '',
        private readonly headers: Headers = {},
    ) {}

    get known(): boolean {
        return this.thumbs.length > 0;
    }

    // Width by height of one picture.
    get ratio(): number {
        const first = this.thumbs[0];
        return first === undefined ? 16 / 9 : first.width / first.height;
    }

    // Loads the list when there is none, or when that of a running one is old.
    async refresh(running: boolean, now_ms: number): Promise<void> {
        const fresh = now_ms - this.loaded_ms < (this.known ? REFRESH_MS : RETRY_MS);
        if (this.url === '' || this.loading || fresh || (this.known && !running)) {
            return;
        }
        this.loading = true;
        this.loaded_ms = now_ms;
        try {
            const response = await get(this.url + this.query, { headers: this.headers });
            if (response.ok) {
                const base = new URL(this.url, window.location.href).href;
                const last = this.thumbs[this.thumbs.length - 1]?.url ?? '';
                this.thumbs = parseThumbs(await response.text(), base, this.query);
                // The newest sheet of a running recording was not full yet.
                if (this.sheets.has(last)) {
                    void this.loadSheet(last, 'no-cache');
                }
                this.onChange();
            }
        } catch {
            // Without pictures the bar works all the same.
        } finally {
            this.loading = false;
        }
    }

    // False: that picture is not here (yet).
    draw(context: CanvasRenderingContext2D, at_ms: number, x: number, y: number, width: number,
        height: number): boolean {
        const thumb = thumbAt(this.thumbs, at_ms);
        const sheet = thumb === null ? null : this.sheetOf(thumb.url);
        if (thumb === null || sheet === null) {
            return false;
        }
        context.drawImage(sheet, thumb.x, thumb.y, thumb.width, thumb.height, x, y, width, height);
        return true;
    }

    destroy(): void {
        for (const url of [...this.sheets.keys()]) {
            this.forget(url);
        }
        this.thumbs = [];
    }

    private sheetOf(url: string): HTMLImageElement | null {
        const known = this.sheets.get(url);
        if (known === undefined) {
            const oldest = this.sheets.keys().next().value;
            if (this.sheets.size >= MAX_SHEETS && oldest !== undefined) {
                this.forget(oldest);
            }
            this.sheets.set(url, null);
            void this.loadSheet(url);
            return null;
        }
        return known;
    }

    // By fetch and not as an <img>, which could not send the token.
    private async loadSheet(url: string, cache: RequestCache = 'default'): Promise<void> {
        try {
            const response = await get(url, { headers: this.headers, cache });
            if (!response.ok) {
                return;
            }
            const image = new Image();
            image.src = URL.createObjectURL(await response.blob());
            await image.decode();
            if (this.sheets.has(url)) {
                this.forget(url);
                this.sheets.set(url, image);
                this.onChange();
            } else {
                URL.revokeObjectURL(image.src);
            }
        } catch {
            // As above.
        }
    }

    private forget(url: string): void {
        const image = this.sheets.get(url);
        if (image) {
            URL.revokeObjectURL(image.src);
        }
        this.sheets.delete(url);
    }
}
