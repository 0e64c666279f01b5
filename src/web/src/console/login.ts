// SPDX-License-Identifier: Apache-2.0
// The administrator's token: asked for once, kept as long as the tab is open.

import { rememberedInTab, rememberInTab } from '../store';
import { el, labelled, setText, show } from '../ui/dom';
import { AdminApi } from './api';
import { errorText, isUnauthorized } from './errors';
import { t } from '../i18n';

const TOKEN = 'admin_token';

export function forgetToken(): void {
    rememberInTab(TOKEN, '');
}

function makeForm(onDone: (api: AdminApi) => void): HTMLElement {
    const input = el('input', { type: 'password', id: 'token', autocomplete: 'off',
        autocapitalize: 'off', spellcheck: 'false', class: 'field', required: true });
    const trouble = el('p', { class: 'trouble', role: 'alert', hidden: true });
    const button = labelled(el('button', { type: 'submit', class: 'button strong' }), 'console.enter');

    const submit = async (): Promise<void> => {
        const api = new AdminApi(input.value.trim());
        button.disabled = true;
        try {
            await api.replays(1, null);
            rememberInTab(TOKEN, api.token);
            onDone(api);
        } catch (error) {
            setText(trouble, isUnauthorized(error) ? t('console.error.unauthorized') : errorText(error));
            show(trouble, true);
            input.select();
        } finally {
            button.disabled = false;
        }
    };
    window.setTimeout(() => input.focus());
    return el('form', { class: 'login card', submit: (event) => {
        event.preventDefault();
        void submit();
    } },
        labelled(el('h1'), 'console.login'), labelled(el('p', { class: 'dim' }), 'console.login_hint'),
        el('label', { for: 'token' }, labelled(el('span'), 'console.token')), input, trouble,
        el('div', { class: 'row end' }, button));
}

// Calls `onDone` with a token that works: the remembered one, or none where the server asks for none.
export async function enter(place: HTMLElement, onDone: (api: AdminApi) => void): Promise<void> {
    const api = new AdminApi(rememberedInTab(TOKEN) ?? '');
    try {
        await api.replays(1, null);
        onDone(api);
    } catch (error) {
        if (isUnauthorized(error)) {
            place.replaceChildren(makeForm(onDone));
        } else {
            const again = labelled(el('button', { type: 'button', class: 'button',
                click: () => void enter(place, onDone) }), 'retry');
            place.replaceChildren(el('div', { class: 'lost' },
                el('p', { role: 'alert' }, errorText(error)), again));
        }
    }
}
