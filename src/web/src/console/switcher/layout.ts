// SPDX-License-Identifier: Apache-2.0
// A scene drawn as boxes over the small pictures of its inputs.

import { isKey, t } from '../../i18n';
import { el, setAttr } from '../../ui/dom';
import { channelPath } from '../../url';
import type { Layer, Scene } from './model';

const PICTURE_WIDTH = 480;

export function layerName({ type, channel, id, json }: Layer): string {
    if (type === 'channel' || type === 'cues') {
        return type === 'channel' ? channel : `${t('switcher.type.cues')} · ${channel}`;
    }
    const key = `switcher.type.${type}`;
    const said = typeof json.text === 'string' ? json.text : '';
    return said !== '' ? said : isKey(key) ? t(key) : id;
}

export interface LayoutView {
    element: HTMLElement;
    draw(scene: Scene | null, live: (channel: string) => boolean, chosen: string | null): void;
    // The inputs' pictures anew.
    refresh(): void;
}

// The boxes stay while only their places change, so that pictures do not flicker.
export function makeLayout(choose: (layer: Layer) => void): LayoutView {
    const element = el('div', { class: 'layout' });
    let drawn = '';
    let images: HTMLImageElement[] = [];
    const stamp = (): string => String(Math.floor(Date.now() / 1000));

    function box(layer: Layer, is_live: boolean): HTMLElement {
        const name = layerName(layer);
        const image = layer.type === 'channel' && is_live ? el('img', { alt: '', draggable: 'false',
            'data-src': `/${channelPath(layer.channel)}.jpg?width=${PICTURE_WIDTH}`,
            src: `/${channelPath(layer.channel)}.jpg?width=${PICTURE_WIDTH}&t=${stamp()}` }) : null;
        image?.addEventListener('error', () => image.classList.add('offscreen'));
        image?.addEventListener('load', () => image.classList.remove('offscreen'));
        return el('button', { type: 'button', class: `layout-box layout-${layer.type}`, 'data-layer': layer.id,
            'aria-label': t('switcher.layer', { name }), click: () => choose(layer) },
        image, el('span', {}, name));
    }

    function draw(scene: Scene | null, live: (channel: string) => boolean, chosen: string | null): void {
        const layers = scene === null ? [] : [...scene.layers].sort((a, b) => a.z - b.z);
        const now = JSON.stringify([document.documentElement.lang,
            layers.map(({ id, type, channel, json }) => [id, type, channel, live(channel), json.text])]);
        element.style.setProperty('--ratio', String((scene?.width ?? 16) / (scene?.height ?? 9)));
        if (now !== drawn) {
            drawn = now;
            element.replaceChildren(...layers.map((layer) => box(layer, live(layer.channel))));
            images = [...element.querySelectorAll('img')];
        }
        layers.forEach(({ id, x, y, w, h, opacity, json }, i) => {
            const place = element.children[i] as HTMLElement;
            const percent = (value: number): string => `${value * 100}%`;
            Object.assign(place.style, { left: percent(x), top: percent(y), width: percent(w), height: percent(h),
                opacity: String(Math.max(0.15, opacity)),
                borderRadius: typeof json.radius === 'number' ? `${json.radius * 100}%` : '' });
            place.style.setProperty('--fit', json.fit === 'contain' ? 'contain' : json.fit === 'fill' ? 'fill' : 'cover');
            setAttr(place, 'aria-pressed', String(id === chosen));
        });
    }

    function refresh(): void {
        images.forEach((image) => {
            image.src = `${image.dataset.src ?? ''}&t=${stamp()}`;
        });
    }

    return { element, draw, refresh };
}
