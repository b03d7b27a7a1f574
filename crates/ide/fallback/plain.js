// The plain page: everything it needs is in this file, and it speaks to its own server only.

const words = {
  en: {
    run: 'Run', stop: 'Stop', token: 'Token, where one is needed', query: 'Query', variables: 'Variables (JSON)', result: 'Result',
    documentation: 'Documentation: search for a type or field', running: 'running…', events: 'events',
    badVariables: 'The variables are not JSON: ', noDocumentation: 'The server gives no documentation: ', other: '中文',
  },
  zh: {
    run: '运行', stop: '停止', token: '令牌（需要时填写）', query: '查询', variables: '变量（JSON）', result: '结果',
    documentation: '文档：搜索类型或字段', running: '正在运行…', events: '个事件',
    badVariables: '变量不是合法的 JSON：', noDocumentation: '服务器没有提供文档：', other: 'English',
  },
};
const byId = (id) => document.getElementById(id);
let language = navigator.language.startsWith('zh') ? 'zh' : 'en';
let running = null;

function speak() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll('[data-label]')) {
    element.textContent = words[language][element.dataset.label];
  }
  byId('language').textContent = words[language].other;
}

// The token is kept nowhere but in its field.
function headers(accept) {
  const token = byId('token').value.trim();
  return { 'content-type': 'application/json', accept, ...(token && { authorization: `Bearer ${token}` }) };
}

async function ask(query, variables, signal) {
  const accept = 'application/graphql-response+json, application/json';
  const body = JSON.stringify({ query, variables });
  const response = await fetch('/graphql', { method: 'POST', headers: headers(accept), body, signal });
  return response.json();
}

// Reads a subscription over server-sent events, in distinct-connections mode.
async function listen(query, variables, signal, show) {
  const body = JSON.stringify({ query, variables });
  const response = await fetch('/graphql', { method: 'POST', headers: headers('text/event-stream'), body, signal });
  if (!response.ok) return show(await response.json());
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const messages = (rest + value).replaceAll('\r\n', '\n').split('\n\n');
    rest = messages.pop();
    for (const message of messages) {
      const data = message.split('\n').filter((line) => line.startsWith('data:')).map((line) => line.slice(5)).join('\n');
      if (data.trim()) show(JSON.parse(data));
    }
  }
}

const isSubscription = (query) => /^\s*subscription\b/m.test(query.replace(/#.*$/gm, ''));

async function run() {
  running?.abort();
  const task = new AbortController();
  running = task;
  let variables;
  try {
    variables = JSON.parse(byId('variables').value.trim() || '{}');
  } catch (error) {
    byId('result').textContent = words[language].badVariables + error.message;
    return;
  }
  const query = byId('query').value;
  const started = performance.now();
  byId('status').textContent = words[language].running;
  byId('stop').hidden = false;
  try {
    if (isSubscription(query)) {
      await follow(query, variables, task.signal);
    } else {
      byId('result').textContent = JSON.stringify(await ask(query, variables, task.signal), null, 2);
      byId('status').textContent = `${Math.round(performance.now() - started)} ms`;
    }
  } catch (error) {
    if (error.name !== 'AbortError') byId('result').textContent = String(error);
  } finally {
    if (running === task) byId('stop').hidden = true;
  }
}

// Shows the newest events first and keeps the last hundred.
async function follow(query, variables, signal) {
  const shown = [];
  let count = 0;
  byId('result').textContent = '';
  await listen(query, variables, signal, (event) => {
    count += 1;
    shown.unshift(JSON.stringify(event, null, 2));
    shown.length = Math.min(shown.length, 100);
    byId('result').textContent = shown.join('\n\n');
    byId('status').textContent = `${count} ${words[language].events}`;
  });
}

const introspection = `query Documentation { __schema {
  queryType { name } mutationType { name } subscriptionType { name }
  types { name kind description
    fields { name description args { name description type { ...Kind } } type { ...Kind } }
    inputFields { name description type { ...Kind } } enumValues { name description } } } }
fragment Kind on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`;

function typeName(type) {
  if (type.kind === 'NON_NULL') return `${typeName(type.ofType)}!`;
  if (type.kind === 'LIST') return `[${typeName(type.ofType)}]`;
  return type.name;
}

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function describe(type) {
  const box = document.createElement('details');
  box.append(element('summary', type.name));
  if (type.description) box.append(element('p', type.description));
  const list = document.createElement('dl');
  for (const field of [...(type.fields ?? []), ...(type.inputFields ?? []), ...(type.enumValues ?? [])]) {
    const parameters = (field.args ?? []).map((each) => `${each.name}: ${typeName(each.type)}`).join(', ');
    const result = field.type ? `: ${typeName(field.type)}` : '';
    list.append(element('dt', `${field.name}${parameters ? `(${parameters})` : ''}${result}`));
    if (field.description) list.append(element('dd', field.description));
  }
  box.append(list);
  box.dataset.text = box.textContent.toLowerCase();
  return box;
}

async function documentation() {
  const place = byId('documentation');
  const answer = await ask(introspection, {});
  if (!answer.data) {
    place.textContent = words[language].noDocumentation + (answer.errors?.[0]?.message ?? '');
    return;
  }
  const { types, queryType, mutationType, subscriptionType } = answer.data.__schema;
  const roots = [queryType, mutationType, subscriptionType].filter(Boolean).map((type) => type.name);
  const rank = (type) => (roots.includes(type.name) ? roots.indexOf(type.name) : roots.length);
  const shown = types.filter((type) => !type.name.startsWith('__'));
  shown.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  place.replaceChildren(...shown.map(describe));
}

function showDocumentation() {
  documentation().catch((error) => { byId('documentation').textContent = String(error); });
}

byId('run').addEventListener('click', run);
byId('stop').addEventListener('click', () => running?.abort());
byId('language').addEventListener('click', () => {
  language = language === 'en' ? 'zh' : 'en';
  speak();
});
byId('token').addEventListener('change', showDocumentation);
byId('search').addEventListener('input', (event) => {
  const wanted = event.target.value.trim().toLowerCase();
  for (const box of byId('documentation').children) box.hidden = !box.dataset.text?.includes(wanted);
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run();
  }
});

byId('query').value = new URLSearchParams(location.search).get('query') ?? '{ __typename }';
speak();
showDocumentation();
