// SPDX-License-Identifier: Apache-2.0
// A channel's scenes as the switcher sees them, and how it asks for changes.

import { count, isObject, type Json, objects, text } from '../../json';
import { channelPath } from '../../url';
import { type AdminApi, ApiError } from '../api';
import { parseRow } from '../channels/model';

export interface Layer {
    id: string;
    type: string;
    channel: string;
    x: number;
    y: number;
    w: number;
    h: number;
    z: number;
    opacity: number;
    volume: number;
    // All of it, for what this page does not show.
    json: Json;
}

export interface Scene {
    width: number;
    height: number;
    inputs: string[];
    layers: Layer[];
    json: Json;
}

export interface Preset {
    name: string;
    inputs: number;
}

export interface InputState {
    name: string;
    state: string;
}

export interface Status {
    fps: number;
    width: number;
    height: number;
    delay_ms: number;
    degraded: string;
    inputs: InputState[];
}

export interface SwitchChannel {
    channel: string;
    live: boolean;
    composite: boolean;
}

export type Effect = 'cut' | 'fade';
export type LayerNumber = 'x' | 'y' | 'w' | 'h' | 'opacity' | 'volume';

export const LIMITS: Readonly<Record<LayerNumber, { min: number; max: number; step: number }>> = {
    x: { min: -1, max: 2, step: 0.01 },
    y: { min: -1, max: 2, step: 0.01 },
    w: { min: 0.02, max: 3, step: 0.01 },
    h: { min: 0.02, max: 3, step: 0.01 },
    opacity: { min: 0, max: 1, step: 0.05 },
    volume: { min: 0, max: 2, step: 0.05 },
};

// What the server knows even where it does not list them.
export const PRESETS: readonly Preset[] = [
    { name: 'full', inputs: 1 }, { name: 'pip-top-left', inputs: 2 },
    { name: 'pip-top-right', inputs: 2 }, { name: 'pip-bottom-left', inputs: 2 },
    { name: 'pip-bottom-right', inputs: 2 }, { name: 'side-by-side', inputs: 2 },
    { name: 'three-up', inputs: 3 }, { name: 'product-left', inputs: 1 },
];

const number = (value: unknown, fallback: number): number =>
    (typeof value === 'number' && Number.isFinite(value) ? value : fallback);
const strings = (value: unknown): string[] =>
    (Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []);

function parseLayer(json: Json, index: number): Layer {
    return {
        id: text(json.id) || String(index),
        type: text(json.type) || 'channel',
        channel: text(json.channel),
        x: number(json.x, 0),
        y: number(json.y, 0),
        w: number(json.w, 1),
        h: number(json.h, 1),
        z: number(json.z, index),
        opacity: number(json.opacity, 1),
        volume: number(json.volume, 1),
        json,
    };
}

// null: there is none. A scene may stand beside a transition.
export function parseScene(value: unknown): Scene | null {
    const outer: Json = isObject(value) ? value : {};
    const json = isObject(outer.scene) ? outer.scene : outer;
    if (!Array.isArray(json.layers)) {
        return null;
    }
    return {
        width: count(json.width) || 1280,
        height: count(json.height) || 720,
        inputs: strings(json.inputs),
        layers: objects(json.layers).map(parseLayer),
        json,
    };
}

// The scene with a number of one layer changed; the rest stays as the server had it.
export function withLayer(scene: Scene, id: string, name: LayerNumber, value: number): Scene {
    const { min, max } = LIMITS[name];
    const wanted = Math.round(Math.min(max, Math.max(min, value)) * 10_000) / 10_000;
    const layers = scene.layers.map((layer) => (layer.id === id
        ? { ...layer, [name]: wanted, json: { ...layer.json, [name]: wanted } } : layer));
    return { ...scene, layers, json: { ...scene.json, layers: layers.map(({ json }) => json) } };
}

// One step towards the front (1) or the back (-1): changes places with its neighbour.
export function moveLayer(scene: Scene, id: string, by: 1 | -1): Scene {
    const order = [...scene.layers].sort((a, b) => a.z - b.z);
    const from = order.findIndex((layer) => layer.id === id);
    const to = from + by;
    const moved = order[from];
    const other = order[to];
    if (moved === undefined || other === undefined) {
        return scene;
    }
    order[from] = other;
    order[to] = moved;
    const z = new Map(order.map((layer, i) => [layer.id, i]));
    const layers = scene.layers.map((layer) => {
        const at = z.get(layer.id) ?? layer.z;
        return { ...layer, z: at, json: { ...layer.json, z: at } };
    });
    return { ...scene, layers, json: { ...scene.json, layers: layers.map(({ json }) => json) } };
}

