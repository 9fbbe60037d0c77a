// The page at `/`. Whatever comes from the server is shown as text, never as markup.
'use strict';
(() => {
  const SHOWN_CHARS_MAX = 500000;
  const SHOWN_KEYS_MAX = 1000;
  const SHOWN_LINES_MAX = 20000;
  const byId = (id) => document.getElementById(id);
  const make = (tag, text, name) => {
    const element = document.createElement(tag);
    element.textContent = text;
    if (name) element.className = name;
    return element;
  };
  const show = (element, text) => {
    const cut = text.length > SHOWN_CHARS_MAX;
    element.textContent = cut ? text.slice(0, SHOWN_CHARS_MAX) + '\n… (cut)' : text;
  };
  const tell = (element, text, isBad) => {
    element.textContent = text;
    element.classList.toggle('bad', Boolean(isBad));
  };

  // Asks the API. Returns status, text, JSON where it is JSON, and milliseconds.
  const ask = async (path, options = {}) => {
    const headers = { ...options.headers };
    const token = byId('token').value.trim();
    if (token) headers.Authorization = 'Bearer ' + token;
    const began = performance.now();
    try {
      const response = await fetch(path, { ...options, headers, cache: 'no-store' });
      const text = await response.text();
      let json;
      try { json = JSON.parse(text); } catch { json = undefined; }
      return { status: response.status, ok: response.ok, text, json, ms: performance.now() - began };
    } catch (error) {
      const text = 'no answer: ' + error.message;
      return { status: 0, ok: false, text, ms: performance.now() - began };
    }
  };
  const summary = (answer) => {
    const took = answer.ms < 10 ? answer.ms.toFixed(1) : Math.round(answer.ms);
    if (answer.status === 0) return answer.text;
    const what = answer.ok ? '' : ': ' + ((answer.json && (answer.json.message || answer.json.error)) || 'refused');
    return answer.status + what + ' · ' + took + ' ms';
  };

  // Views.
  const loaders = {};
  const tabs = [...document.querySelectorAll('[role="tab"]')];
  const select = (tab) => {
    for (const other of tabs) {
      const is = other === tab;
      other.setAttribute('aria-selected', String(is));
      other.tabIndex = is ? 0 : -1;
      byId(other.getAttribute('aria-controls')).hidden = !is;
    }
    const load = loaders[tab.getAttribute('aria-controls')];
    if (load) load();
  };
  tabs.forEach((tab, at) => {
    tab.addEventListener('click', () => select(tab));
    tab.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs[(at + step + tabs.length) % tabs.length];
      next.focus();
      select(next);
    });
  });

  // Ask.
  const form = byId('ask-form');
  const kind = () => new FormData(form).get('kind');
  const arrange = () => {
    const isQuery = kind() === 'query';
    byId('query-field').hidden = !isQuery;
    for (const id of ['path-field', 'strict-field', 'provenance-field']) byId(id).hidden = isQuery;
  };
  const encoded = (path) => path.map((part) => '/' + encodeURIComponent(part)).join('');
  const slashed = (text) => {
    const parts = text.trim().replace(/^data[./]/, '');
    return parts.split(parts.includes('/') ? '/' : '.').filter((part) => part);
  };
  const problem = (one) => {
    const place = one.location || {};
    const file = place.file ? place.file + ':' : '';
    const where = place.row ? file + place.row + ':' + place.col + ': ' : '';
    return where + (one.code ? one.code + ': ' : '') + (one.message || '');
  };
  let asked = 0;
  const run = async () => {
    const mine = ++asked;
    const status = byId('ask-status');
    const text = byId('input').value.trim();
    byId('ask-problems').hidden = true;
    try {
      if (text) JSON.parse(text);
    } catch (error) {
      tell(status, 'The input is no JSON: ' + error.message, true);
      byId('input').focus();
      return;
    }
    // The text goes as it is: numbers keep every digit.
    const input = text ? '"input":' + text : '';
    const isQuery = kind() === 'query';
    const params = ['pretty'];
    if (byId('metrics').checked) params.push('metrics');
    if (!isQuery && byId('strict').checked) params.push('strict-builtin-errors');
    if (!isQuery && byId('provenance').checked) params.push('provenance');
    const path = isQuery ? '/v1/query' : '/v1/data' + encoded(slashed(byId('path').value));
    const query = isQuery ? '"query":' + JSON.stringify(byId('query').value) : '';
    const body = '{' + [query, input].filter((part) => part).join(',') + '}';
    tell(status, 'Asking…');
    const headers = { 'Content-Type': 'application/json' };
    const answer = await ask(path + '?' + params.join('&'), { method: 'POST', headers, body });
    if (mine !== asked) return;
    tell(status, summary(answer) + (answer.ok && !(answer.json && 'result' in answer.json) ? ' · undefined' : ''), !answer.ok);
    const errors = (answer.json && !answer.ok && answer.json.errors) || [];
    const list = byId('ask-problems');
    list.replaceChildren(...errors.slice(0, SHOWN_KEYS_MAX).map((one) => make('li', problem(one))));
    list.hidden = errors.length === 0;
    show(byId('ask-answer'), answer.text);
  };
  form.addEventListener('change', arrange);
  form.addEventListener('submit', (event) => { event.preventDefault(); run(); });
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); }
  });
  arrange();

  const choice = (text, act, isCurrent) => {
    const item = document.createElement('li');
    const button = make('button', text);
    button.type = 'button';
    if (isCurrent) button.setAttribute('aria-current', 'true');
    button.addEventListener('click', act);
    item.append(button);
    return item;
  };

  // Data.
  let place = [];
  const browse = async (path) => {
    place = path;
    const crumbs = [[], ...path.map((_, at) => path.slice(0, at + 1))];
    byId('crumbs').replaceChildren(...crumbs.map((to) =>
      choice(to.length ? to[to.length - 1] : 'data', () => browse(to))));
    const answer = await ask('/v1/data' + encoded(path) + '?pretty');
    if (path !== place) return;
    tell(byId('data-status'), summary(answer), !answer.ok);
    show(byId('data-answer'), answer.text);
    const result = answer.json && answer.json.result;
    const keys = result && typeof result === 'object' ? Object.keys(result) : [];
    const items = keys.slice(0, SHOWN_KEYS_MAX).map((key) => choice(key, () => browse([...path, key])));
    if (keys.length > SHOWN_KEYS_MAX) items.push(make('li', '… ' + (keys.length - SHOWN_KEYS_MAX) + ' more', 'note'));
    if (answer.ok && !items.length) items.push(make('li', 'nothing below', 'note'));
    byId('keys').replaceChildren(...items);
  };
  loaders.data = () => browse(place);

  // Policies.
  const policies = async (chosen) => {
    const answer = await ask('/v1/policies');
    tell(byId('policy-status'), summary(answer), !answer.ok);
    const all = (answer.json && answer.json.result) || [];
    all.sort((a, b) => (a.id < b.id ? -1 : 1));
    const one = all.find((policy) => policy.id === chosen) || all[0];
    const items = all.slice(0, SHOWN_KEYS_MAX).map((policy) =>
      choice(policy.id, () => policies(policy.id), policy === one));
    if (!items.length) items.push(make('li', answer.ok ? 'There are no policies.' : 'Not shown.', 'note'));
    byId('policy-list').replaceChildren(...items);
    const lines = one ? one.raw.split('\n').slice(0, SHOWN_LINES_MAX) : [];
    byId('policy-text').replaceChildren(...lines.map((line) => make('span', line)));
  };
  loaders.policies = () => policies();

  // State.
  loaders.state = async () => {
    const checks = [['alive', '/health'], ['bundles', '/health?bundles'], ['plugins', '/health?plugins']];
    const answers = await Promise.all(checks.map(([, path]) => ask(path)));
    byId('health').replaceChildren(...checks.map(([name], at) => {
      const item = make('li', name + ': ');
      const answer = answers[at];
      item.append(make('strong', answer.ok ? 'OK' : summary(answer), answer.ok ? 'good' : 'bad'));
      return item;
    }));
    for (const [id, path] of [['state-status', '/v1/status?pretty'], ['state-config', '/v1/config?pretty']]) {
      const answer = await ask(path);
      show(byId(id), answer.ok ? answer.text : summary(answer));
    }
  };
})();
