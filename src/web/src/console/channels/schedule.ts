// SPDX-License-Identifier: Apache-2.0
// A channel's schedule: one line, and a form behind a button.

import { isKey, language, t } from '../../i18n';
import { el, labelled, setText, show } from '../../ui/dom';
import { fromLocalInput, localInput, type Schedule, scheduleBody } from './model';
import type { Json } from '../../json';

export interface ScheduleView {
    element: HTMLElement;
    update(schedule: Schedule | null): void;
}

export interface ScheduleActions {
    save(body: Json): Promise<boolean>;
    remove(): Promise<boolean>;
}

function timeText(at_ms: number): string {
    return new Intl.DateTimeFormat(language() === 'zh' ? 'zh-CN' : 'en-GB', {
        month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false,
    }).format(new Date(at_ms));
}

function summary(schedule: Schedule | null): string {
    if (schedule === null) {
        return t('schedule.none');
    }
    const { starts_ms, ends_ms, title } = schedule;
    return [
        title,
        starts_ms === null ? '' : t('schedule.from', { time: timeText(starts_ms) }),
        ends_ms === null ? '' : t('schedule.until', { time: timeText(ends_ms) }),
    ].filter((part) => part !== '').join(' · ');
}

export function makeSchedule(actions: ScheduleActions): ScheduleView {
    const line = el('span', { class: 'schedule-line' });
    const phase = el('span', { class: 'badge' });
    const fixed = labelled(el('p', { class: 'dim small', hidden: true }), 'schedule.fixed');
    const time = (): HTMLInputElement => el('input', { type: 'datetime-local', class: 'field' });
    const title = el('input', { type: 'text', class: 'field', maxlength: '60' });
    const starts = time();
    const ends = time();
    const keys = time();
    const record = el('select', { class: 'field' },
        labelled(el('option', { value: '' }), 'schedule.record_default'),
        labelled(el('option', { value: 'true' }), 'schedule.record_yes'),
        labelled(el('option', { value: 'false' }), 'schedule.record_no'));
    let known: Schedule | null = null;

    const row = (label: Parameters<typeof t>[0], input: HTMLElement): HTMLElement =>
        el('label', { class: 'form-row' }, labelled(el('span'), label), input);
    const remove = labelled(el('button', { type: 'button', class: 'button',
        click: () => void actions.remove().then(close) }), 'schedule.delete');
    const form = el('form', { class: 'schedule-form', hidden: true, submit: (event) => {
        event.preventDefault();
        void actions.save(scheduleBody({
            starts_ms: fromLocalInput(starts.value),
            ends_ms: fromLocalInput(ends.value),
            keys_ms: fromLocalInput(keys.value),
            record: record.value === '' ? null : record.value === 'true',
            title: title.value.trim(),
        })).then(close);
    } },
        row('schedule.name', title), row('schedule.starts', starts), row('schedule.ends', ends),
        row('schedule.keys', keys), labelled(el('p', { class: 'dim small' }), 'schedule.keys_hint'),
        row('schedule.record', record),
        el('div', { class: 'row end' }, remove,
            labelled(el('button', { type: 'button', class: 'button', click: () => close(true) }), 'cancel'),
            labelled(el('button', { type: 'submit', class: 'button strong' }), 'schedule.save')));
    const edit = el('button', { type: 'button', class: 'button edit-schedule', click: () => open() });
    const element = el('section', { class: 'part' },
        el('div', { class: 'part-head' }, labelled(el('h3'), 'schedule.title'), phase, edit),
        el('p', { class: 'dim' }, line), fixed, form);

    function open(): void {
        title.value = known?.title ?? '';
        starts.value = localInput(known?.starts_ms ?? null);
        ends.value = localInput(known?.ends_ms ?? null);
        // Half an hour before the start is what is meant by nothing.
        const usual = known?.starts_ms !== null && known?.keys_ms === (known?.starts_ms ?? 0) - 1_800_000;
        keys.value = usual ? '' : localInput(known?.keys_ms ?? null);
        record.value = known?.record === null || known === null ? '' : String(known.record);
        show(remove, known !== null);
        show(form, true);
        show(edit, false);
        starts.focus();
    }

    function close(done: boolean): void {
        if (done) {
            show(form, false);
            show(edit, known?.configured !== true);
        }
    }

    function update(schedule: Schedule | null): void {
        known = schedule;
        const key = `schedule.phase.${schedule?.phase ?? ''}`;
        setText(line, summary(schedule));
        show(phase, schedule !== null);
        setText(phase, isKey(key) ? t(key) : '');
        phase.dataset.state = schedule?.phase === 'on' ? 'live' : schedule?.phase === 'lobby' ? 'waiting' : '';
        show(fixed, schedule?.configured === true);
        show(edit, form.hidden && schedule?.configured !== true);
        setText(edit, t(schedule === null ? 'schedule.set' : 'schedule.edit'));
    }

    return { element, update };
}
