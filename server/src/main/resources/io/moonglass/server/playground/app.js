// The page: its two views, its header, and what joins them.
import { RequestFault, apiKey, keepApiKey, models } from './api.js';
import { Chat, focusQuestion } from './chat.js';
import { announce, byId, element } from './dom.js';
import { Operations } from './operations.js';
import { openSettings } from './settings.js';

const THEME = 'moonglass.theme';
const LOADING_MILLIS = 2000;

const operations = new Operations();

/** @param reason why a key is wanted; nothing where people ask for the dialog themselves */
function openKeyDialog(reason = '') {
  byId('key').value = apiKey();
  byId('key-reason').textContent = reason;
  byId('key-reason').hidden = reason === '';
  if (!byId('key-dialog').open) {
    byId('key-dialog').showModal();
  }
}

function reasonOfKey() {
  return apiKey() ? 'The server does not know this key, or knows it no more.' : 'This server answers only those who have a key.';
}

let asksForModels = null;
new Chat((fault) => {
  if (fault.status === 401) {
    openKeyDialog(reasonOfKey());
  } else if (fault.status === 0 || fault.status === 503) {
    listModels(); // says that it is gone, and when it is back
  }
});

/** Asks which models there are, again and again while none can be asked. */
async function listModels() {
  clearTimeout(asksForModels);
  const select = byId('model');
  try {
    const served = await models();
    const chosen = select.value;
    select.replaceChildren(...served.map(({ id }) => element('option', { value: id }, id)));
    if (served.some(({ id }) => id === chosen)) {
      select.value = chosen;
    }
    byId('state').textContent = served.length === 0 ? 'loading' : 'ready';
  } catch (fault) {
    if (fault instanceof RequestFault && fault.status === 401) {
      byId('state').textContent = 'wants an API key';
      openKeyDialog(reasonOfKey());
      return;
    }
    byId('state').textContent = fault.status === 503 ? 'not ready yet' : 'not reached';
    asksForModels = setTimeout(listModels, LOADING_MILLIS);
  }
}

function wireKey() {
  byId('key-open').addEventListener('click', () => openKeyDialog());
  byId('key-cancel').addEventListener('click', () => byId('key-dialog').close());
  byId('key-forget').addEventListener('click', () => useKey(''));
  byId('key-form').addEventListener('submit', (event) => {
    event.preventDefault();
    useKey(byId('key').value.trim());
  });
}

function useKey(key) {
  keepApiKey(key);
  byId('key').value = '';
  byId('key-dialog').close();
  announce(key ? 'The key is kept for this tab.' : 'The key is forgotten.');
  listModels();
  operations.watch();
}

/** Tabs as the ARIA Authoring Practices have them: arrows move between them. */
function wireTabs() {
  const tabs = [...document.querySelectorAll('[role=tab]')];
  const choose = (chosen, focus) => {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute('aria-selected', String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      byId(tab.getAttribute('aria-controls')).hidden = !isChosen;
    }
    if (focus) {
      chosen.focus();
    }
    const isOperations = chosen.id === 'tab-operations';
    operations.setOpen(isOperations);
    byId('model-field').hidden = isOperations; // that view has a choice of its own
    history.replaceState(null, '', isOperations ? '#operations' : location.pathname + location.search);
  };
  tabs.forEach((tab, index) => {
    tab.addEventListener('click', () => choose(tab, false));
    tab.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) {
        event.preventDefault();
        choose(tabs[(index + step + tabs.length) % tabs.length], true);
      }
    });
  });
  choose(tabs[location.hash === '#operations' ? 1 : 0], false);
}

/** Light or dark as the system has it, unless people choose. */
function wireTheme() {
  const select = byId('theme');
  const apply = () => {
    if (select.value === 'system') {
      document.documentElement.removeAttribute('data-theme');
    } else {
      document.documentElement.dataset.theme = select.value;
    }
    operations.show();
  };
  const kept = localStorage.getItem(THEME);
  select.value = ['system', 'light', 'dark'].includes(kept) ? kept : 'system';
  select.addEventListener('change', () => {
    localStorage.setItem(THEME, select.value);
    apply();
  });
  apply();
}

function wireExamples() {
  for (const example of document.querySelectorAll('[data-question]')) {
    example.addEventListener('click', () => {
      byId('question').value = example.dataset.question;
      byId('question').focus();
    });
  }
}

openSettings();
wireTheme();
wireTabs();
wireKey();
wireExamples();
listModels();
focusQuestion();
