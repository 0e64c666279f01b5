// SPDX-License-Identifier: Apache-2.0
import { initLanguage } from '../i18n';

initLanguage();
