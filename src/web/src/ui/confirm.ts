// SPDX-License-Identifier: Apache-2.0
// Boxes over the page: a question before something is lost, and help.

import { t } from '../i18n';
import { el } from './dom';

function open(dialog: HTMLDialogElement): void {
    document.body.append(dialog);
    dialog.addEventListener('close', () => dialog.remove());
    // A click beside the box closes it.
    dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
    dialog.showModal();
}

// True when the person means it.
export function confirmed(question: string, detail: string, yes: string): Promise<boolean> {
    if (typeof HTMLDialogElement !== 'function') {
        return Promise.resolve(window.confirm(`${question}\n${detail}`));
    }
    return new Promise((resolve) => {
        const dialog: HTMLDialogElement = el('dialog', { class: 'dialog', 'aria-label': question },
            el('h2', {}, question), el('p', { class: 'dim' }, detail),
            el('form', { method: 'dialog', class: 'row end' },
                el('button', { class: 'button', value: 'no' }, t('cancel')),
                el('button', { class: 'button danger', value: 'yes' }, yes)));
        dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'));
        open(dialog);
    });
}

export function showBox(title: string, content: HTMLElement): void {
    if (typeof HTMLDialogElement !== 'function') {
        return;
    }
    open(el('dialog', { class: 'dialog', 'aria-label': title }, el('h2', {}, title), content,
        el('form', { method: 'dialog', class: 'row end' },
            el('button', { class: 'button strong' }, t('close')))));
}