// A preset with the inputs of a scene, or with these; sizes and rates stay.
export function presetBody(preset: string, inputs: readonly string[], from: Scene | null): Json {
    const kept: Json = { ...from?.json };
    for (const name of ['layers', 'preset', 'inputs', 'version']) {
        delete kept[name];
    }
    return { ...kept, preset, inputs: [...inputs] };
}

export function parseStatus(value: unknown): Status | null {
    const json: Json = isObject(value) ? value : {};
    const inner = isObject(json.report) ? json.report : json;
    return Object.keys(inner).length === 0 ? null : {
        fps: count(inner.fps),
        width: count(inner.width),
        height: count(inner.height),
        delay_ms: count(inner.delay_ms),
        degraded: text(inner.degraded),
        inputs: objects(inner.inputs).map((one) => ({ name: text(one.name), state: text(one.state) })),
    };
}

export function parsePresets(value: unknown): Preset[] {
    const json: Json = isObject(value) ? value : {};
    const list = Array.isArray(json.presets) ? json.presets : Array.isArray(value) ? value : [];
    const found = list.map((one): Preset | null => {
        if (typeof one === 'string') {
            return { name: one, inputs: PRESETS.find(({ name }) => name === one)?.inputs ?? 1 };
        }
        const name = isObject(one) ? text(one.name) || text(one.id) || text(one.preset) : '';
        return name === '' ? null : { name, inputs: isObject(one) ? count(one.inputs) || 1 : 1 };
    }).filter((one): one is Preset => one !== null);
    return found.length > 0 ? found : [...PRESETS];
}

// What is not there is no error here.
async function orNull(ask: Promise<unknown>): Promise<unknown> {
    try {
        return await ask;
    } catch (error) {
        if (error instanceof ApiError && (error.status === 404 || error.status === 503)) {
            return null;
        }
        throw error;
    }
}

export class SceneApi {
    constructor(private readonly api: AdminApi) {}

    private at(channel: string, what = ''): string {
        return `channels/${channelPath(channel)}/scene${what}`;
    }

    get headers(): Record<string, string> {
        return this.api.headers;
    }

    async channels(): Promise<SwitchChannel[]> {
        const json = await this.api.ask('GET', 'channels?limit=1000&all=true');
        return objects(isObject(json) ? json.channels : null).map((value) => {
            const row = parseRow(value);
            return { channel: row.channel, live: row.state === 'live' || value.playable === true,
                composite: row.sources.some(({ kind }) => kind === 'scene') };
        }).filter(({ channel }) => channel !== '' && !channel.startsWith('~'));
    }

    async presets(): Promise<Preset[]> {
        return parsePresets(await orNull(this.api.ask('GET', 'scenes/presets')));
    }

    async program(channel: string): Promise<Scene | null> {
        return parseScene(await orNull(this.api.ask('GET', this.at(channel))));
    }

    async preview(channel: string): Promise<Scene | null> {
        return parseScene(await orNull(this.api.ask('GET', this.at(channel, '/preview'))));
    }

    async status(channel: string): Promise<Status | null> {
        return parseStatus(await orNull(this.api.ask('GET', this.at(channel, '/status'))));
    }

    setProgram(channel: string, scene: Json, effect: Effect): Promise<unknown> {
        return this.api.ask('PUT', this.at(channel), { scene, transition: { effect } });
    }

    setPreview(channel: string, scene: Json): Promise<unknown> {
        return this.api.ask('PUT', this.at(channel, '/preview'), { scene });
    }

    take(channel: string, effect: Effect, ms: number): Promise<unknown> {
        return this.api.ask('POST', this.at(channel, '/take'), { effect, ms });
    }

    remove(channel: string): Promise<unknown> {
        return this.api.ask('DELETE', this.at(channel));
    }

    pictureUrl(channel: string): string {
        return `/api/v1/${this.at(channel, '/preview.jpg')}`;
    }
}
