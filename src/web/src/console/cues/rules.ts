// SPDX-License-Identifier: Apache-2.0
// What a branch makes of headquarters' products: its own price, or nothing at all.

import { t } from '../../i18n';
import { el, icon, labelled, relabel } from '../../ui/dom';
import type { Rule } from './model';

export interface RulesView {
    element: HTMLElement;
    update(rules: readonly Rule[]): void;
}

interface RuleRow {
    element: HTMLElement;
    rule(): Rule;
}

function makeRow(rule: Rule, remove: (row: RuleRow) => void): RuleRow {
    const sku = el('input', { type: 'text', class: 'field', maxlength: '60', autocomplete: 'off',
        'aria-label': t('cues.field.sku'), placeholder: t('cues.field.sku') });
    const price = el('input', { type: 'text', class: 'field price', maxlength: '20', autocomplete: 'off',
        'aria-label': t('cues.rule_price'), placeholder: t('cues.rule_price') });
    const hidden = el('input', { type: 'checkbox' });
    sku.value = rule.sku;
    price.value = rule.price;
    hidden.checked = rule.hidden;
    const row: RuleRow = {
        element: el('li', { class: 'rule' }, sku, price,
            el('label', { class: 'check' }, hidden, el('span', {}, t('cues.hide'))),
            el('button', { type: 'button', class: 'button small quiet', 'aria-label': t('cues.rule_delete'),
                click: () => remove(row) }, icon('trash'))),
        rule: () => ({ ...rule, sku: sku.value.trim(), price: price.value.trim(), hidden: hidden.checked }),
    };
    return row;
}

export function makeRules(save: (rules: readonly Rule[]) => Promise<boolean>): RulesView {
    let rows: RuleRow[] = [];
    let known = '';
    const list = el('ul', { class: 'plain-list' });
    const draw = (): void => list.replaceChildren(...rows.map(({ element }) => element));
    const remove = (row: RuleRow): void => {
        rows = rows.filter((other) => other !== row);
        draw();
    };
    const add = (): void => {
        rows.push(makeRow({ sku: '', hidden: false, price: '', other: {} }, remove));
        draw();
        rows[rows.length - 1]?.element.querySelector('input')?.focus();
    };
    const form = el('form', { submit: (event) => {
        event.preventDefault();
        void save(rows.map((row) => row.rule()));
    } }, list, el('div', { class: 'row end' },
        el('button', { type: 'button', class: 'button', click: add }, icon('plus'),
            labelled(el('span'), 'cues.rule_add')),
        labelled(el('button', { type: 'submit', class: 'button strong' }), 'cues.rules_save')));
    const element = el('details', { class: 'card cue-part', id: 'rules' },
        el('summary', {}, labelled(el('h2'), 'cues.rules')),
        labelled(el('p', { class: 'dim small' }), 'cues.rules_hint'), form);

    // What is being written stays until the server has something else.
    function update(rules: readonly Rule[]): void {
        const now = JSON.stringify([rules, document.documentElement.lang]);
        if (now !== known) {
            known = now;
            rows = rules.map((rule) => makeRow(rule, remove));
            draw();
            relabel();
        }
    }

    return { element, update };
}
