import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import { createClient } from 'graphql-ws';
import { createRoot } from 'react-dom/client';
import './ide.css';

// Monaco asks for a worker by the language of the text; everything else is the plain editor's.
globalThis.MonacoEnvironment = {
  getWorker: (_, label) => new Worker(WORKERS[label] ?? WORKERS.editor, { type: 'module' }),
};

const url = new URL('/graphql', location.href);
const socket = new URL(url);
socket.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';

// A token stands in the pane for headers. A WebSocket, which takes none from a browser, gets it in its first message.
const fetcher = (parameters, options) => {
  const headers = Object.entries(options?.headers ?? {});
  const authorization = headers.find(([name]) => name.toLowerCase() === 'authorization')?.[1];
  const connectionParams = authorization ? { Authorization: authorization } : {};
  const wsClient = createClient({ url: socket.href, lazy: true, connectionParams });
  return createGraphiQLFetcher({ url: url.href, wsClient })(parameters, options);
};

const welcome = `# Trunkline · GraphQL
#
# Ctrl+Enter runs, Ctrl+Space completes, F1 lists all
# Ctrl+Enter 运行，Ctrl+Space 补全，F1 列出全部命令
#
# Documentation: the book on the left
# 文档：左侧书本图标
#
# A plain page without this editor 简洁版页面:
# /ide/plain.html

{ __typename }
`;

createRoot(document.getElementById('ide')).render(<GraphiQL fetcher={fetcher} defaultQuery={welcome} />);
