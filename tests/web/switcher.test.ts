// SPDX-License-Identifier: Apache-2.0
import { FIELDS, inputValue, dataValue } from '../../src/web/src/console/cues/form';
import { newId, parsePrepared, parseRule, parseRunning, priceOf, ruleBody, timeOf, titleOf }
    from '../../src/web/src/console/cues/model';
import { moveLayer, parsePresets, parseScene, parseStatus, PRESETS, presetBody, type Scene, withLayer }
    from '../../src/web/src/console/switcher/model';

const SCENE = { width: 1280, height: 720, fps: 30, inputs: ['live/hq', 'store/guide'], layers: [
    { id: 'main', type: 'channel', channel: 'live/hq' },
    { id: 'pip', type: 'channel', channel: 'store/guide', x: 0.69, y: 0.69, w: 0.28, h: 0.28, radius: 0.06,
        volume: 0.5, enter: { effect: 'fade' } }] };

function scene(): Scene {
    const parsed = parseScene(SCENE);
    if (parsed === null) {
        throw new Error('no scene');
    }
    return parsed;
}

describe('prepared cards', () => {
    it('are read with care and named by what they say', () => {
        expect(parsePrepared({ id: 'a', kind: '?', data: 7 })).toEqual({ id: 'a', kind: 'custom', data: {} });
        expect(titleOf({ id: 'a', data: { text: '你好' } })).toBe('你好');
        expect(titleOf({ id: 'a', data: {} })).toBe('a');
        expect(priceOf({ data: { price: 89 } })).toBe('89');
        const list = [{ id: 'draw-2', kind: 'draw' as const, data: {} }];
        expect(newId(list, 'draw')).toBe('draw-3');
    });

    it('run for a time', () => {
        const cue = parseRunning({ id: 'a', kind: 'text', revision: 1, at: '2026-03-01T12:00:00.000Z',
            duration_ms: 10_000, channel: 'live/hq', data: {} });
        const begin_ms = Date.parse('2026-03-01T12:00:00Z');
        if (cue === null) {
            throw new Error('no cue');
        }
        expect(timeOf(cue, begin_ms - 5000)).toEqual({ state: 'soon', left_s: 5 });
        expect(timeOf(cue, begin_ms + 2500)).toEqual({ state: 'running', left_s: 8 });
        expect(timeOf(cue, begin_ms + 99_000).left_s).toBe(0);
        expect(timeOf({ ...cue, duration_ms: null }, begin_ms + 1).state).toBe('open');
    });

    it('go through the form and back', () => {
        const data = { title: 'A', price: '9', ends_in_ms: 45_000, until: '2026-03-01T12:00:00.000Z' };
        for (const kind of ['product', 'coupon', 'draw'] as const) {
            for (const field of FIELDS[kind].filter(({ name }) => name in data)) {
                expect(dataValue(field, inputValue(field, data)))
                    .toBe(data[field.name as keyof typeof data]);
            }
        }
        const [title] = FIELDS.product;
        expect(title && dataValue(title, '   ')).toBeUndefined();
    });
});

describe('the rules of a branch', () => {
    it('keep what the page does not show', () => {
        const rule = { sku: 'A1', data: { price: '89', stock: '3' } };
        expect(ruleBody(parseRule(rule))).toEqual(rule);
        expect(ruleBody({ ...parseRule(rule), price: '' })).toEqual({ sku: 'A1', data: { stock: '3' } });
        expect(ruleBody(parseRule({ sku: 'B', hidden: true }))).toEqual({ sku: 'B', hidden: true });
    });

    it('are left out when they do nothing', () => {
        expect(ruleBody(parseRule({ sku: '', hidden: true }))).toBeNull();
        expect(ruleBody(parseRule({ sku: 'A' }))).toBeNull();
    });
});

describe('scenes', () => {
    it('are read bare or beside a transition', () => {
        expect(scene().layers.map(({ id, w, volume }) => [id, w, volume])).toEqual([['main', 1, 1], ['pip', 0.28, 0.5]]);
        expect(parseScene({ scene: SCENE, transition: { effect: 'cut' } })?.inputs).toHaveLength(2);
        for (const none of [null, {}, { scene: null }, { layers: 'x' }]) {
            expect(parseScene(none)).toBeNull();
        }
    });

    it('change in one place only, and within limits', () => {
        const next = withLayer(scene(), 'pip', 'w', 9);
        expect(next.layers[1]?.w).toBe(3);
        expect(next.json).toMatchObject({ fps: 30, layers: [SCENE.layers[0], { ...SCENE.layers[1], w: 3 }] });
        expect(withLayer(scene(), 'pip', 'opacity', 0.3333333).layers[1]?.opacity).toBe(0.3333);
        expect(withLayer(scene(), 'none', 'x', 1).json.layers).toEqual(SCENE.layers);
    });

    it('have an order', () => {
        const order = (one: Scene): string[] => [...one.layers].sort((a, b) => a.z - b.z).map(({ id }) => id);
        expect(order(moveLayer(scene(), 'main', 1))).toEqual(['pip', 'main']);
        expect(moveLayer(scene(), 'main', 1).layers.map(({ json }) => json.z)).toEqual([1, 0]);
        expect(order(moveLayer(scene(), 'pip', 1))).toEqual(['main', 'pip']);
    });

    it('take a layout with their inputs and sizes', () => {
        expect(presetBody('side-by-side', ['a/b'], scene()))
            .toEqual({ width: 1280, height: 720, fps: 30, preset: 'side-by-side', inputs: ['a/b'] });
        expect(presetBody('full', ['a/b'], null)).toEqual({ preset: 'full', inputs: ['a/b'] });
    });

    it('know layouts and states', () => {
        expect(parsePresets({ presets: [{ name: 'x', inputs: 2 }, 'three-up', 7] }))
            .toEqual([{ name: 'x', inputs: 2 }, { name: 'three-up', inputs: 3 }]);
        expect(parsePresets(null)).toEqual(PRESETS);
        expect(parseStatus({ fps: 30, degraded: 'cpu', inputs: [{ name: 'a/b', state: 'away' }] }))
            .toMatchObject({ fps: 30, degraded: 'cpu', inputs: [{ name: 'a/b', state: 'away' }] });
        expect(parseStatus(null)).toBeNull();
    });
});
