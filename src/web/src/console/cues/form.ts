// SPDX-License-Identifier: Apache-2.0
// What a cue says: a form for each kind, to be kept for later or shown at once.

import { type CueKind, pictureOf } from '../../cues/cue';
import type { Key } from '../../i18n';
import type { Json } from '../../json';
import { el, icon, labelled, setAttr, show } from '../../ui/dom';
import { fromLocalInput, localInput } from '../channels/model';
import type { Prepared } from './model';

type FormKind = Exclude<CueKind, 'custom'>;
type FieldType = 'text' | 'url' | 'number' | 'datetime-local' | 'picture';

interface Field {
    name: string;
    type: FieldType;
    needed?: boolean;
}

const MAX_TEXT = 300;
export const FORM_KINDS: readonly FormKind[] = ['product', 'coupon', 'draw', 'text'];

export const FIELDS: Readonly<Record<FormKind, readonly Field[]>> = {
    product: [{ name: 'title', type: 'text', needed: true }, { name: 'sku', type: 'text' },
        { name: 'price', type: 'text' }, { name: 'old_price', type: 'text' },
        { name: 'stock', type: 'text' }, { name: 'picture', type: 'picture' },
        { name: 'url', type: 'url' }, { name: 'qr', type: 'text' }],
    coupon: [{ name: 'title', type: 'text', needed: true }, { name: 'amount', type: 'text' },
        { name: 'code', type: 'text' }, { name: 'url', type: 'url' },
        { name: 'until', type: 'datetime-local' }],
    draw: [{ name: 'title', type: 'text', needed: true }, { name: 'prize', type: 'text' },
        { name: 'ends_in_ms', type: 'number', needed: true }, { name: 'url', type: 'url' }],
    text: [{ name: 'text', type: 'text', needed: true }, { name: 'url', type: 'url' }],
};

