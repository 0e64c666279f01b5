// SPDX-License-Identifier: Apache-2.0
// Posters in lists. They come by fetch, because an <img> could not send the token.

import { get } from '../json';
import { el, icon } from '../ui/dom';

const MAX_KEPT = 200;

// One page's; the pictures stay as long as it does.
export class Posters {
    private readonly urls = new Map<string, Promise<string | null>>();

    constructor(private readonly headers: Record<string, string>) {}

    private load(url: string): Promise<string | null> {
        let picture = this.urls.get(url);
        if (picture === undefined) {
            if (this.urls.size >= MAX_KEPT) {
                this.urls.clear();
            }
            picture = get(url, { headers: this.headers, cache: 'default' })
                .then(async (response) => (response.ok
                    ? URL.createObjectURL(await response.blob()) : null))
                .catch(() => null);
            this.urls.set(url, picture);
            // A poster that is not there yet may come.
            void picture.then((found) => found === null && this.urls.delete(url));
        }
        return picture;
    }

    make(url: string): HTMLElement {
        const box = el('span', { class: 'poster' }, icon('film'));
        if (url !== '') {
            void this.load(url).then((found) => {
                if (found !== null) {
                    box.replaceChildren(el('img', { src: found, alt: '' }));
                }
            });
        }
        return box;
    }
}
