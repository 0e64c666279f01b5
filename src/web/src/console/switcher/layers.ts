// SPDX-License-Identifier: Apache-2.0
// The layers of the preview, the front one first, with what can be set of them.

import { type Key, t } from '../../i18n';
import { el, icon, labelled, show } from '../../ui/dom';
import { layerName } from './layout';
import { type Layer, LIMITS, type LayerNumber, type Scene } from './model';

const PLACES: readonly LayerNumber[] = ['x', 'y', 'w', 'h'];

export interface LayersActions {
    change(id: string, name: LayerNumber, value: number): void;
    move(id: string, by: 1 | -1): void;
    choose(id: string): void;
}

export interface LayersView {
    element: HTMLElement;
    update(scene: Scene | null, chosen: string | null): void;
}

function slider(layer: Layer, name: 'opacity' | 'volume', actions: LayersActions): HTMLElement {
    const { min, max, step } = LIMITS[name];
    const input = el('input', { type: 'range', min: String(min), max: String(max), step: String(step),
        value: String(layer[name]), 'data-number': name,
        change: () => actions.change(layer.id, name, Number(input.value)) });
    const value = el('output', {}, `${Math.round(layer[name] * 100)} %`);
    input.addEventListener('input', () => {
        value.textContent = `${Math.round(Number(input.value) * 100)} %`;
    });
    return el('label', { class: 'layer-slider' }, el('span', {}, t(`switcher.${name}`)), input, value);
}

function place(layer: Layer, actions: LayersActions): HTMLElement {
    return el('div', { class: 'layer-place' }, ...PLACES.map((name) => {
        const { min, max } = LIMITS[name];
        const input = el('input', { type: 'number', class: 'field', min: String(min * 100), max: String(max * 100),
            step: '1', value: String(Math.round(layer[name] * 1000) / 10), 'data-number': name,
            change: () => actions.change(layer.id, name, Number(input.value) / 100) });
        return el('label', {}, el('span', {}, t(`switcher.place.${name}` as Key)), input);
    }));
}

function row(layer: Layer, chosen: boolean, actions: LayersActions): HTMLElement {
    const name = layerName(layer);
    const tool = (symbol: 'up' | 'down', key: Key, by: 1 | -1): HTMLElement =>
        el('button', { type: 'button', class: 'button small quiet', 'aria-label': t(key, { name }),
            title: t(key, { name }), click: () => actions.move(layer.id, by) }, icon(symbol));
    const has_sound = layer.type === 'channel';
    return el('li', { class: 'layer', 'data-layer': layer.id },
        el('div', { class: 'layer-head' },
            el('button', { type: 'button', class: 'layer-name', 'aria-expanded': String(chosen),
                click: () => actions.choose(layer.id) }, name),
            tool('up', 'switcher.front', 1), tool('down', 'switcher.back', -1)),
        chosen ? el('div', { class: 'layer-body' },
            slider(layer, 'opacity', actions), has_sound ? slider(layer, 'volume', actions) : null,
            place(layer, actions)) : null);
}

export function makeLayers(actions: LayersActions): LayersView {
    const none = labelled(el('p', { class: 'dim' }), 'switcher.no_layers');
    const list = el('ol', { class: 'plain-list' });
    const element = el('section', { class: 'card cue-part', id: 'layers' },
        labelled(el('h2'), 'switcher.layers'), none, list);
    let drawn = '';

    function update(scene: Scene | null, chosen: string | null): void {
        const layers = scene === null ? [] : [...scene.layers].sort((a, b) => b.z - a.z);
        const now = JSON.stringify([layers, chosen, document.documentElement.lang]);
        show(none, layers.length === 0);
        // A slider must not vanish under a finger.
        if (now === drawn || list.querySelector(':active') !== null) {
            return;
        }
        drawn = now;
        const at = document.activeElement instanceof HTMLElement && list.contains(document.activeElement)
            ? [document.activeElement.closest<HTMLElement>('.layer')?.dataset.layer,
                document.activeElement.dataset.number] : null;
        list.replaceChildren(...layers.map((layer) => row(layer, layer.id === chosen, actions)));
        if (at !== null) {
            const again = [...list.querySelectorAll<HTMLElement>('.layer')]
                .find((item) => item.dataset.layer === at[0]);
            (again?.querySelector<HTMLElement>(at[1] ? `[data-number="${at[1]}"]` : '.layer-name'))?.focus();
        }
    }

    return { element, update };
}
