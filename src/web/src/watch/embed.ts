// SPDX-License-Identifier: Apache-2.0
// The bare player for other people's pages: /embed/{app}/{stream}

import { initLanguage } from '../i18n';
import { el, labelled } from '../ui/dom';
import { channelFromPath } from '../url';
import { exposeHooks } from './hooks';
import { makeStage } from './stage';

initLanguage();
const channel = channelFromPath(window.location.pathname);
if (channel === null) {
    document.body.append(el('main', { class: 'lost' }, labelled(el('h1'), 'phase.no_channel')));
} else {
    const stage = makeStage(channel, () => undefined);
    const { session } = stage;
    document.body.append(stage.element);
    document.title = channel;
    exposeHooks(stage, (choice) => session.choose(choice));
    session.start();
}