// What a field's input holds for a value of the data, and the other way; undefined: nothing.
export function inputValue({ name, type }: Field, data: Json): string {
    const value = data[name];
    if (type === 'datetime-local') {
        const at_ms = Date.parse(typeof value === 'string' ? value : '');
        return localInput(Number.isFinite(at_ms) ? at_ms : null);
    }
    if (name === 'ends_in_ms') {
        return typeof value === 'number' ? String(Math.round(value / 1000)) : '30';
    }
    return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

export function dataValue({ name, type }: Field, input: string): string | number | undefined {
    const value = input.trim();
    if (value === '') {
        return undefined;
    }
    if (type === 'datetime-local') {
        const at_ms = fromLocalInput(value);
        return at_ms === null ? undefined : new Date(at_ms).toISOString();
    }
    return name === 'ends_in_ms' ? Math.max(1, Math.round(Number(value) || 30)) * 1000 : value;
}

export interface CueForm {
    element: HTMLElement;
    // null: a new one.
    edit(prepared: Prepared | null): void;
}

export interface FormActions {
    fire(kind: CueKind, data: Json): Promise<boolean>;
    // False: it was not kept.
    keep(prepared: { id: string | null; kind: CueKind; data: Json }): Promise<boolean>;
    // The picture's id; null: it did not work, and that was told.
    upload(file: File): Promise<string | null>;
}

export function makeCueForm(actions: FormActions): CueForm {
    let kind: FormKind = 'product';
    let edited: Prepared | null = null;
    const inputs = new Map<string, HTMLInputElement>();
    const rows = el('div', { class: 'cue-fields' });
    const heads = [labelled(el('h2'), 'cues.make'), labelled(el('h2'), 'cues.edit')];
    const kinds = el('div', { class: 'row kinds', role: 'group' }, ...FORM_KINDS.map((name) =>
        labelled(el('button', { type: 'button', class: 'button small', 'data-kind': name,
            click: () => choose(name) }), `cue.${name}`)));
    labelled(kinds, 'cues.kind', 'aria-label');
    const fresh = labelled(el('button', { type: 'button', class: 'button small quiet',
        click: () => edit(null) }), 'cues.new');
    const keep = labelled(el('button', { type: 'button', class: 'button',
        click: () => void onKeep() }), 'cues.keep');
    const form = el('form', { class: 'card cue-form', id: 'cue-form', submit: (event) => {
        event.preventDefault();
        void actions.fire(kind, data());
    } }, el('div', { class: 'part-head' }, ...heads, fresh), kinds, rows,
    el('div', { class: 'row end' }, keep,
        labelled(el('button', { type: 'submit', class: 'button strong' }), 'cues.show_now')));

    function pictureRow(field: Field, value: string): HTMLElement {
        const input = el('input', { type: 'hidden' });
        const image = el('img', { class: 'picked', alt: '', hidden: true });
        const file = el('input', { type: 'file', class: 'offscreen', accept: 'image/png,image/jpeg,image/webp',
            tabindex: '-1', change: () => void pick() });
        const clear = labelled(el('button', { type: 'button', class: 'button small quiet',
            click: () => put('') }), 'cues.no_picture');
        const button = el('button', { type: 'button', class: 'button small', click: () => file.click() },
            icon('plus'), labelled(el('span'), 'cues.choose_picture'));
        const put = (id: string): void => {
            input.value = id;
            const url = pictureOf({ id: '', kind: 'product', revision: 1, ended: false, wall_ms: null,
                at_ms: null, duration_ms: null, data: { picture: id } });
            show(image, url !== null);
            show(clear, id !== '');
            if (url !== null) {
                setAttr(image, 'src', url);
            }
        };
        const pick = async (): Promise<void> => {
            const chosen = file.files?.[0];
            file.value = '';
            const id = chosen ? await actions.upload(chosen) : null;
            if (id !== null) {
                put(id);
            }
        };
        inputs.set(field.name, input);
        put(value);
        return el('div', { class: 'form-row' }, labelled(el('span'), 'cues.field.picture'),
            el('div', { class: 'row' }, image, button, clear, file, input));
    }

    function fieldRow(field: Field, value: string): HTMLElement {
        if (field.type === 'picture') {
            return pictureRow(field, value);
        }
        const input = el('input', { type: field.type, class: 'field', name: field.name,
            maxlength: String(MAX_TEXT), required: field.needed === true, autocomplete: 'off',
            ...(field.type === 'number' ? { min: '1', max: '86400' } : {}),
            ...(field.type === 'url' ? { pattern: 'https?://.+', placeholder: 'https://' } : {}) });
        input.value = value;
        inputs.set(field.name, input);
        return el('label', { class: 'form-row' },
            labelled(el('span'), `cues.field.${field.name}` as Key), input);
    }

    function choose(next: FormKind): void {
        kind = next;
        for (const button of kinds.querySelectorAll('button')) {
            setAttr(button, 'aria-pressed', String(button.dataset.kind === next));
        }
        const from = edited?.kind === next ? edited.data : {};
        inputs.clear();
        rows.replaceChildren(...FIELDS[next].map((field) => fieldRow(field, inputValue(field, from))));
        heads.forEach((head, i) => show(head, (edited === null) === (i === 0)));
        show(fresh, edited !== null);
    }

    // Members that have no field stay as they were.
    function data(): Json {
        const old: Json = edited?.kind === kind ? { ...edited.data } : {};
        for (const field of FIELDS[kind]) {
            const value = dataValue(field, inputs.get(field.name)?.value ?? '');
            if (value === undefined) {
                delete old[field.name];
            } else {
                old[field.name] = value;
            }
        }
        return old;
    }

    async function onKeep(): Promise<void> {
        if (form.reportValidity()
            && await actions.keep({ id: edited?.id ?? null, kind, data: data() })) {
            edit(null);
        }
    }

    function edit(prepared: Prepared | null): void {
        edited = prepared;
        choose(FORM_KINDS.find((name) => name === prepared?.kind) ?? kind);
        if (prepared !== null) {
            form.scrollIntoView({ block: 'nearest' });
            rows.querySelector<HTMLInputElement>('input.field')?.focus();
        }
    }

    edit(null);
    return { element: form, edit };
}
